"""Kinds of question that need more than a choice or a text: what is taken, and what is refused."""

from dataclasses import replace
from random import Random

import pytest
from django.http import QueryDict

from consult.plans.checking import check_plan
from consult.plans.document import Question
from consult.plans.kinds import KINDS
from consult.plans.reading import PlanProblems
from tests.conftest import PARKS_PLAN

BORN = Question(
    slug="born",
    part="general",
    kind="date",
    text="When were you born?",
    help="",
    scale="",
    max_choices=None,
    max_chars=None,
    show_if={},
    options=(),
)
VISITS = replace(
    BORN, slug="visits", kind="number", details={"unit": "visits", "least": -5, "most": 1200}
)


@pytest.mark.parametrize(
    ("day", "month", "year", "box", "problem"),
    [
        ("27", "3", "", "year", "Date must include a year"),
        ("", "3", "2026", "day", "Date must include a day"),
        ("", "\u200b ", "2026", "day", "Date must include a day and a month"),
        ("27", "", "", "month", "Date must include a month and a year"),
        ("27", "March", "2026", "month", "The month must be a number, like 3"),
        ("٢٧", "3", "2026", "day", "The day must be a number, like 27"),
        ("32", "3", "2026", "day", "The day must be between 1 and 31"),
        ("1", "13", "2026", "month", "The month must be between 1 and 12"),
        ("1", "1", "26", "year", "Year must include 4 numbers"),
        ("1", "1", "1899", "year", "The year must be between 1900 and 2100"),
        ("1", "1", "2101", "year", "The year must be between 1900 and 2100"),
        ("29", "2", "2026", "day", "Date must be a real date"),
    ],
)
def test_a_date_that_is_none_is_refused_at_the_box_that_is_wrong(
    day: str, month: str, year: str, box: str, problem: str
) -> None:
    kept = BORN.entry.read(BORN, {"born": [day, month, year]})
    assert (kept.problems, kept.texts) == ({f"born--{box}": problem}, {})


def test_a_date_is_kept_as_iso_however_it_came() -> None:
    page = QueryDict("born--day=+7+&born--month=03&born--year=2026")
    for typed in (
        BORN.entry.typed("born", page),
        BORN.entry.typed("born", {"born": "2026-03-07"}),
        BORN.entry.typed("born", QueryDict("born=7&born=3&born=2026")),
    ):
        assert BORN.entry.read(BORN, {"born": typed}).texts == {"born": "2026-03-07"}
        assert BORN.entry.lines(BORN, {"born": typed}) == ("7 March 2026",)


@pytest.mark.parametrize("query", ["born--day=7&born--month=&born--year=x", "born=7&born=&born=x"])
def test_half_a_date_stays_in_its_boxes(query: str) -> None:
    typed = BORN.entry.typed("born", QueryDict(query))
    again = BORN.entry.typed("born", {"born": typed})
    assert [box.value for box in BORN.entry.boxes(BORN, again)] == ["7", "", "x"]
    assert BORN.entry.lines(BORN, {"born": again}) == ("7 /  / x",)


def test_no_date_and_no_number_are_no_answer() -> None:
    blank = QueryDict("born--day=&born--month=+&born--year=")
    assert BORN.entry.typed("born", blank) == ""
    assert BORN.entry.read(BORN, {"born": ["", " ", "\u200b"]}).problems == {}
    assert VISITS.entry.read(VISITS, {"visits": " \u200b"}).problems == {}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("12", "12"),
        (" 1,200 visits ", "1200"),
        ("007", "7"),
        ("−5", "-5"),
        ("0", "0"),
        ("12.0", "12"),
    ],
)
def test_a_number_is_kept_in_digits(typed: str, kept: str) -> None:
    assert VISITS.entry.read(VISITS, {"visits": typed}).texts == {"visits": kept}


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("-6", "Your answer must be -5 visits or more"),
        ("1201", "Your answer must be 1,200 visits or fewer"),
        ("9" * 13, "Your answer must be a whole number of visits, like 597"),
        ("1.5", "Your answer must be a whole number of visits, like 597"),
        ("1,5", "Your answer must be a whole number of visits, like 597"),
        ("12,00", "Your answer must be a whole number of visits, like 597"),
        (".", "Your answer must be a whole number of visits, like 597"),
        ("-", "Your answer must be a whole number of visits, like 597"),
        ("a few", "Your answer must be a whole number of visits, like 597"),
        ("٣", "Your answer must be a whole number of visits, like 597"),
    ],
)
def test_a_number_outside_its_bounds_is_refused_in_words(typed: str, problem: str) -> None:
    assert VISITS.entry.read(VISITS, {"visits": typed}).problems == {"visits": problem}


HOURS = replace(
    VISITS, slug="hours", details={"unit": "hours", "least": -5, "most": 1200, "decimals": 2}
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("1.5", "1.5"),
        ("1.50 hours", "1.5"),
        ("1,200.00", "1200"),
        (".25", "0.25"),
        ("-0.00", "0"),
        ("−4.99", "-4.99"),
        ("0.01", "0.01"),
        ("1200", "1200"),
    ],
)
def test_a_number_with_decimal_places_is_kept_in_one_way(typed: str, kept: str) -> None:
    assert HOURS.entry.read(HOURS, {"hours": typed}).texts == {"hours": kept}
    # What is stored reads as itself again, as when a response is changed.
    assert HOURS.entry.read(HOURS, {"hours": kept}).texts == {"hours": kept}


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("1.255", "Your answer must have no more than 2 decimal places"),
        ("-5.01", "Your answer must be -5 hours or more"),
        ("1200.01", "Your answer must be 1,200 hours or fewer"),
        ("1.2.3", "Your answer must be a number of hours, like 597.5"),
        ("1,5", "Your answer must be a number of hours, like 597.5"),
        ("5.", "Your answer must be a number of hours, like 597.5"),
        ("1e3", "Your answer must be a number of hours, like 597.5"),
        ("NaN", "Your answer must be a number of hours, like 597.5"),
    ],
)
def test_decimal_places_that_were_not_asked_for_are_refused(typed: str, problem: str) -> None:
    assert HOURS.entry.read(HOURS, {"hours": typed}).problems == {"hours": problem}


def test_a_number_with_decimal_places_is_read_as_people_say_it() -> None:
    assert HOURS.entry.lines(HOURS, {"hours": "1200.5"}) == ("1,200.5 hours",)
    assert HOURS.entry.limits(HOURS) == "from -5 to 1,200 hours, with up to 2 decimal places"
    assert "You can use up to 2 decimal places." in HOURS.entry.on_paper(HOURS).instruction
    # A hundred and one hours to a bar: 95.99 is still in the first, 96 in the next.
    assert HOURS.entry.band(HOURS, "95.99") == (-5, "-5 to under 96")
    assert HOURS.entry.band(HOURS, "96") == (96, "96 to under 197")
    assert HOURS.entry.band(HOURS, "1200") == (1106, "1,106 to 1,200")


def test_an_answer_to_an_edition_with_wider_bounds_is_still_counted() -> None:
    assert VISITS.entry.band(VISITS, "1.5") == VISITS.entry.band(VISITS, "1")
    assert VISITS.entry.band(VISITS, "2000") == (1914, "1,914 to 2,014")
    assert VISITS.entry.band(VISITS, "-20") == (-106, "-106 to -6")


def test_a_date_outside_the_years_of_the_plan_is_refused() -> None:
    moved = replace(BORN, slug="moved", details={"from": 1950, "to": 2026})
    for year in ("1949", "2027"):
        problems = moved.entry.read(moved, {"moved": ["1", "1", year]}).problems
        assert problems == {"moved--year": "The year must be between 1950 and 2026"}
    for day in (["1", "1", "1950"], ["31", "12", "2026"]):
        assert moved.entry.read(moved, {"moved": day}).problems == {}
    assert moved.entry.limits(moved) == "in the years 1950 to 2026"
    later, dice = replace(BORN, details={"from": 2030, "to": 2031}), Random(1)  # noqa: S311
    assert later.entry.sample(later, dice)[:4] in {"2030", "2031"}


def test_the_second_example_plan_has_every_kind() -> None:
    asked = check_plan(PARKS_PLAN.read_text()).questions
    assert {question["kind"] for question in asked} == set(KINDS)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("      unit: visits\n", "", "needs unit, because its kind is number"),
        ("most: 200", "most: 0", "is not above least"),
        ("kind: date\n", "kind: date\n      unit: days\n", "is only for kind number"),
        ("from: 1930, to: 2026", "from: 2027, to: 2026", "leaves no year"),
        ("from: 1930, to: 2026", "from: 2101", "leaves no year"),
        ("from: 1930, to: 2026", "from: 30", "whole number from 1000 to 9,999"),
        ("decimals: 1", "decimals: 5", "whole number from 0 to 4"),
        ("kind: date\n", "kind: date\n      decimals: 1\n", "is only for kind number"),
        ("kind: date\n", "kind: date\n      scale: agreement\n", "answered by choosing"),
        ("kind: number\n", "kind: number\n      max_chars: 9\n", "is only for kind text or"),
    ],
)
def test_keys_that_do_not_fit_a_kind_are_refused(old: str, new: str, problem: str) -> None:
    text = PARKS_PLAN.read_text()
    assert old in text
    with pytest.raises(PlanProblems, match=problem):
        check_plan(text.replace(old, new, 1))
