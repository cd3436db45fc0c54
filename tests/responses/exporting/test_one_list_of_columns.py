"""A column is one entry of a list, and every format, the codebook and the docs follow it."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pyarrow.parquet
import pytest

from consult.models import Consultation
from responses.exporting.batches import seal_batch
from responses.exporting.columns.column import Column, Kind
from responses.exporting.columns.responses import RESPONSES
from responses.exporting.columns.sql import names_of
from responses.exporting.columns.tables import TABLES
from responses.exporting.pack import make_files
from responses.models import Response

ROOT = Path(__file__).resolve().parent.parent.parent.parent
MADE_UP = {
    Kind.NUMBER: ("7", 7, "integer"),
    Kind.TYPED: ("'=1+1", "=1+1", "string"),
    Kind.YES_NO: ("1", True, "boolean"),
    Kind.LIST: ("one;two", ["one", "two"], "string"),
}
IN_SQL = {
    Kind.NUMBER: "3 + 4",
    Kind.TYPED: "'=1+1'::text",
    Kind.YES_NO: "true",
    Kind.LIST: names_of("ARRAY['one', 'two']"),
}


@pytest.fixture(params=MADE_UP)
def made_up(request: pytest.FixtureRequest) -> Iterator[Kind]:
    """A column that nobody but this list knows."""
    kind: Kind = request.param
    value = MADE_UP[kind][1]
    column = Column("made_up", kind, "Made up.", lambda _entry: value, sql=IN_SQL[kind])
    RESPONSES.insert(3, column)
    yield kind
    RESPONSES.remove(column)


def test_a_column_added_to_the_list_is_in_every_format(
    consultation: Consultation, send: Callable[..., Response], made_up: Kind, tmp_path: Path
) -> None:
    cell, value, type_name = MADE_UP[made_up]
    send({"violence-agree": "agree"})
    make_files(batch=seal_batch(consultation=consultation, actor=None), folder=tmp_path)
    with (tmp_path / "responses.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (list(row)[3], row["made_up"]) == ("made_up", cell)
    (line,) = (tmp_path / "responses.jsonl").read_text().splitlines()
    assert json.loads(line)["made_up"] == value
    assert pyarrow.parquet.read_table(tmp_path / "responses.parquet")["made_up"].to_pylist() == [
        value
    ]
    sheet = openpyxl.load_workbook(tmp_path / "responses.xlsx")["Responses"]
    in_sheet = "one;two" if made_up is Kind.LIST else value
    assert [sheet.cell(1, 4).value, sheet.cell(2, 4).value] == ["made_up", in_sheet]
    described = json.loads((tmp_path / "datapackage.json").read_text())["resources"][0]
    field = described["schema"]["fields"][3]
    assert (field["name"], field["type"], field["description"]) == (
        "made_up",
        type_name,
        "Made up.",
    )
    page = (tmp_path / "codebook.html").read_text()
    assert "<code>made_up</code></th><td>Made up.</td>" in page


@pytest.mark.parametrize("name", TABLES)
def test_the_docs_have_each_column_in_the_words_of_the_list(name: str) -> None:
    said = (ROOT / "docs" / "batches.md").read_text()
    rows = "".join(f"| `{one.name}` | {one.meaning} |\n" for one in TABLES[name].columns)
    assert f"| Column | What it holds |\n|---|---|\n{rows}\n" in said
