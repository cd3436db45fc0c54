"""Lines that a mail program broke on purpose are joined, and those that people broke stay."""

import pytest

from responses.reviewing.inbound.flowed import unflowed


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("one \ntwo", "one two"),
        ("one\ntwo", "one\ntwo"),
        ("one \ntwo \nthree", "one two three"),
        ("one \n\ntwo", "one \ntwo"),
        ("", ""),
        ("one ", "one "),
        # A line that would begin with a space, ">" or "From" has one more space before it.
        (" >not quoted", ">not quoted"),
        (" From me", "From me"),
        ("  two spaces", " two spaces"),
    ],
)
def test_a_space_at_the_end_joins_the_next_line(sent: str, read: str) -> None:
    assert unflowed(sent, del_sp=False) == read


def test_the_space_between_goes_where_the_sender_added_it() -> None:
    assert unflowed("日本 \n語", del_sp=True) == "日本語"
    assert unflowed("日本 \n語", del_sp=False) == "日本 語"


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("> one \n> two", "> one two"),
        ("> one \n>> two", "> one \n>> two"),
        (">> one \n>> two\n> three", ">> one two\n> three"),
        ("> one \ntwo", "> one \ntwo"),
        (">no space \n>after", "> no space after"),
    ],
)
def test_only_lines_of_the_same_quotation_are_joined(sent: str, read: str) -> None:
    assert unflowed(sent, del_sp=False) == read


def test_a_signature_begins_a_line_of_its_own() -> None:
    assert unflowed("Regards \n-- \nRita", del_sp=False) == "Regards \n-- \nRita"
    assert unflowed("-- \nRita \nRespondent", del_sp=True) == "-- \nRita Respondent".replace(
        "Rita R", "RitaR"
    )


def test_every_word_survives() -> None:
    sent = "I write \nas a \nneighbour.\n\n> You asked \n> us.\n\nYours \n-- \nRita"
    for del_sp in (True, False):
        joined = unflowed(sent, del_sp=del_sp)
        assert "".join(joined.split()) == "".join(sent.replace("\n> us", "us").split())
