"""Kinds of question that need more than a choice or a text: what is taken, and what is refused."""

from dataclasses import replace

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
    [("12", "12"), (" 1,200 visits ", "1200"), ("007", "7"), ("−5", "-5"), ("0", "0")],
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
        ("a few", "Your answer must be a whole number of visits, like 597"),
        ("٣", "Your answer must be a whole number of visits, like 597"),
    ],
)
def test_a_number_outside_its_bounds_is_refused_in_words(typed: str, problem: str) -> None:
    assert VISITS.entry.read(VISITS, {"visits": typed}).problems == {"visits": problem}


def test_the_second_example_plan_has_every_kind() -> None:
    asked = check_plan(PARKS_PLAN.read_text()).questions
    assert {question["kind"] for question in asked} == set(KINDS)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("      unit: visits\n", "", "needs unit, because its kind is number"),
        ("most: 200", "most: 0", "is not above least"),
        ("kind: date\n", "kind: date\n      unit: days\n", "is only for kind number"),
        ("kind: date\n", "kind: date\n      scale: agreement\n", "answered by choosing"),
        ("kind: number\n", "kind: number\n      max_chars: 9\n", "is only for kind text or"),
    ],
)
def test_keys_that_do_not_fit_a_kind_are_refused(old: str, new: str, problem: str) -> None:
    text = PARKS_PLAN.read_text()
    assert old in text
    with pytest.raises(PlanProblems, match=problem):
        check_plan(text.replace(old, new, 1))
