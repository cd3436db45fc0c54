"""Contact details: what is taken, what is asked again, and how little of a postcode is kept."""

import pytest

from responses.answers import AnswersRefused
from responses.contacts import (
    LENGTHS,
    as_delivered,
    district_of,
    inbox_of,
    likely_meant,
    read_contact,
)


def problems(**raw: object) -> dict[str, str]:
    with pytest.raises(AnswersRefused) as refused:
        read_contact(raw)
    return dict(refused.value.problems)


def test_nothing_given_is_nothing_kept() -> None:
    assert read_contact({}) == {"name": "", "email": "", "postcode_district": ""}


def test_spaces_within_and_around_are_put_right() -> None:
    assert read_contact(
        {"name": "  Rita\t\n Respondent \u200b", "email": " rita@example.org\xa0"}
    ) == {
        "name": "Rita Respondent",
        "email": "rita@example.org",
        "postcode_district": "",
    }


@pytest.mark.parametrize("value", [["a", "b"], None, 7, {"x": "y"}])
def test_what_is_no_text_is_nothing(value: object) -> None:
    assert read_contact({"name": value, "email": value, "postcode": value})["name"] == ""


@pytest.mark.parametrize("name", LENGTHS)
def test_each_field_has_its_limit_and_says_by_how_much_it_is_over(name: str) -> None:
    most = LENGTHS[name]
    assert problems(**{name: "x" * (most + 3)})[name] == (
        f"This must be {most} characters or fewer. It is 3 over."
    )


def test_a_name_may_be_as_long_as_its_limit() -> None:
    assert read_contact({"name": "x" * LENGTHS["name"]})["name"] == "x" * LENGTHS["name"]


def test_a_character_that_cannot_be_kept_is_asked_again() -> None:
    assert problems(name="Ri\x00ta")["name"] == (
        "This has a character in it that cannot be stored. Type it again."
    )


def test_every_problem_is_said_at_once() -> None:
    assert set(problems(name="x\x00", email="nonsense", postcode="nowhere at all")) == {
        "name",
        "email",
        "postcode",
    }


@pytest.mark.parametrize(
    "email",
    ["rita@example.org", "r.i+ta@mail.example.co.uk", "rita@bücher.example", "RITA@EXAMPLE.ORG"],
)
def test_addresses_that_mail_can_be_sent_to(email: str) -> None:
    assert read_contact({"email": email})["email"] == email


@pytest.mark.parametrize(
    "email",
    [
        "rita",
        "rita@",
        "@example.org",
        "rita@localhost",
        "rita@[127.0.0.1]",
        "ríta@example.org",
        "rita example@example.org",
        "a" * 65 + "@example.org",
        "rita@" + "bücher." * 20 + "example",
        "rita@example.org, sam@example.org",
        "rita@-example.org",
    ],
)
def test_addresses_that_no_mail_would_reach(email: str) -> None:
    assert problems(email=email)["email"].startswith("Enter an email address like")


@pytest.mark.parametrize(
    ("typed", "district"),
    [
        ("SE1", "SE1"),
        ("se1", "SE1"),
        ("SE1 7PB", "SE1"),
        ("se17pb", "SE1"),
        ("EC1A 1BB", "EC1A"),
        ("W1A", "W1A"),
        ("I live in N16 8DS, London", "N16"),
        ("M1 1AE", "M1"),
        ("ＳＥ１", "SE1"),
        ("SE1\u200b 7PB", "SE1"),
        ("SEI 7PB", "SE1"),
        ("SWLA 1AA", "SW1A"),
        ("", ""),
        ("London", ""),
        ("12345", ""),
    ],
)
def test_only_the_first_half_of_a_postcode_is_kept(typed: str, district: str) -> None:
    assert district_of(typed) == district


def test_a_postcode_that_is_none_is_asked_again_and_an_empty_one_is_fine() -> None:
    assert "like SE1" in problems(postcode="London")["postcode"]
    assert read_contact({"postcode": "   "})["postcode_district"] == ""


@pytest.mark.parametrize(
    ("email", "meant"),
    [
        ("rita@gmial.com", "rita@gmail.com"),
        ("rita@hotmial.com", "rita@hotmail.com"),
        ("RITA@GMIAL.COM", "RITA@gmail.com"),
        ("rita@gmail.com", ""),
        ("rita@GMAIL.com", ""),
        ("rita@example.org", ""),
        ("gmial.com", ""),
        ("", ""),
    ],
)
def test_one_slip_from_a_common_provider_is_asked_about(email: str, meant: str) -> None:
    assert likely_meant(email) == meant


def test_another_provider_that_looks_similar_is_not_questioned() -> None:
    assert likely_meant("rita@yahoo.ca") == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Rita@Example.org", "rita@example.ORG"),
        ("rita@bücher.example", "rita@xn--bcher-kva.example"),
        (" rita@example.org ", "rita@example.org"),
    ],
)
def test_an_address_is_one_however_it_is_written(one: str, other: str) -> None:
    assert as_delivered(one) == as_delivered(other)


def test_two_addresses_stay_two() -> None:
    assert as_delivered("rita@example.org") != as_delivered("ritta@example.org")
    assert as_delivered("r.ita@example.org") != as_delivered("rita@example.org")


@pytest.mark.parametrize(
    "written",
    [
        "rita@example.org",
        "RITA@Example.ORG",
        " rita@example.org ",
        "rita+trams@example.org",
        "rita+@example.org",
        '"rita"@example.org',
        '"Rita+more"@example.org',
        "rita@example.org.",
    ],
)
def test_however_an_address_is_written_it_leads_to_one_inbox(written: str) -> None:
    assert inbox_of(written) == "rita@example.org"


@pytest.mark.parametrize(
    "written", ["ritalee@gmail.com", "Rita.Lee@googlemail.com", "r.i.t.a.lee+x@gmail.com"]
)
def test_gmail_reads_no_dots(written: str) -> None:
    assert inbox_of(written) == "ritalee@gmail.com"


@pytest.mark.parametrize(
    "other",
    ["r.ita@example.org", "rita@example.com", "rita-trams@example.org", "+rita@example.org"],
)
def test_two_inboxes_stay_two(other: str) -> None:
    assert inbox_of(other) != "rita@example.org"
