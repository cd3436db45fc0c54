"""The responses as a workbook for people who open nothing else: a sheet of responses, in the
questions' own words, and one with the codebook. No cell is ever run.

Written row by row. Excel allows 1,048,576 rows a sheet and 32,767 characters a cell, counted as
UTF-16.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from consult.cells import GUARD, NOT_ASKED, NOTHING_TO_PANDAS
from consult.clock import LONDON
from responses.exporting.columns.codebook import CODEBOOK, Asked
from responses.exporting.columns.column import Column, Kind, Missing, Value
from responses.exporting.columns.entries import Entry
from responses.exporting.columns.questions import AnswerColumn
from responses.exporting.columns.responses import RESPONSES
from responses.exporting.formats.makers import Rows, Take

WORKBOOK = "responses.xlsx"
CELL_CHARACTERS = 32_767
SHEET_ROWS = 1_048_576
# How wide a column is, in characters, by what stands in it.
WIDTHS = {Kind.SLUG: 16, Kind.TEXT: 26, Kind.TYPED: 60, Kind.INSTANT: 20, Kind.LIST: 30}
WIDTH, HEADER_POINTS = 12, 75


# Its words, and how wide its column is.
Header = tuple[str, int]


@dataclass(frozen=True)
class Looks:
    """The formats of cells."""

    header: Format
    text: Format
    instant: Format
    day: Format


def pieces(text: str) -> list[str]:
    """Split `text` into as many parts as Excel needs cells for; none ends between the two halves of
    a character.
    """
    parts, size = [""], 0
    for character in text if len(text) * 2 > CELL_CHARACTERS else ():
        width = 2 if ord(character) > 0xFFFF else 1
        if size + width > CELL_CHARACTERS:
            parts.append("")
            size = 0
        parts[-1] += character
        size += width
    return parts if size else [text]


def sheet_text(value: str | Sequence[str] | Missing) -> str:
    """Return a value as it is written in a sheet: a text as it was typed, which is never run here.

    Something typed exactly like the words for a question that was not asked is guarded.
    """
    if isinstance(value, Missing):
        return NOT_ASKED
    text = value if isinstance(value, str) else ";".join(one.replace(";", ",") for one in value)
    bare = text.lstrip(GUARD)
    # pandas reads such words as empty cells in a workbook too.
    return GUARD + text if bare == NOT_ASKED or NOTHING_TO_PANDAS.fullmatch(bare) else text


@contextmanager
def workbook(
    folder: Path,
    rows: Rows,
    *,
    columns: Sequence[AnswerColumn],
    widest: Mapping[str, int],
    codebook: Iterable[Asked],
    made_at: datetime,
) -> Iterator[Take]:
    """Write a sheet with a row for each version of a response, and one with the codebook.

    `widest` says how many cells the longest text of a column takes; a column that it leaves out
    takes one.
    """
    everything: list[Column] = [*RESPONSES, *columns]
    headers = _headers(everything, widest)
    count = 0
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "tmpdir": str(folder),
    }
    book = Workbook(str(folder / WORKBOOK), options)
    book.use_zip64()
    # The time at which it was made would change the bytes.
    book.set_properties({"created": made_at.astimezone(LONDON).replace(tzinfo=None)})
    looks = Looks(
        header=book.add_format({"bold": True, "text_wrap": True, "valign": "top"}),
        text=book.add_format({"num_format": "@"}),
        instant=book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        day=book.add_format({"num_format": "yyyy-mm-dd"}),
    )
    sheet = _sheet(book, "Responses", headers, looks)

    def take(entry: Entry) -> None:
        nonlocal count, sheet
        at = count % (SHEET_ROWS - 1) + 1
        if count and at == 1:
            _filter(sheet, headers, SHEET_ROWS - 1)
            number = count // (SHEET_ROWS - 1) + 1
            sheet = _sheet(book, f"Responses {number}", headers, looks)
        count += 1
        place = 0
        for column in everything:
            for number, part in enumerate(_in_cells(_worded(column, entry))):
                _write(sheet, at, place + number, part, looks)
            place += widest.get(column.name, 1)

    yield take
    _filter(sheet, headers, (count - 1) % (SHEET_ROWS - 1) + 1 if count else 0)
    _add_codebook(book, codebook, looks)
    book.close()
    rows[WORKBOOK] = count


def _headers(columns: Iterable[Column], widest: Mapping[str, int]) -> list[Header]:
    """The words above each cell: a question's own, and the name that its column has elsewhere."""
    headers = []
    for column in columns:
        for number in range(1, widest.get(column.name, 1) + 1):
            name = f"{column.name} ({number})" if number > 1 else column.name
            words = f"{column.meaning} [{name}]" if isinstance(column, AnswerColumn) else name
            headers.append((words, WIDTHS.get(column.kind, WIDTH)))
    return headers


def _add_codebook(book: Workbook, codebook: Iterable[Asked], looks: Looks) -> None:
    headers = [(column.name, WIDTHS.get(column.kind, WIDTH)) for column in CODEBOOK]
    sheet, at = _sheet(book, "Codebook", headers, looks), 0
    for at, asked in enumerate(codebook, 1):
        for place, column in enumerate(CODEBOOK):
            for part in _in_cells(column.value(asked)):
                _write(sheet, at, place, part, looks)
    _filter(sheet, headers, at)


def _sheet(book: Workbook, name: str, headers: Sequence[Header], looks: Looks) -> Worksheet:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 1)
    for place, (_words, width) in enumerate(headers):
        sheet.set_column(place, place, width)
    sheet.set_row(0, HEADER_POINTS)
    for place, (words, _width) in enumerate(headers):
        sheet.write_string(0, place, words[:CELL_CHARACTERS], looks.header)
    return sheet


def _filter(sheet: Worksheet, headers: Sequence[Header], rows: int) -> None:
    sheet.autofilter(0, 0, rows, len(headers) - 1)


def _worded(column: Column, entry: Entry) -> Value:
    """A chosen option in the words that people read for it; anything else as it is."""
    value = column.value(entry)
    return column.labels.get(value, value) if isinstance(value, str) else value


def _in_cells(value: Value) -> Sequence[Value]:
    """Return a value as it is written in a sheet, in as many cells as its text takes."""
    if value is None or isinstance(value, int | float | date):
        return [value]
    return pieces(sheet_text(value))


def _write(sheet: Worksheet, at: int, place: int, value: Value, looks: Looks) -> None:
    if isinstance(value, int | float):
        sheet.write_number(at, place, value if isinstance(value, float) else int(value))
    elif isinstance(value, datetime):
        # A sheet has no time zones: this is London's time.
        local = value.astimezone(LONDON).replace(tzinfo=None)
        sheet.write_datetime(at, place, local, looks.instant)
    elif isinstance(value, date):
        sheet.write_datetime(at, place, value, looks.day)
    elif isinstance(value, str) and value:
        sheet.write_string(at, place, value, looks.text)
