"""What PostgreSQL writes by COPY is, cell for cell, what the rules in Python say."""

import csv
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from consult.cells import safe_cell, typed_cell
from consult.models import Consultation, Edition, User
from consult.plans.editions import plan_of
from consult.plans.kinds.choosing import write_in_name
from consult.plans.publishing import publish_edition
from consult.text import with_symbols
from responses.demo.filling import fill_responses
from responses.demo.words import AWKWARD
from responses.exporting.batches import seal_batch
from responses.exporting.columns import sql
from responses.exporting.columns.answers import ANSWERS
from responses.exporting.columns.column import cells
from responses.exporting.columns.entries import Entry
from responses.exporting.columns.questions import answer_columns
from responses.exporting.columns.responses import RESPONSES
from responses.exporting.extracting import make_due_extracts
from responses.exporting.extracts import ask_for_extract
from responses.exporting.formats.themes import chosen_options
from responses.exporting.members import entries_of, members_of_batch, members_of_extract
from responses.exporting.pack import make_extract, make_files
from responses.models import Batch, Response
from responses.responding.amending import withdraw_response
from responses.reviewing.codebooks import make_code
from responses.reviewing.coding import code_answer
from tests.conftest import make_person
from tests.support.tampering import behind_its_back

PIECES = [
    *"=+-@\t\r\n＝＋－＠'",
    *"0123456789",
    *" .,:;/%()£$€–-+",
    *"aeptzmKkſ",
    "\u00a0",
    "\u2009",
    "\u202f",
    "\x85",
    "\x1b",
    "\x7f",
    "\u200b",
    "\u2800",
    "\U000e0101",
    "﹦",
    "\u2028",
    "٣",
    "é",
    "İ",
    *[
        "jan",
        "FEB",
        "mars",
        "oct",
        "st",
        "ND",
        "rd",
        "th",
        "pm",
        "a.m",
        "am.",
        "true",
        "FALSE",
        "not-asked",
        "T10:30Z",
        "1e5",
        "_",
        "z",
    ],
]


def answer_rows(entry: Entry) -> Iterator[list[str]]:
    """What one version of a response answers, said in Python: a row for each option chosen, and for
    each text.
    """
    response, marks = entry.response, entry.marks
    for question in entry.plan.asked:
        about = [
            response.reference,
            str(response.version),
            str(entry.row),
            str(entry.edition),
            question.part,
            question.slug,
            question.kind,
        ]
        if not question.closed and question.slug in response.texts:
            codes = [code.replace(";", ",") for slug, code in marks.codes if slug == question.slug]
            yield [
                *about,
                "",
                "",
                "",
                typed_cell(response.texts[question.slug]),
                typed_cell(";".join(codes)),
            ]
        for option in chosen_options(question, response.choices) if question.closed else ():
            value = "" if option.value is None else str(option.value)
            beside = response.texts.get(write_in_name(question.slug, option.slug), "")
            yield [*about, option.slug, safe_cell(option.label), value, typed_cell(beside), ""]


@pytest.fixture
def busy(consultation: Consultation, send: Callable[..., Response], reviewer: User) -> Batch:
    """A batch of all sorts: two editions, hostile texts, changed and withdrawn ones of it and of
    the batch before, marked by reviewers.
    """
    fill_responses(
        consultation=consultation,
        count=300,
        seed=9,
        actor=None,
        beside_real_people=True,
        production=False,
    )
    early = send({"missing": "=1+1", "capacity": "individual", "connection": ["live"]})
    seal_batch(consultation=consultation, actor=None)
    asked = consultation.questions.get(slug="violence-agree")
    asked.options.filter(slug="agree").update(label="=I agree")
    consultation.questions.get(slug="trust-comment").delete()
    edition = publish_edition(consultation=consultation, actor=None)
    fill_responses(
        consultation=consultation,
        count=300,
        seed=10,
        actor=None,
        beside_real_people=True,
        production=False,
    )
    texts = [
        *AWKWARD,
        *["".join(random.Random(number).choices(PIECES, k=6)) for number in range(60)],  # noqa: S311
    ]
    sent = [
        send({"missing": text, "violence-agree": "agree"}, edition=edition)
        for text in texts
        if text.strip()
    ]
    band = {
        "success": "5",
        "capacity": "organisation",
        "organisation-type": "other",
        "organisation-type--other": "+1; band",
    }
    assert send(band, edition=edition).texts
    withdraw_response(earlier=early, submission_key=uuid4(), started_at=timezone.now())
    withdraw_response(earlier=sent[0], submission_key=uuid4(), started_at=timezone.now())
    codes = [
        make_code(
            consultation=consultation,
            question="missing",
            name=name,
            group="",
            definition="",
            by=reviewer,
        )
        for name in ("Zebra; crossing", "=Apple")
    ]
    for response in sent[1:4]:
        code_answer(response=response, question="missing", codes=codes, by=reviewer)
        code_answer(
            response=response,
            question="missing",
            codes=codes[:1],
            by=make_person(f"rob{response.pk}", User.Role.REVIEWER),
        )
    with behind_its_back():
        Response.objects.filter(pk=sent[5].pk).update(
            received_at=datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
        )
    return seal_batch(consultation=consultation, actor=None)


def table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def hold(folder: Path, members: QuerySet[Any], editions: list[Edition]) -> None:
    """Hold the tables in a folder against what the rules in Python say of each row."""
    plans = {edition.pk: plan_of(edition) for edition in editions}
    columns = [*RESPONSES, *answer_columns(plans)]
    entries = list(entries_of(members, plans))
    assert len(entries) > 300
    expected = [
        [column.name for column in columns],
        *(cells(columns, entry) for entry in entries),
    ]
    assert table(folder / "responses.csv") == expected
    assert table(folder / "answers.csv") == [
        [column.name for column in ANSWERS],
        *(row for entry in entries for row in answer_rows(entry)),
    ]
    written = StringIO(newline="")
    csv.writer(written).writerows(expected)
    assert (folder / "responses.csv").read_bytes() == written.getvalue().encode()


def test_each_cell_postgresql_writes_is_what_the_python_rules_say(
    busy: Batch, tmp_path: Path, analyst: User
) -> None:
    editions = list(busy.consultation.editions.order_by("number"))
    assert len(editions) == 2
    make_files(batch=busy, folder=tmp_path)
    hold(tmp_path, members_of_batch(busy), editions)
    extract = ask_for_extract(consultation=busy.consultation, query=None, actor=analyst)
    make_due_extracts()
    make_extract(extract=extract, folder=tmp_path, tick=lambda _rows: None)
    hold(tmp_path, members_of_extract(extract), editions)


def test_the_rules_for_a_cell_are_the_same_in_sql(db: None) -> None:
    dice = random.Random(3)  # noqa: S311  # nothing secret
    texts = [
        "",
        *AWKWARD,
        *["".join(dice.choices(PIECES, k=dice.randint(1, 9))) for _ in range(30_000)],
        "1" * 40,
        "1" * 41,
    ]
    with connection.cursor() as cursor:
        both = f"{sql.safe_cell('said')}, {sql.typed_cell('said')}".replace("%", "%%")
        cursor.execute(f"SELECT said, {both} FROM unnest(%s) AS said", [texts])  # noqa: S608
        found = cursor.fetchall()
    assert [
        (said, safe, typed)
        for said, safe, typed in found
        if (with_symbols(safe), with_symbols(typed)) != (safe_cell(said), typed_cell(said))
    ] == []
    assert sum(typed.startswith("'") for _said, _safe, typed in found) > 5_000
