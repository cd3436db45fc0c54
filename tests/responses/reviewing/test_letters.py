"""A mail's words and parts: whatever program wrote it, nothing of it is lost before it is read."""

from email import message_from_bytes
from email.message import Message as Mail

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses.reviewing.inbound.charsets import as_text
from responses.reviewing.inbound.html_text import text_of_html
from responses.reviewing.inbound.letters import SHOWN_CHARS, letter_in
from responses.reviewing.inbound.parts import part_of
from tests.support.mails import CORPUS, HTML, PLAIN, Made, leaf, mail, several


def leaves_of(mail: Mail) -> int:
    """Counted apart from the code: what is neither a holder of parts nor within a message."""
    if mail.get_content_maintype() == "multipart" and isinstance(mail.get_payload(), list):
        return sum(leaves_of(part) for part in mail.get_payload())
    return 1


@pytest.mark.parametrize("made", CORPUS.values(), ids=CORPUS)
def test_every_leaf_of_a_mail_is_shown_or_listed(made: Made) -> None:
    letter = letter_in(made.raw)
    assert letter.words.strip() == made.words
    held = [part_of(made.raw, part.number) for part in letter.parts]
    assert len(held) == len(made.parts)
    for content, part in zip(made.parts, held, strict=True):
        assert part is not None
        assert content in part.content
        assert bool(content) == bool(part.content)
    shown = leaves_of(message_from_bytes(made.raw)) - len(letter.parts)
    assert shown >= 0
    assert shown > 0 or letter.parts


def test_the_corpus_has_mails_of_forty_kinds() -> None:
    assert len({made.raw for made in CORPUS.values()}) >= 40


def test_what_could_not_be_read_is_said() -> None:
    assert letter_in(mail(PLAIN, "naïve café – déjà vu ".encode() + b"\xff")).replaced == 1
    guessed = letter_in(mail(b"text/plain", "街灯を直してください".encode("shift_jis")))
    assert (guessed.words, guessed.guessed) == ("街灯を直してください", ("cp932",))
    assert letter_in(mail(PLAIN, b"All read.")).replaced == 0
    long = letter_in(mail(PLAIN, b"x" * (SHOWN_CHARS + 3)))
    assert (len(long.words), long.left_out) == (SHOWN_CHARS, 3)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\ufeff")))
def test_text_in_utf8_is_read_whatever_it_declares(text: str) -> None:
    for declared in ("", "utf-8", "us-ascii", "iso-8859-1", "x-unknown", "windows-1250"):
        assert as_text(text.encode(), declared).text == text or "\x1b" in text


@pytest.mark.parametrize(
    ("written", "name", "address"),
    [
        ("Ann Heron <ann@example.org>", "Ann Heron", "ann@example.org"),
        ("=?utf-8?Q?Heron=2C_=C3=81nn?= <ann@example.org>", "Heron, Ánn", "ann@example.org"),
        ('"=?utf-8?B?w4Fubg==?=" <ann@example.org>', "Ánn", "ann@example.org"),
        ("=?us-ascii?Q?=C3=81nn?= <ann@example.org>", "Ánn", "ann@example.org"),
        ("Ánn <ann@example.org>", "Ánn", "ann@example.org"),
        ("ann@example.org (Ann Heron)", "Ann Heron", "ann@example.org"),
        ("o'brien@example.org", "", "o'brien@example.org"),
        ("Ann", "Ann", ""),
        ("", "", ""),
    ],
)
def test_the_sender_is_read_however_it_is_written(written: str, name: str, address: str) -> None:
    letter = letter_in(b"From: " + written.encode() + b"\nSubject: x\n\nWords.")
    assert (letter.sender_name, letter.sender_email) == (name, address)


def test_names_of_files_are_read_however_they_are_written() -> None:
    ways = {
        b"attachment; filename*=utf-8''R%C3%A9ponse.docx": "Réponse.docx",
        b'attachment; filename="=?utf-8?Q?R=C3=A9ponse.docx?="': "Réponse.docx",
        'attachment; filename="Réponse.docx"'.encode(): "Réponse.docx",
        b'attachment; filename*0="Long "; filename*1="name.docx"': "Long name.docx",
        b'attachment; filename="../../etc/passwd"': ".._.._etc_passwd",
        b"attachment": "",
    }
    for written, name in ways.items():
        raw = several(b"mixed", leaf(b"application/x", b"x", b"Content-Disposition: " + written))
        assert [part.name for part in letter_in(raw).parts] == [name]


def test_lists_and_tables_of_an_html_mail_keep_their_lines() -> None:
    markup = (
        "<ol start=2><li>Lamps<li><p>Paths</p></ol><ul><li>Bins</ul><table><tr><td>Yes</td><td>No"
        "</td></tr><tr><td>1</td><td>2</td></tr></table><pre>a\n  b</pre>"
        '<img src="https://example.org/x.png" alt="Our banner"><input value="Typed">'
        '<span style="color:red;display:none">hidden</span><script>run()</script>'
    )
    assert text_of_html(markup).split("\n") == [
        "2. Lamps",
        "3. Paths",
        "",
        "• Bins",
        "Yes\tNo",
        "1\t2",
        "a",
        "  b",
        "Our bannerTyped",
    ]


def test_a_long_html_mail_is_read_in_a_time_that_grows_with_its_length() -> None:
    for tag in ("<li>x", "<td>x", "<span>x", "<p>x", "<blockquote>x", "<b><i>x"):
        assert text_of_html("<ol><table><tr>" + tag * 5000).count("x") == 5000


def test_an_html_way_with_more_words_is_shown_before_the_plain_one() -> None:
    more = b"<p>" + b"The canal is dark. " * 9 + b"</p>"
    raw = several(b"alternative", leaf(PLAIN, b"See the web."), leaf(HTML, more))
    assert letter_in(raw).words.startswith("The canal is dark.")
