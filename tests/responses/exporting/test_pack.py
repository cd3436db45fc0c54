"""The formats of a pack, each read by something other than what wrote it, and compared with the
database.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import duckdb
import frictionless
import openpyxl
import pandas as pd
import polars as pl
import pyarrow.parquet
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl.utils.escape import unescape

from consult.cells import restore_cell
from consult.clock import LONDON
from consult.models import Action, AuditEntry, Consultation
from consult.plans.document import ABOUT_YOU
from consult.plans.editions import plan_of
from consult.plans.publishing import publish_edition
from responses.answers import read_answers
from responses.exporting.batches import folder_of, pack_of, seal_batch
from responses.exporting.formats.themes import numbered_questions
from responses.exporting.manifests import FileEntry
from responses.exporting.pack import make_files
from responses.exporting.writing import write_batch
from responses.exporting.zipping import zip_chunks
from responses.models import Response
from responses.responding.amending import amend_response, withdraw_response
from responses.responding.submitting import Submission, submit_response
from tests.support.batches import name_in, seal_and_write, table

Send = Callable[..., Response]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOSTILE = "=cmd|' /C calc'!A0, \"quoted\"\nعربي বাংলা 中文 🙂\u2028end"


@pytest.fixture
def sent(consultation: Consultation, send: Send) -> list[Response]:
    """Responses of every sort: hostile texts, several options, words beside an option, a change and
    a withdrawal.
    """
    first = send(
        {
            "violence-agree": "agree",
            "violence-comment": HOSTILE,
            "top-sections": ["violence", "trust"],
            "capacity": "individual",
            "connection": ["live", "work"],
            "borough": "camden",
        }
    )
    second = send(
        {
            "capacity": "organisation",
            "organisation-type": "other",
            "organisation-type--other": "+1 band",
            "missing": "not-asked",
        }
    )
    third = send({"missing": "'Quoted", "violence-agree": "disagree"})
    withdraw_response(earlier=second, submission_key=uuid4(), started_at=timezone.now())
    plan = plan_of(third.edition)
    amend_response(
        earlier=third,
        submission=Submission(
            edition=third.edition,
            answers=read_answers(plan, {"missing": "-2 and more"}),
            contact={"name": "", "email": "", "postcode_district": ""},
            submission_key=uuid4(),
            started_at=timezone.now(),
        ),
    )
    return [first, second, third]


@pytest.fixture
def folder(consultation: Consultation, sent: list[Response], exports: Path) -> Path:
    """The files of a batch that holds them."""
    consultation.batches_include_contacts = True
    consultation.save(update_fields=["batches_include_contacts"])
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    return exports / folder_of(batch)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


# One row an answer


def test_every_response_can_be_rebuilt_from_answers_csv(folder: Path) -> None:
    raw: dict[tuple[str, int], dict[str, Any]] = {}
    for row in table(folder / "answers.csv"):
        given = raw.setdefault((row["reference"], int(row["version"])), {})
        if row["kind"] == "many":
            given.setdefault(row["question"], []).append(row["option"])
        elif row["kind"] == "one":
            given[row["question"]] = row["option"]
        else:
            given[row["question"]] = restore_cell(row["text"])
        if row["option"] and row["text"]:
            given[f"{row['question']}--{row['option']}"] = restore_cell(row["text"])
    versions = Response.objects.order_by("reference", "version")
    assert versions.count() == 5
    for response in versions:
        answers = read_answers(
            plan_of(response.edition), raw.get((response.reference, response.version), {})
        )
        assert (answers.choices, answers.texts) == (response.choices, response.texts)


def test_each_answer_gives_its_question_and_wording(folder: Path, sent: list[Response]) -> None:
    (row,) = [row for row in table(folder / "answers.csv") if row["option"] == "camden"]
    assert (row["reference"], row["row"], row["part"], row["question"], row["option_label"]) == (
        *(sent[0].reference, "1", ABOUT_YOU),
        *("borough", "Camden"),
    )
    values = {
        row["option"]: row["option_value"]
        for row in table(folder / "answers.csv")
        if row["question"] == "violence-agree"
    }
    assert values == {"agree": "4", "disagree": "2"}


# The data package


def test_an_independent_validator_finds_nothing_wrong_with_the_package(folder: Path) -> None:
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert [
        error.message
        for error in [*report.errors, *(error for task in report.tasks for error in task.errors)]
    ] == []
    assert (
        [*report.warnings, *(words for task in report.tasks for words in task.warnings)],
        report.valid,
    ) == ([], True)
    assert [task.name for task in report.tasks] == ["responses", "answers", "codebook", "contacts"]


@pytest.mark.parametrize(
    "harm",
    [
        lambda text: text.replace("agree", "agrees", 1),
        lambda text: text + text.splitlines()[-1] + "\r\n",
    ],
)
def test_the_validator_finds_a_table_that_was_altered(
    folder: Path, harm: Callable[[str], str]
) -> None:
    path = folder / "responses.csv"
    path.write_bytes(harm(path.read_bytes().decode()).encode())
    assert not frictionless.validate(str(folder / "datapackage.json")).valid


def test_the_schema_by_itself_refuses_an_option_that_was_not_shown(folder: Path) -> None:
    description = json.loads((folder / "datapackage.json").read_text())
    for resource in description["resources"]:
        del resource["bytes"], resource["hash"]
    (folder / "datapackage.json").write_text(json.dumps(description))
    assert frictionless.validate(str(folder / "datapackage.json")).valid
    path = folder / "responses.csv"
    path.write_bytes(path.read_bytes().replace(b",agree,", b",perhaps,", 1))
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert [error.type for task in report.tasks for error in task.errors] == ["constraint-error"]


def test_the_types_of_the_schema_give_the_values_back(folder: Path, sent: list[Response]) -> None:
    package = frictionless.Package(str(folder / "datapackage.json"))
    rows = package.get_resource("responses").read_rows()
    first = rows[0]
    assert (first["version"], first["synthetic"], first["received_at"]) == (
        1,
        False,
        sent[0].received_at,
    )
    assert (
        first["top-sections--violence"],
        first["top-sections--victims"],
        first["violence-agree"],
    ) == (True, False, "agree")
    assert (
        json.loads((folder / "datapackage.json").read_text())["resources"][0]["rows"]
        == len(rows)
        == 5
    )


def test_the_pack_is_a_data_package_of_version_2(folder: Path) -> None:
    content = json.loads((folder / "datapackage.json").read_text())
    assert content["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    for resource in content["resources"]:
        assert (resource["$schema"], resource["type"]) == (
            "https://datapackage.org/profiles/2.0/dataresource.json",
            "table",
        )
        assert (
            resource["schema"]["$schema"] == "https://datapackage.org/profiles/2.0/tableschema.json"
        )
        path = folder / resource["path"]
        assert resource["bytes"] == path.stat().st_size
        assert resource["hash"] == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


# ThemeFinder


def test_the_theme_files_hold_what_counts_and_nothing_else(
    folder: Path, sent: list[Response]
) -> None:
    themes = folder / "themefinder"
    # The first, and the third as it was changed; the second was withdrawn.
    rows = {int(row["themefinder_id"]): row for row in table(folder / "responses.csv")}
    first, third = [rows[one["themefinder_id"]] for one in lines(themes / "respondents.jsonl")]
    assert [first["reference"], third["reference"]] == [sent[0].reference, sent[2].reference]
    assert [first["row"], third["row"]] == ["1", "5"]
    found = {
        json.loads(path.read_text())["question_text"]: path.parent
        for path in themes.rglob("question.json")
    }
    plan = plan_of(sent[0].edition)
    assert set(found) == {
        plan.by_slug[slug].text
        for slug in ("violence-agree", "violence-comment", "top-sections", "missing")
    }
    assert lines(found[plan.by_slug["violence-comment"].text] / "responses.jsonl") == [
        {"themefinder_id": int(first["themefinder_id"]), "text": HOSTILE}
    ]
    assert lines(found[plan.by_slug["missing"].text] / "responses.jsonl") == [
        {"themefinder_id": int(third["themefinder_id"]), "text": "-2 and more"}
    ]
    labels = [
        option.label
        for option in plan.by_slug["top-sections"].options
        if option.slug in {"violence", "trust"}
    ]
    assert lines(found[plan.by_slug["top-sections"].text] / "multi_choice.jsonl") == [
        {"themefinder_id": int(first["themefinder_id"]), "options": labels}
    ]
    assert not any(b"+1 band" in path.read_bytes() for path in themes.rglob("*") if path.is_file())


def test_theme_ids_are_unique_across_batches_and_lead_to_references(
    consultation: Consultation, send: Send, exports: Path
) -> None:
    references: dict[int, str] = {}
    imported: list[int] = []
    for answers in ({"violence-agree": "agree"}, {"missing": "Parks"}, {"missing": "Lamps"}):
        sent = [send(answers).reference, send(answers).reference]
        batch = seal_and_write(consultation)
        here = exports / folder_of(batch)
        rows = table(here / "responses.csv")
        references |= {int(row["themefinder_id"]): row["reference"] for row in rows}
        ids = [one["themefinder_id"] for one in lines(here / "themefinder/respondents.jsonl")]
        assert [references[number] for number in ids] == sent
        imported += ids
    assert len(set(imported)) == len(references) == 6
    # As large as the importer's database takes.
    assert max(imported) < 2**31


def test_theme_files_describe_respondents_by_what_they_chose(folder: Path) -> None:
    first, third = lines(folder / "themefinder/respondents.jsonl")
    assert first["demographic_data"]["borough"] == ["Camden"]
    assert len(first["demographic_data"]["connection"]) == 2
    assert third["demographic_data"] == {}


def test_each_chosen_option_belongs_to_its_question_after_a_new_wording(
    consultation: Consultation, send: Send, exports: Path
) -> None:
    send({"violence-agree": "agree"})
    question = consultation.questions.get(slug="violence-agree")
    question.options.filter(slug="agree").update(label="I agree")
    edition = publish_edition(consultation=consultation, actor=None)
    send({"violence-agree": "agree"}, edition=edition)
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    (asked,) = (exports / folder_of(batch) / "themefinder").rglob("question.json")
    assert "I agree" in json.loads(asked.read_text())["multi_choice_options"]
    assert [line["options"] for line in lines(asked.parent / "multi_choice.jsonl")] == [
        ["I agree"],
        ["I agree"],
    ]


def test_questions_keep_their_numbers_from_batch_to_batch(
    folder: Path, sent: list[Response]
) -> None:
    plan = plan_of(sent[0].edition)
    about = [question.slug for question in plan.asked if question.part != ABOUT_YOU]
    assert [one.number for one in numbered_questions([plan]).values()] == list(
        range(1, len(about) + 1)
    )
    for path in (folder / "themefinder").rglob("question.json"):
        asked = json.loads(path.read_text())
        assert path.parent.name == f"question_part_{asked['question_number']}"
        assert plan.by_slug[about[asked["question_number"] - 1]].text == asked["question_text"]


# The workbook


def sheet_rows(path: Path, name: str = "Responses") -> list[dict[str, Any]]:
    """A sheet as openpyxl reads it, by its headers; control characters as Excel writes them are put
    back.
    """
    header, *rows = openpyxl.load_workbook(path, read_only=True)[name].iter_rows()
    names = [name_in(cell.value) for cell in header]
    return [
        {
            n: unescape(c.value) if isinstance(c.value, str) else c.value
            for n, c in zip(names, row, strict=False)
        }
        for row in rows
    ]


# What pandas, R and others take for nothing in a table, unless they are told otherwise.
SWALLOWED = [
    "None",
    "N/A",
    "NA",
    "n/a",
    "null",
    "NULL",
    "nan",
    "NaN",
    "-nan",
    "<NA>",
    "#N/A",
    "#NA",
]
SWALLOWED += ["#N/A N/A", "1.#IND", "-1.#QNAN", "inf", "Infinity"]


def typed(cell: str) -> str:
    """What was typed, from a cell of the workbook."""
    bare = cell.lstrip("'")
    return cell[1:] if cell != bare and (bare == "not-asked" or bare in SWALLOWED) else cell


def test_every_response_can_be_rebuilt_from_the_workbook(folder: Path) -> None:
    codebook = sheet_rows(folder / "responses.xlsx", "Codebook")
    assert [{name: str(value or "") for name, value in row.items()} for row in codebook] == [
        {name: restore_cell(cell) for name, cell in row.items()}
        for row in table(folder / "codebook.csv")
    ]
    rows = sheet_rows(folder / "responses.xlsx")
    assert len(rows) == 5
    for row in rows:
        raw: dict[str, Any] = {}
        for entry in codebook:
            cell = row[entry["column"]]
            if entry["kind"] == "many" and cell == 1:
                raw.setdefault(entry["question"], []).append(entry["option"])
            elif entry["option"] and cell == entry["option_label"]:
                raw[entry["question"]] = entry["option"]
            elif not entry["option"] and cell not in {None, "not-asked"}:
                raw[entry["question"]] = typed(cell)
            if entry["text_column"] and row[entry["text_column"]] not in {None, "not-asked"}:
                raw[f"{entry['question']}--{entry['option']}"] = typed(row[entry["text_column"]])
        response = Response.objects.get(reference=row["reference"], version=row["version"])
        answers = read_answers(plan_of(response.edition), raw)
        assert (answers.choices, answers.texts) == (response.choices, response.texts)
        assert row["received_at"].replace(tzinfo=LONDON) - response.received_at < timedelta(
            seconds=1
        )


def test_nothing_in_the_workbook_is_a_formula_or_a_link(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / "responses.xlsx")
    assert {
        cell.data_type
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    } == {"s", "n", "d"}
    texts = [
        cell
        for row in book["Responses"].iter_rows(min_row=2)
        for cell in row
        if cell.data_type == "s"
    ]
    # As text also once someone has edited the cell and left it.
    assert {cell.number_format for cell in texts} == {"@"}
    assert HOSTILE in {cell.value for cell in texts}
    assert not any(cell.hyperlink for cell in texts)
    assert [sheet.freeze_panes for sheet in book] == ["B2", "B2"]


def test_the_workbook_can_be_read_by_someone_who_opens_nothing_else(
    folder: Path, sent: list[Response]
) -> None:
    book = openpyxl.load_workbook(folder / "responses.xlsx")
    sheet, asked = book["Responses"], plan_of(sent[0].edition).by_slug
    header = {name_in(cell.value): cell for cell in sheet[1]}
    assert header["missing"].value == f"{asked['missing'].text} [missing]"
    assert header["violence-agree"].value.startswith(asked["violence-agree"].text)
    violence = asked["top-sections"].label_of("violence")
    assert f" – {violence} [" in header["top-sections--violence"].value
    column = header["violence-agree"].column
    chosen = {sheet.cell(row, column).value for row in range(2, sheet.max_row + 1)}
    assert chosen - {None, "not-asked"} <= {
        option.label for option in asked["violence-agree"].options
    }
    assert asked["violence-agree"].label_of("agree") in chosen
    for one in book:
        assert one.auto_filter.ref == f"A1:{one.cell(one.max_row, one.max_column).coordinate}"
        assert all(cell.font.bold and cell.alignment.wrap_text for cell in one[1])
    width = {
        name: sheet.column_dimensions[cell.column_letter].width for name, cell in header.items()
    }
    assert width["missing"] > width["violence-agree"] > width["row"] > 8


@pytest.mark.parametrize(
    "long", ["x" * 40_000, "🙂" * 25_000, "x" + "🙂" * 40_000, "=" + "z" * 32_766]
)
def test_a_text_longer_than_a_cell_continues_in_numbered_columns(
    consultation: Consultation, exports: Path, long: str
) -> None:
    consultation.questions.filter(slug="missing").update(max_chars=50_000)
    edition = publish_edition(consultation=consultation, actor=None)
    plan = plan_of(edition)
    for text in (long, "short"):
        submit_response(
            submission=Submission(
                edition=edition,
                answers=read_answers(plan, {"missing": text}),
                contact={"name": "", "email": "", "postcode_district": ""},
                submission_key=uuid4(),
                started_at=timezone.now(),
            )
        )
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    first, second = sheet_rows(exports / folder_of(batch) / "responses.xlsx")
    names = [name for name in first if name == "missing" or name.startswith("missing (")]
    assert all(len((first[name] or "").encode("utf-16-le")) <= 2 * 32_767 for name in names)
    assert "".join(first[name] or "" for name in names) == long
    assert [second[name] for name in names] == ["short", *[None] * (len(names) - 1)]


def test_more_rows_than_a_sheet_can_have_continue_on_the_next(
    consultation: Consultation, send: Send, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("responses.exporting.formats.spreadsheet.SHEET_ROWS", 3)
    sent = [send().reference for _ in range(5)]
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    path = exports / folder_of(batch) / "responses.xlsx"
    sheets = [
        [row["reference"] for row in sheet_rows(path, name)]
        for name in ("Responses", "Responses 2", "Responses 3")
    ]
    assert sheets == [sent[:2], sent[2:4], sent[4:]]


# Parquet


def made_again(row: dict[str, Any], codebook: list[dict[str, str]]) -> dict[str, Any]:
    """What someone answered, from a row of the Parquet file and the codebook."""
    raw: dict[str, Any] = {}
    for entry in codebook:
        value = row[entry["column"]]
        if entry["kind"] == "many" and value is True:
            raw.setdefault(entry["question"], []).append(entry["option"])
        elif entry["kind"] != "many" and value is not None:
            raw[entry["question"]] = value
        if entry["text_column"] and row[entry["text_column"]] is not None:
            raw[f"{entry['question']}--{entry['option']}"] = row[entry["text_column"]]
    return raw


def by_duckdb(path: Path) -> list[dict[str, Any]]:
    with duckdb.connect() as reader:
        # As numbers: for an instant with a zone DuckDB wants a package of its own.
        found = reader.execute(
            (
                "SELECT * REPLACE (epoch_us(received_at) AS received_at, epoch_us(started_at) AS "
                "started_at) FROM read_parquet(?)"
            ),
            [str(path)],
        )
        names = [column[0] for column in found.description or []]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return [
        row
        | {
            name: EPOCH + timedelta(microseconds=row[name])
            for name in ("received_at", "started_at")
        }
        for row in rows
    ]


def by_pandas(path: Path) -> list[dict[str, Any]]:
    rows = pd.read_parquet(path).to_dict("records")
    # What is empty it calls not a number, and a list an array.
    return [
        {
            str(name): None if value != value or value is pd.NA else value
            for name, value in _plain(row)
        }
        for row in rows
    ]


def _plain(row: dict[Any, Any]) -> Iterator[tuple[Any, Any]]:
    for name, value in row.items():
        yield name, value.tolist() if hasattr(value, "tolist") else value


@pytest.mark.parametrize("read", [by_duckdb, by_pandas])
def test_every_response_can_be_rebuilt_from_the_parquet(
    folder: Path, read: Callable[[Path], list[dict[str, Any]]]
) -> None:
    codebook, plain = table(folder / "codebook.csv"), table(folder / "responses.csv")
    rows = read(folder / "responses.parquet")
    assert len(rows) == 5
    for row, cells in zip(rows, plain, strict=True):
        assert [name for name in row if name != "not_asked"] == list(cells)
        assert list(row["not_asked"]) == [
            name for name, cell in cells.items() if cell == "not-asked"
        ]
        response = Response.objects.get(reference=row["reference"], version=row["version"])
        answers = read_answers(plan_of(response.edition), made_again(row, codebook))
        assert (answers.choices, answers.texts) == (response.choices, response.texts)
        assert (row["received_at"], row["started_at"], row["synthetic"]) == (
            response.received_at,
            response.started_at,
            False,
        )
        assert (row["act"], row["channel"], row["timing"], list(row["flags"])) == (
            response.act,
            "online",
            "in-time",
            response.flags,
        )


def test_the_parquet_is_written_in_groups_and_is_the_same_every_time(
    consultation: Consultation, send: Send, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("responses.exporting.formats.parquet.GROUP_ROWS", 2)
    sent = [send({"missing": HOSTILE}).reference for _ in range(5)]
    batch = seal_batch(consultation=consultation, actor=None)
    found = []
    for name in ("once", "again"):
        (tmp_path / name).mkdir()
        make_files(batch=batch, folder=tmp_path / name)
        found.append((tmp_path / name / "responses.parquet").read_bytes())
    assert found[0] == found[1]
    file = pyarrow.parquet.ParquetFile(tmp_path / "once/responses.parquet")
    assert [file.metadata.row_group(at).num_rows for at in range(file.num_row_groups)] == [2, 2, 1]
    assert [row["reference"] for row in by_duckdb(tmp_path / "once/responses.parquet")] == sent


def test_long_texts_make_smaller_groups(
    consultation: Consultation, send: Send, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("responses.exporting.formats.parquet.GROUP_CHARACTERS", 3_000)
    for _ in range(4):
        send({"missing": "x" * 2_000})
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    file = pyarrow.parquet.ParquetFile(exports / folder_of(batch) / "responses.parquet")
    assert file.num_row_groups > 1


def test_no_page_loads_what_writes_parquet() -> None:
    """A web process that carried pyarrow would be 60 MB larger."""
    said = (
        "import os, sys, django; django.setup(); import consult.urls; print('pyarrow' in "
        "sys.modules)"
    )
    settled = os.environ | {"DJANGO_SETTINGS_MODULE": "consult.settings", "DEBUG": "on"}
    done = subprocess.run(
        [sys.executable, "-c", said], capture_output=True, text=True, check=False, env=settled
    )
    assert (done.returncode, done.stdout.split()[-1:]) == (0, ["False"]), done.stderr


# What people read


class Words(HTMLParser):
    """The words of a page, and what it would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.fetches: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetches += [tag for name, _ in attrs if name in {"src", "href"}] + [tag] * (
            tag in {"script", "iframe", "object"}
        )


def test_the_codebook_has_every_wording_and_column_and_fetches_nothing(
    folder: Path, sent: list[Response]
) -> None:
    page = Words()
    page.feed((folder / "codebook.html").read_text(encoding="utf-8"))
    words = " ".join(" ".join(page.words).split())
    assert page.fetches == []
    for question in plan_of(sent[0].edition).asked:
        assert question.text in words
        assert all(option.label in words for option in question.options)
    for row in table(folder / "codebook.csv"):
        assert (
            f" {row['column']} " in words
            or f" {row['column']}. " in words
            or f" {row['column']} ." in words
        )


def test_an_editors_words_are_not_markup_in_the_codebook(
    consultation: Consultation, exports: Path
) -> None:
    consultation.questions.filter(slug="missing").update(text="<script>alert(1)</script>")
    publish_edition(consultation=consultation, actor=None)
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    page = Words()
    page.feed((exports / folder_of(batch) / "codebook.html").read_text(encoding="utf-8"))
    assert (page.fetches, "<script>alert(1)</script>" in page.words) == ([], True)


def test_the_cover_note_says_how_many_and_what_changed(folder: Path) -> None:
    note = (folder / "README.txt").read_text(encoding="utf-8")
    counted = {
        line.strip().partition("  ")[2]: line.split()[0]
        for line in note.splitlines()
        if line.strip()[:1].isdigit()
    }
    assert counted["sent for the first time"] == "3"
    assert counted["changed by who had sent it: takes the place of an earlier row"] == "1"
    assert counted["withdrawn: do not count the earlier row any more"] == "1"
    assert counted["online"] == "5"
    assert "contacts.csv" in note
    assert "equality.csv" not in note
    assert "SYNTHETIC" not in note


def test_the_cover_note_of_a_nil_return_says_that_nothing_came(
    consultation: Consultation, exports: Path
) -> None:
    seal_batch(consultation=consultation, actor=None)
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    note = (exports / folder_of(batch) / "README.txt").read_text(encoding="utf-8")
    assert "NOTHING CAME" in note
    assert "since batch 1, which was sealed at" in note


def test_the_cover_note_lists_every_file_of_the_pack(folder: Path) -> None:
    note = (folder / "README.txt").read_text(encoding="utf-8")
    assert [
        path.name
        for path in folder.iterdir()
        if path.name not in note and path.name != "README.txt"
    ] == []


def test_a_withdrawn_answer_stays_on_the_row_it_was_sent_with(folder: Path) -> None:
    kinds = [(row["act"], row["missing"]) for row in table(folder / "responses.csv")]
    assert kinds == [
        ("sent", ""),
        ("sent", "'not-asked"),
        ("sent", "''Quoted"),
        ("withdrawn", "not-asked"),
        ("amended", "'-2 and more"),
    ]


# The zip


def zipped(client: Client, consultation: Consultation) -> bytes:
    return b"".join(client.get(reverse("batch-file", args=[consultation.slug, 1, "pack.zip"])))


# What readers that guess at types would make a number, a date or a truth of.
GUESSED = ["007", "12345678901234567890", "1e5", "2026-11-23", "TRUE", "0.50"]


@pytest.mark.parametrize("text", GUESSED)
def test_readers_that_guess_keep_every_text_as_it_was_typed(
    consultation: Consultation, send: Send, exports: Path, text: str
) -> None:
    """A column in which every text looks the same: then they are sure of their guess."""
    for _ in range(3):
        send({"missing": text, "capacity": "organisation", "organisation-name": text})
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    path = exports / folder_of(batch) / "responses.csv"
    by_pandas = pd.read_csv(path)[["missing", "organisation-name"]].to_numpy().tolist()
    by_duckdb = duckdb.read_csv(str(path)).select('missing, "organisation-name"').fetchall()
    assert by_pandas == [list(row) for row in by_duckdb] == [[f"'{text}"] * 2] * 3
    assert restore_cell(by_pandas[0][0]) == text
    assert [
        row["missing"] for row in sheet_rows(exports / folder_of(batch) / "responses.xlsx")
    ] == [text] * 3


def test_the_zip_holds_every_file_and_is_the_same_every_time(
    consultation: Consultation,
    send: Send,
    exports: Path,
    sign_in: Callable[..., Client],
    analyst: Any,
) -> None:
    send()
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    client = sign_in(analyst)
    first, again = zipped(client, consultation), zipped(client, consultation)
    assert first == again
    with ZipFile(BytesIO(first)) as made:
        assert made.testzip() is None
        assert made.namelist() == [file["name"] for file in batch.files]
        for file in batch.files:
            assert hashlib.sha256(made.read(file["name"])).hexdigest() == file["sha256"]
    assert (
        AuditEntry.objects.filter(action=Action.BATCH_DOWNLOADED, details__file="pack.zip").count()
        == 2
    )


def test_a_zip_with_contacts_is_refused_to_those_without_the_grant(
    folder: Path, consultation: Consultation, sign_in: Callable[..., Client], analyst: Any
) -> None:
    page = sign_in(analyst).get(reverse("batch-file", args=[consultation.slug, 1, "pack.zip"]))
    assert page.status_code == 403


def test_a_missing_zip_has_an_error_of_its_own(
    consultation: Consultation, exports: Path, sign_in: Callable[..., Client], analyst: Any
) -> None:
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    (exports / pack_of(batch)).unlink()
    page = sign_in(analyst).get(reverse("batch-file", args=[consultation.slug, 1, "pack.zip"]))
    assert (page.status_code, b"This file is missing" in page.content) == (404, True)


def test_a_large_zip_is_made_in_little_memory() -> None:
    size = 40_000_000

    class Long(BytesIO):
        left = size

        def read(self, most: int | None = -1) -> bytes:
            taken = min(most or 0, self.left)
            self.left -= taken
            return os.urandom(taken)

    entry = FileEntry("long.csv", size, 1, "")
    tracemalloc.start()
    total = sum(len(chunk) for chunk in zip_chunks([entry], open_one=lambda _: Long()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total >= size
    assert peak < size / 4


def test_words_that_tools_take_for_nothing_are_read_as_they_were_typed(
    send: Callable[..., Response], exports: Path
) -> None:
    sent = [send({"missing": word}) for word in SWALLOWED]
    batch = seal_batch(consultation=sent[0].consultation, actor=None)
    write_batch(batch=batch)
    here = exports / folder_of(batch)
    for frame in (
        pd.read_csv(here / "responses.csv"),
        pd.read_excel(here / "responses.xlsx").rename(columns=name_in),
        duckdb.sql(f"FROM read_csv('{here / 'responses.csv'}')").df(),
    ):
        assert [restore_cell(cell) for cell in frame["missing"]] == SWALLOWED


def test_the_lines_of_the_cover_note_keep_every_text(
    consultation: Consultation, send: Send, exports: Path
) -> None:
    """Also where the first thousands of rows look like numbers and a later one does not."""
    texts = [*SWALLOWED, "007", "1e5", "2026-11-27", "=1+1", "'quoted'", "line\nbreak", 'a "b", c']
    gone = send({"top-sections": ["violence"]})
    for text in texts:
        send({"missing": text, "top-sections": ["trust"]})
    withdraw_response(earlier=gone, submission_key=uuid4(), started_at=timezone.now())
    here = exports / folder_of(seal_and_write(consultation))
    note = (here / "README.txt").read_text()
    said = dict(re.findall(r"^    (polars|DuckDB): +(.+)$", note, re.MULTILINE))
    path = f"{here}/responses.csv"
    frames = [
        eval(said["polars"].replace("responses.csv", path), {"pl": pl}).to_dicts(),  # noqa: S307  # the note's own line
        duckdb.sql(said["DuckDB"].replace("responses.csv", path)).df().to_dict("records"),
    ]
    for rows in frames:
        assert [restore_cell(row["missing"]) for row in rows[1:-1]] == texts
        assert [row["top-sections--trust"] for row in rows] == [
            "0",
            *["1"] * len(texts),
            "not-asked",
        ]


def test_labels_of_ours_that_tools_take_for_nothing_are_kept_too(
    consultation: Consultation, send: Send, exports: Path
) -> None:
    question = consultation.questions.get(slug="violence-agree")
    question.options.filter(slug="agree").update(label="None")
    edition = publish_edition(consultation=consultation, actor=None)
    send({"violence-agree": "agree"}, edition=edition)
    here = exports / folder_of(seal_and_write(consultation))
    answers, codebook = pd.read_csv(here / "answers.csv"), pd.read_csv(here / "codebook.csv")
    sheet = pd.read_excel(here / "responses.xlsx").rename(columns=name_in)
    kept = codebook[(codebook["question"] == "violence-agree") & (codebook["option"] == "agree")]
    for cells in (answers["option_label"], kept["option_label"], sheet["violence-agree"]):
        assert [restore_cell(cell) for cell in cells] == ["None"]


def test_the_analysis_in_the_cover_note_runs(
    send: Callable[..., Response], exports: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = send({"violence-agree": "agree", "missing": "None"})
    send({"violence-agree": "agree"})
    gone = send({"violence-agree": "disagree"})
    withdraw_response(earlier=gone, submission_key=uuid4(), started_at=timezone.now())
    batch = seal_batch(consultation=first.consultation, actor=None)
    write_batch(batch=batch)
    note = (exports / folder_of(batch) / "README.txt").read_text()
    script = [
        line[4:]
        for line in note.split("WITH PANDAS")[1].split("WITH OTHER TOOLS")[0].split("\n")
        if line[:4] == "    "
    ]
    assert 5 <= len(script) <= 12
    program = "\n".join(script).replace('Path(".")', f"Path({str(exports)!r})")
    exec(program, {})  # noqa: S102  # the note's own program
    said = capsys.readouterr().out
    assert re.search(r"violence-agree\s+agree\s+2", said)
    assert "disagree" not in said
