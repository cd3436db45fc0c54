"""What reviewers had made of a response goes with it into its batch, and stays as it was when the
batch was sealed.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import frictionless
import openpyxl
import pyarrow.parquet
import pytest
from django.db import IntegrityError, transaction

from consult.cells import restore_cell
from consult.models import Consultation, User
from responses.exporting.batches import folder_of, seal_batch
from responses.exporting.extracting import make_due_extracts
from responses.exporting.extracts import ask_for_extract
from responses.exporting.pack import make_files
from responses.exporting.writing import write_batch
from responses.governance.erasing import erase_response
from responses.models import Batch, Campaign, Code, MemberMarks, Response
from responses.reviewing.campaigns import add_response, rename_campaign
from responses.reviewing.codebooks import change_code, make_code
from responses.reviewing.coding import code_answer
from tests.support.batches import table
from tests.support.folders import content_of

Send = Callable[..., Response]


@pytest.fixture
def read(consultation: Consultation, send: Send, reviewer: User) -> list[Response]:
    """Two responses: the first in a campaign and coded under two questions, once with a code that
    was taken off again.
    """
    first, second = (
        send({"missing": "More clubs.", "anything-else": "Buses."}),
        send({"missing": "Nothing."}),
    )
    campaign = Campaign.objects.create(
        consultation=consultation, name="Letter; of the clubs", sample=first, question="missing"
    )
    add_response(campaign=campaign, reference=first.reference, by=reviewer)
    ended = Campaign.objects.create(
        consultation=consultation, name="Taken back", sample=first, question="missing", ended=True
    )
    ended.members.create(response=first)
    made: dict[str, Code] = {}
    for question, name in (
        ("missing", "Youth work"),
        ("missing", "Clubs"),
        ("anything-else", "=Transport"),
        ("missing", "Mistaken"),
    ):
        made[name] = make_code(
            consultation=consultation,
            question=question,
            name=name,
            group="",
            definition="",
            by=reviewer,
        )
    for question, names in (
        ("missing", ["Youth work", "Clubs", "Mistaken"]),
        ("anything-else", ["=Transport"]),
    ):
        code_answer(
            response=first, question=question, codes=[made[name] for name in names], by=reviewer
        )
    code_answer(
        response=first, question="missing", codes=[made["Youth work"], made["Clubs"]], by=reviewer
    )
    return [first, second]


def made_in(batch: Batch, folder: Path) -> Path:
    folder.mkdir()
    make_files(batch=Batch.objects.get(pk=batch.pk), folder=folder)
    return folder


def test_campaigns_and_codes_are_in_every_format(
    consultation: Consultation, read: list[Response], tmp_path: Path
) -> None:
    folder = made_in(seal_batch(consultation=consultation, actor=None), tmp_path / "files")
    rows = table(folder / "responses.csv")
    coded = "anything-else==Transport;missing=Clubs;missing=Youth work"
    assert [(row["campaigns"], row["codes"]) for row in rows] == [
        ("Letter, of the clubs", coded),
        ("", ""),
    ]
    answers = {(row["row"], row["question"]): row["codes"] for row in table(folder / "answers.csv")}
    assert answers == {
        ("1", "missing"): "Clubs;Youth work",
        ("1", "anything-else"): "'=Transport",
        ("2", "missing"): "",
    }
    lists: dict[str, Any] = {"campaigns": ["Letter; of the clubs"], "codes": coded.split(";")}
    lines = [json.loads(line) for line in (folder / "responses.jsonl").read_text().splitlines()]
    assert [{name: line[name] for name in lists} for line in lines] == [
        lists,
        {"campaigns": [], "codes": []},
    ]
    parquet = pyarrow.parquet.read_table(folder / "responses.parquet").to_pylist()
    assert [{name: row[name] for name in lists} for row in parquet] == [
        lists,
        {"campaigns": [], "codes": []},
    ]
    header, first, _ = openpyxl.load_workbook(folder / "responses.xlsx")["Responses"].iter_rows(
        values_only=True
    )
    assert dict(zip(header, first, strict=True))["codes"] == coded


def test_what_reviewers_do_after_sealing_changes_no_byte(
    consultation: Consultation, read: list[Response], reviewer: User, tmp_path: Path
) -> None:
    batch = seal_batch(consultation=consultation, actor=None)
    once = made_in(batch, tmp_path / "once")
    rename_campaign(campaign=Campaign.objects.get(ended=False), name="Another name", by=reviewer)
    code_answer(response=read[0], question="missing", codes=[], by=reviewer)
    code_answer(
        response=read[1],
        question="missing",
        codes=list(Code.objects.filter(name="Clubs")),
        by=reviewer,
    )
    assert content_of(made_in(batch, tmp_path / "again")) == content_of(once)


def test_erasing_leaves_no_name_that_staff_gave(
    consultation: Consultation, read: list[Response], tmp_path: Path
) -> None:
    batch = seal_batch(consultation=consultation, actor=None)
    assert MemberMarks.objects.count() == 1
    erase_response(reference=read[0].reference, actor=None, why="asked for")
    assert MemberMarks.objects.count() == 0
    folder = made_in(batch, tmp_path / "files")
    # That there is such a code says nothing of who said what.
    beside = [content for name, content in content_of(folder).items() if name != "codes.csv"]
    assert not any(
        word in content for content in beside for word in (b"of the clubs", b"Youth work")
    )


def test_a_batch_carries_the_codes_as_they_were_when_sealed(
    consultation: Consultation, read: list[Response], reviewer: User, exports: Path
) -> None:
    clubs, wrong = Code.objects.get(name="Clubs"), Code.objects.get(name="Mistaken")
    change_code(
        code=clubs,
        version=1,
        name="Clubs; and halls",
        group="Places",
        definition="=Any\nplace.",
        retired=False,
        by=reviewer,
    )
    change_code(
        code=wrong, version=1, name="Mistaken", group="", definition="", retired=True, by=reviewer
    )
    batch = seal_batch(consultation=consultation, actor=None)
    # Whatever is done afterwards, and before it is written.
    change_code(
        code=clubs,
        version=2,
        name="Clubs",
        group="",
        definition="Another meaning.",
        retired=True,
        by=reviewer,
    )
    make_code(
        consultation=consultation,
        question="missing",
        name="Later",
        group="",
        definition="",
        by=reviewer,
    )
    write_batch(batch=batch)
    folder = exports / folder_of(batch)
    names = ["question", "group", "code", "definition", "version", "retired"]
    assert [[row[name] for name in names] for row in table(folder / "codes.csv")] == [
        ["anything-else", "", "'=Transport", "", "1", "0"],
        ["missing", "", "Mistaken", "", "2", "1"],
        ["missing", "", "Youth work", "", "1", "0"],
        ["missing", "Places", "Clubs, and halls", "'=Any\nplace.", "2", "0"],
    ]
    # Each code that a row has is explained, and programs are told what the table is.
    known = {(row["question"], restore_cell(row["code"])) for row in table(folder / "codes.csv")}
    rows = [
        pair for row in table(folder / "responses.csv") for pair in row["codes"].split(";") if pair
    ]
    assert {tuple(pair.split("=", 1)) for pair in rows} <= known
    assert len(rows) == 3
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert (report.valid, report.warnings) == (True, [])
    assert "codes.csv" in (folder / "README.txt").read_text()
    with pytest.raises(IntegrityError, match="is sealed"), transaction.atomic():
        Batch.objects.filter(pk=batch.pk).update(codes=[])


def test_an_extract_has_the_codes_as_they_are_now(
    consultation: Consultation,
    read: list[Response],
    administrator: User,
    reviewer: User,
    exports: Path,
) -> None:
    seal_batch(consultation=consultation, actor=None)
    code = Code.objects.get(name="Clubs")
    change_code(
        code=code,
        version=1,
        name="Clubs",
        group="",
        definition="What it means now.",
        retired=False,
        by=reviewer,
    )
    extract = ask_for_extract(consultation=consultation, query=None, actor=administrator)
    make_due_extracts()
    with ZipFile(exports / consultation.slug / f"extract-{extract.pk}" / "extract.zip") as pack:
        assert b"What it means now." in pack.read("codes.csv")


def test_without_codes_there_is_no_table_of_them(
    consultation: Consultation, send: Send, exports: Path
) -> None:
    send()
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    assert "codes.csv" not in content_of(exports / folder_of(batch))
