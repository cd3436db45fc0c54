"""A date and a number on their whole way: asked on a page and on paper, sent, typed in by staff,
counted and handed over.
"""

import csv
import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import frictionless
import openpyxl
import pyarrow.parquet
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.models import Consultation, User
from consult.plans.editions import current_edition, plan_of
from consult.plans.loading import load_plan
from responses.answers import read_answers
from responses.dashboard.tallies import counted_questions, distribution, tally
from responses.demo.filling import fill_responses
from responses.exporting.batches import folder_of, seal_batch
from responses.exporting.writing import write_batch
from responses.models import Draft, EqualityAnswers, Response
from responses.responding.submitting import Submission, submit_response
from tests.conftest import PARKS_PLAN
from tests.support.batches import name_in
from tests.support.forms import fields_to

ASKED = ("last-visit", "visits", "distance")
LAST = {"last-visit--day": "7", "last-visit--month": "3", "last-visit--year": "2026"}


@pytest.fixture
def parks(db: None) -> Consultation:
    """The second example plan, which has every kind of question, open now."""
    return load_plan(text=PARKS_PLAN.read_text(), actor=None).consultation


def at(name: str, *more: str) -> str:
    return reverse(name, args=["parks-at-night", *more])


def test_half_a_date_is_refused_where_it_lacks_and_stays_typed(parks: Consultation) -> None:
    rita = Client()
    half = LAST | {"last-visit--year": "", "visits": "201"}
    refused = rita.post(at("part", "general"), half).content.decode()
    assert '<a href="#id_last-visit--year">Date must include a year</a>' in refused
    assert '<a href="#id_visits">Your answer must be 200 visits or fewer</a>' in refused
    for name, value in half.items():
        (field,) = re.findall(rf'<input[^>]* name="{name}"[^>]*>', refused)
        assert f'value="{value}"' in field
    assert re.search(r'id="id_last-visit--year"[^>]* aria-invalid="true"', refused)
    # The link from the check page leads to the first box.
    assert refused.count('id="id_last-visit"') == 1
    back = rita.get(at("part", "general")).content.decode()
    assert re.search(r'name="last-visit--month"[^>]* value="3"', back)
    assert "7 / 3 / " in rita.get(at("check")).content.decode()


def test_a_date_and_a_number_are_sent_shown_and_changed(parks: Consultation) -> None:
    rita = Client()
    rita.post(at("part", "general"), LAST | {"visits": "12 visits"})
    check = rita.get(at("check"))
    assert "7 March 2026" in check.content.decode()
    receipt = rita.post(at("send"), fields_to(check, at("send")), follow=True)
    assert Response.objects.get().texts == {"visits": "12", "last-visit": "2026-03-07"}
    said = receipt.content.decode()
    assert "7 March 2026" in said
    assert "12 visits" in said
    token = receipt.request["PATH_INFO"].split("/")[2]
    rita.post(reverse("amend", args=[token]))
    form = rita.get(at("part", "general")).content.decode()
    boxes = dict(re.findall(r'name="last-visit--(\w+)"[^>]* value="([^"]*)"', form))
    assert boxes == {"day": "7", "month": "3", "year": "2026"}
    rita.post(reverse("equality", args=[token]), {"equality-born--day": "1"})
    assert not EqualityAnswers.objects.exists()
    born = {"day": "1", "month": "2", "year": "1990"}
    rita.post(
        reverse("equality", args=[token]),
        {f"equality-born--{box}": value for box, value in born.items()},
    )
    assert EqualityAnswers.objects.get().texts == {"equality-born": "1990-02-01"}


def test_a_draft_keeps_what_is_not_a_date_yet(parks: Consultation) -> None:
    rita = Client()
    rita.post(at("save", "general"), LAST | {"last-visit--day": "", "visits": "many"})
    assert Draft.objects.get().answers == {"last-visit": ["", "3", "2026"], "visits": "many"}
    rita.post(at("save", "general"), LAST)
    assert Draft.objects.get().answers == {"last-visit": "2026-03-07"}


def test_staff_enter_a_date_from_a_letter(
    parks: Consultation, reviewer: User, sign_in: Callable[[User], Client]
) -> None:
    rosa, address = sign_in(reviewer), reverse("enter", args=[parks.slug])
    typed = LAST | {
        "submission_key": str(uuid4()),
        "started_at": timezone.now().isoformat(),
        "channel": "post",
        "received_on": timezone.localdate().isoformat(),
    }
    refused = rosa.post(address, typed | {"last-visit--month": ""}).content.decode()
    assert 'href="#id_last-visit--month">Date must include a month' in refused
    rosa.post(address, typed)
    response = Response.objects.get()
    assert response.texts == {"last-visit": "2026-03-07"}
    page = rosa.get(reverse("review-one", args=[response.reference])).content.decode()
    assert "7 March 2026" in page
    listed = rosa.get(reverse("review-list"), {"word": "2026-03-07"}).content.decode()
    assert response.reference in listed


def test_the_paper_form_has_blanks_for_a_date_and_a_number(parks: Consultation) -> None:
    page = Client().get(at("paper-form")).content.decode()
    asked = page[page.index("How many times did you go") :]
    asked = asked[: asked.index("Which park is nearest")]
    helps = re.findall(r'<p class="paper-help">([^<]*)</p><div class="paper-line paper-line', asked)
    assert helps[:5] == ["visits", "miles", "Day", "Month", "Year"]
    assert "From 0 to 200." in asked
    assert "From 0 to 30. You can use 1 decimal place." in asked


@pytest.fixture
def handed_over(parks: Consultation, exports: Path) -> Path:
    """A batch of one answer to each kind, one that leaves all out, and made-up ones."""
    edition = current_edition(parks)
    plan = plan_of(edition)
    given = {"visits": "12", "last-visit": "2026-03-07", "distance": "1.5"}
    for raw in (given, {"uses": ["walk"]}):
        submission = Submission(
            edition=edition,
            submission_key=uuid4(),
            answers=read_answers(plan, raw),
            contact={"name": "", "email": "", "postcode_district": ""},
            started_at=timezone.now(),
        )
        submit_response(submission=submission)
    fill_responses(
        consultation=parks,
        count=30,
        seed=4,
        actor=None,
        beside_real_people=True,
        production=False,
    )
    batch = seal_batch(consultation=parks, actor=None)
    write_batch(batch=batch)
    return exports / folder_of(batch)


def stored() -> dict[str, tuple[str, ...]]:
    """The date and the two numbers of each response, from the database."""
    return {
        row.reference: tuple(row.texts.get(slug, "") for slug in ASKED)
        for row in Response.objects.all()
    }


def test_every_format_of_a_batch_has_dates_and_numbers_as_such(handed_over: Path) -> None:
    kept = stored()
    assert ("2026-03-07", "12", "1.5") in kept.values()
    assert ("", "", "") in kept.values()
    with (handed_over / "responses.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["reference"]: tuple(row[slug] for slug in ASKED) for row in rows} == kept
    table = pyarrow.parquet.read_table(handed_over / "responses.parquet")
    types = [str(table.schema.field(slug).type) for slug in ASKED]
    assert types == ["date32[day]", "int64", "double"]
    assert {
        row["reference"]: (
            row["last-visit"].isoformat() if row["last-visit"] else "",
            "" if row["visits"] is None else str(row["visits"]),
            "" if row["distance"] is None else f"{row['distance']:g}",
        )
        for row in table.to_pylist()
    } == kept
    for line in (handed_over / "responses.jsonl").read_text(encoding="utf-8").splitlines():
        read = json.loads(line)
        assert tuple(read["texts"].get(slug, "") for slug in ASKED) == kept[read["reference"]]
    report = frictionless.validate(str(handed_over / "datapackage.json"))
    assert [error.message for task in report.tasks for error in task.errors] == []


def test_a_workbook_can_reckon_with_dates_and_numbers(handed_over: Path) -> None:
    sheet = openpyxl.load_workbook(handed_over / "responses.xlsx")["Responses"]
    head, *rows = sheet.iter_rows(values_only=True)
    found = [dict(zip(map(name_in, head), row, strict=True)) for row in rows]
    (mine,) = [row for row in found if row["visits"] == 12 and row["last-visit"]]
    assert mine["last-visit"].date() == date(2026, 3, 7)
    assert mine["distance"] == 1.5


def test_the_data_package_and_the_codebook_say_what_an_answer_may_be(handed_over: Path) -> None:
    package = json.loads((handed_over / "datapackage.json").read_text())
    (responses,) = [one for one in package["resources"] if one["path"] == "responses.csv"]
    fields = {field["name"]: field for field in responses["schema"]["fields"]}
    assert fields["last-visit"]["type"] == "date"
    assert (fields["visits"]["type"], fields["visits"]["constraints"]) == (
        "integer",
        {"minimum": 0, "maximum": 200},
    )
    page = (handed_over / "codebook.html").read_text()
    assert fields["distance"]["type"] == "number"
    assert fields["since"]["constraints"] == {"minimum": "1930-01-01", "maximum": "2026-12-31"}
    assert "A number, from 0 to 200 visits, in whole numbers." in page
    assert "A number, from 0 to 30 miles, with up to 1 decimal place." in page
    assert "A date, in the years 1900 to 2100." in page
    assert "A date, in the years 1930 to 2026." in page


def test_dates_and_numbers_are_counted_in_bands(parks: Consultation, handed_over: Path) -> None:
    figures: dict[str, Any] = tally(consultation=parks).figures
    visits, last = (
        next(one for one in counted_questions(parks) if one.slug == slug)
        for slug in ("visits", "last-visit")
    )
    kept = stored().values()
    assert sum(count for _label, count in figures["bands"]["visits"]) == sum(
        1 for _date, visited, _miles in kept if visited
    )
    for label, count in figures["bands"]["last-visit"]:
        assert count == sum(
            date.fromisoformat(day).year == int(label) for day, *_numbers in kept if day
        )
    labels = [row.label for row in distribution(figures, visits)]
    assert labels[-1] == "Not answered, or not asked"
    assert "0 to 16" in labels
    # A year with one answer is not told.
    assert None in {row.count for row in distribution(figures, last)}


def test_editions_that_ask_for_other_numbers_share_one_true_column(
    parks: Consultation, exports: Path
) -> None:
    """Someone answered 1.5 miles before the plan asked for whole ones, and fewer of them."""
    first = current_edition(parks)
    asked = {"edition": first, "answers": read_answers(plan_of(first), {"distance": "1.5"})}
    contact = {"name": "", "email": "", "postcode_district": ""}
    about = {"submission_key": uuid4(), "contact": contact, "started_at": timezone.now()}
    submit_response(submission=Submission(**asked, **about))
    text = PARKS_PLAN.read_text()
    assert "      most: 30\n      decimals: 1\n" in text
    second = load_plan(
        text=text.replace("      most: 30\n      decimals: 1\n", "      most: 1\n"), actor=None
    ).consultation
    newer = current_edition(second)
    assert newer != first
    asked = {"edition": newer, "answers": read_answers(plan_of(newer), {"distance": "1"})}
    submit_response(submission=Submission(**asked, **about | {"submission_key": uuid4()}))
    batch = seal_batch(consultation=parks, actor=None)
    write_batch(batch=batch)
    folder = exports / folder_of(batch)
    table = pyarrow.parquet.read_table(folder / "responses.parquet")
    assert table.column("distance").to_pylist() == [1.5, 1.0]
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert [error.message for task in report.tasks for error in task.errors] == []
