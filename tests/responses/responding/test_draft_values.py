"""What a draft keeps of a field: everything typed within reason, and when it has changed."""

from typing import Any

import pytest

from consult.plans.document import Plan
from consult.plans.editions import plan_of
from consult.plans.kinds.choosing import WRITE_IN_MAX_CHARS
from consult.plans.kinds.writing import SHORT_TEXT_MAX_CHARS, TEXT_MAX_CHARS
from consult.plans.loading import load_plan
from responses.contacts import LENGTHS
from responses.responding.draft_values import (
    FINGERPRINT_DIGITS,
    TIMES_THE_LIMIT,
    as_kept,
    fingerprint,
    mark_of_typed,
    most_kept,
    size_of,
)
from tests.conftest import PARKS_PLAN


def test_the_mark_of_what_was_typed_is_the_one_that_browsers_make() -> None:
    # The check value of CRC-32.
    assert mark_of_typed("123456789") == "cbf43926"
    assert mark_of_typed("a\r\nb") == mark_of_typed("a\nb") == mark_of_typed(["a", "b"])
    assert mark_of_typed("\ud800")
    assert mark_of_typed("a") != mark_of_typed("b")


@pytest.mark.parametrize("nothing", ["", None, [], (), 0])
def test_nothing_in_any_form_is_an_empty_text(nothing: Any) -> None:
    assert as_kept(nothing) == ""
    assert fingerprint(nothing) == fingerprint("")


def test_what_no_database_can_hold_goes_and_the_rest_stays() -> None:
    assert as_kept("a\x00b\ud800c") == "abc"
    assert as_kept(["a\x00", "b"]) == ["a", "b"]


def test_spaces_and_line_breaks_stay_in_a_draft() -> None:
    assert as_kept("  two\n lines ") == "  two\n lines "


@pytest.mark.parametrize(
    ("value", "size"), [("", 0), ("abc", 3), (["ab", "c", ""], 6), ("né🙂", 3), ([], 0)]
)
def test_the_size_is_of_all_choices_together(value: Any, size: int) -> None:
    assert size_of(value) == size


def test_a_fingerprint_changes_with_the_value_alone() -> None:
    assert fingerprint("Clubs.") == fingerprint("Clubs.") != fingerprint("Clubs")
    assert len(fingerprint("Clubs.")) == FINGERPRINT_DIGITS
    assert set(fingerprint("Clubs.")) <= set("0123456789abcdef")


def test_a_text_and_a_list_of_it_differ() -> None:
    assert fingerprint("a") != fingerprint(["a"])
    assert fingerprint(["a", "b"]) != fingerprint(["b", "a"])
    assert fingerprint(["ab"]) != fingerprint(["a", "b"])


def test_half_a_character_has_a_fingerprint() -> None:
    assert fingerprint("\ud800") == fingerprint("")


@pytest.fixture
def parks(db: None) -> Plan:
    loaded = load_plan(text=PARKS_PLAN.read_text(), actor=None).consultation
    return plan_of(loaded.editions.get())


def test_a_draft_keeps_several_times_what_a_response_may_hold(parks: Plan) -> None:
    assert most_kept(parks, "hours-comment") == TIMES_THE_LIMIT * TEXT_MAX_CHARS
    assert most_kept(parks, "email") == TIMES_THE_LIMIT * LENGTHS["email"]
    assert most_kept(parks, "uses--other") == TIMES_THE_LIMIT * WRITE_IN_MAX_CHARS
    assert most_kept(parks, "visits") == TIMES_THE_LIMIT * SHORT_TEXT_MAX_CHARS


def test_of_a_closed_question_all_options_fit(parks: Plan) -> None:
    options = parks.by_slug["uses"].options
    assert most_kept(parks, "uses") == TIMES_THE_LIMIT * sum(len(one.slug) for one in options)
    assert size_of([option.slug for option in options]) <= most_kept(parks, "uses")


def test_a_field_that_nobody_asked_for_is_kept_no_longer_than_a_line(parks: Plan) -> None:
    assert most_kept(parks, "nonsense") == TIMES_THE_LIMIT * WRITE_IN_MAX_CHARS
