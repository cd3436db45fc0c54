"""What someone typed comes back in words if it could not be taken, without a database."""

from collections.abc import Iterator

import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from consult.views import typed
from consult.views.typed import (
    fields_to_send_again,
    plan_shown,
    remember_plan,
    slug_of,
    typed_in_words,
)
from tests.support.plans import plan_of_questions, question

PLAN = plan_of_questions(question("parks", "one", "Agree", "Other…"), question("why"))
PAGE = "/parks/respond/part/general/"


@pytest.fixture(autouse=True)
def nothing_shown_yet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(typed, "_shown_plans", {})
    return


def posted(data: dict[str, object], path: str = PAGE) -> HttpRequest:
    return RequestFactory().post(path, data)


def test_answers_come_back_under_their_questions_in_words() -> None:
    remember_plan("parks", PLAN)
    request = posted({"parks": "agree", "why": "More clubs."})
    assert typed_in_words(request) == [("Parks?", "Agree"), ("Why?", "More clubs.")]


def test_what_was_written_beside_an_option_comes_back_under_the_question() -> None:
    remember_plan("parks", PLAN)
    assert typed_in_words(posted({"parks--other": "Some"})) == [("Parks?", "Some")]


def test_contact_details_come_back_by_their_labels() -> None:
    request = posted({"name": "Rita", "email": "rita@example.org", "postcode": "SE1"})
    assert typed_in_words(request) == [
        ("Name", "Rita"),
        ("Email", "rita@example.org"),
        ("Postcode", "SE1"),
    ]


def test_a_password_is_neither_shown_nor_sent_again() -> None:
    secrets = {"password": "hunter2", "new_password": "a", "new_password_again": "b"}
    request = posted({**secrets, "csrfmiddlewaretoken": "t", "why": "Clubs."}, "/staff/sign-in/")
    assert typed_in_words(request) == [("", "Clubs.")]
    assert fields_to_send_again(request) == [("why", "Clubs.")]


def test_what_our_page_put_in_is_sent_again_and_not_shown() -> None:
    request = posted({"submission_key": "k", "seen": "s", "revision": "3", "why": "Clubs."})
    assert [label for label, _value in typed_in_words(request)] == [""]
    assert dict(fields_to_send_again(request))["submission_key"] == "k"


def test_several_choices_each_come_back_and_are_sent_again() -> None:
    request = posted({"uses": ["walk", "sport"]})
    assert fields_to_send_again(request) == [("uses", "walk"), ("uses", "sport")]
    assert [value for _label, value in typed_in_words(request)] == ["walk", "sport"]


def test_an_empty_field_is_not_shown() -> None:
    assert typed_in_words(posted({"why": "", "name": ""})) == []


def test_where_the_questions_are_known_nothing_unknown_is_shown() -> None:
    remember_plan("parks", PLAN)
    assert typed_in_words(posted({"continue": "1", "why": "Clubs."})) == [("Why?", "Clubs.")]


def test_where_they_are_not_known_everything_is_shown_rather_than_lost() -> None:
    assert typed_in_words(posted({"trust-agree": "agree"})) == [("", "agree")]


def test_control_characters_are_shown_as_symbols() -> None:
    assert typed_in_words(posted({"why": "a\x1bb"})) == [("", "a␛b")]


def test_another_consultations_plan_is_not_taken_for_this_one() -> None:
    remember_plan("parks", PLAN)
    request = posted({"why": "Clubs."}, "/other/respond/part/general/")
    assert plan_shown(request) is None
    assert typed_in_words(request) == [("", "Clubs.")]


def test_the_newest_plan_shown_is_the_one_that_counts() -> None:
    remember_plan("parks", PLAN)
    newer = plan_of_questions(question("why", text="Why do you think so?"))
    remember_plan("parks", newer)
    assert typed_in_words(posted({"why": "Clubs."})) == [("Why do you think so?", "Clubs.")]


@pytest.mark.parametrize(
    ("path", "slug"), [("/parks/", "parks"), (PAGE, "parks"), ("/", ""), ("/staff/x/", "staff")]
)
def test_an_address_begins_with_its_consultation(path: str, slug: str) -> None:
    assert slug_of(RequestFactory().get(path)) == slug
