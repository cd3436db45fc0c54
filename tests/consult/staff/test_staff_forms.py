"""What staff type: how each box is refused in words, and what the trail's filters make of dates."""

from datetime import date

import pytest
from django.http import QueryDict

from consult.models import Action
from consult.staff.forms.sign_in import CodeForm, MoveForm, NewPasswordForm, PhoneForm, SignInForm
from consult.staff.forms.trail import TrailForm
from consult.staff.sessions import browser_in_words


def problems(form: object) -> dict[str, list[str]]:
    return {name: [str(one) for one in found] for name, found in form.errors.items()}  # type: ignore[attr-defined]


def test_each_empty_box_says_what_to_enter() -> None:
    assert problems(SignInForm({})) == {
        "username": ["Enter your user name."],
        "password": ["Enter your password."],
    }
    assert problems(NewPasswordForm({})) == {
        "password": ["Enter your current password."],
        "new_password": ["Enter a new password."],
        "new_password_again": ["Enter the new password again."],
    }


def test_a_code_that_no_code_can_be_is_refused_in_words() -> None:
    assert problems(CodeForm({"code": ""})) == {"code": ["Enter the code."]}
    assert problems(CodeForm({"code": "1" * 41})) == {"code": ["A code has at most 40 characters."]}
    assert problems(PhoneForm({"code": "1" * 41})) == {"code": ["A code has six digits."]}
    assert CodeForm({"code": "1" * 40}).is_valid()


def test_two_new_passwords_have_to_be_the_same() -> None:
    typed = {"password": "old", "new_password": "one thing", "new_password_again": "one  thing"}
    assert problems(NewPasswordForm(typed)) == {
        "new_password_again": ["The two passwords are not the same."]
    }
    assert NewPasswordForm(typed | {"new_password_again": "one thing"}).is_valid()


def test_a_missing_password_is_not_also_called_different() -> None:
    typed = {"password": "old", "new_password": "one thing", "new_password_again": ""}
    assert problems(NewPasswordForm(typed)) == {
        "new_password_again": ["Enter the new password again."]
    }


def test_spaces_around_a_password_are_part_of_it() -> None:
    form = SignInForm({"username": " rosa ", "password": "  two spaces  "})
    assert form.is_valid()
    assert (form.cleaned_data["username"], form.cleaned_data["password"]) == (
        "rosa",
        "  two spaces  ",
    )


def test_a_note_may_be_long_and_keeps_its_line_breaks() -> None:
    form = MoveForm({"note": " a\nb ", "version": "3"})
    assert form.is_valid()
    assert (form.cleaned_data["note"], form.cleaned_data["version"]) == (" a\nb ", 3)
    assert "note" in problems(MoveForm({"note": "x" * 5001, "version": "3"}))
    assert "version" in problems(MoveForm({"note": "", "version": "-1"}))


def trail(query: str) -> TrailForm:
    return TrailForm(QueryDict(query))


def test_an_empty_filter_of_the_trail_wants_everything() -> None:
    assert trail("").wanted == {}
    assert trail("who=&action=&since=").wanted == {}


def test_each_field_of_the_trails_filter_is_read() -> None:
    query = f"who=rosa&action={Action.RESPONSE_READ}&subject=x&since=2026-06-01&until=2026-06-30"
    assert trail(query).wanted == {
        "who": "rosa",
        "action": Action.RESPONSE_READ,
        "subject": "x",
        "since": date(2026, 6, 1),
        "until": date(2026, 6, 30),
    }


@pytest.mark.parametrize("bad", ["action=nonsense", "since=yesterday", "until=0226-01-01"])
def test_a_field_that_makes_no_sense_is_named_and_the_others_count(bad: str) -> None:
    form = trail(f"who=rosa&{bad}")
    assert form.wanted == {"who": "rosa"}
    assert set(form.errors) == {bad.partition("=")[0]}


def test_a_year_with_too_few_digits_is_refused_in_words() -> None:
    assert problems(trail("since=0226-01-01")) == {"since": ["Enter the year with four digits."]}


FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/129.0 Safari/537.36"


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        (CHROME, "Chrome on Linux"),
        (f"{CHROME} Edg/129.0", "Edge on Linux"),
        (f"{CHROME} OPR/114.0", "Opera on Linux"),
        ("Mozilla/5.0 (Macintosh; Mac OS X 14_6) Version/17.6 Safari/605.1", "Safari on a Mac"),
        (
            "Mozilla/5.0 (iPhone; CPU OS 17_6 like Mac OS X) Safari/604.1",
            "Safari on an iPhone",
        ),
        ("Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) Safari/604.1", "Safari on an iPad"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/129.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.9.1", "A browser"),
        ("Firefox/130.0", "Firefox"),
        ("Something on Windows", "Windows"),
        ("", "A browser"),
    ],
)
def test_a_browser_is_named_so_that_people_recognise_it(sent: str, words: str) -> None:
    assert browser_in_words(sent) == words
