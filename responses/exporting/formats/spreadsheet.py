"""The responses as a workbook for people: a sheet of responses and one with the codebook, and no
cell that is ever run.

Written a row at a time. Excel has rules of its own: 1,048,576 rows a sheet and 32,767 characters a
cell, counted as UTF-16.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from consult.cells import GUARD, NOT_ASKED, restore_cell
from consult.clock import LONDON
from responses.exporting.columns import CODEBOOK_COLUMNS, RESPONSE_COLUMNS, Column
from responses.exporting.formats.entries import Entry, Rows, Take

WORKBOOK = "responses.xlsx"
CELL_CHARACTERS = 32_767
SHEET_ROWS = 1_048_576
NUMBERS = {
    "version",
    "replaces_batch",
    "replaces_row",
    "row",
    "edition",
    "synthetic",
    "order",
    "option_value",
    "option_order",
}
INSTANTS = {"received_at", "started_at"}


def pieces(text: str) -> list[str]:
    """`text` in as many parts as Excel wants cells for; none ends between two halves of a
    character.
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


def sheet_text(cell: str) -> str:
    """What stands in a sheet for a cell of the CSV: the text as it was typed.

    A cell of text is never run here. What was typed like the words for a question that was not
    asked keeps its guard.
    """
    text = restore_cell(cell)
    return cell if text.lstrip(GUARD) == NOT_ASKED else text


@contextmanager
def workbook(
    folder: Path,
    rows: Rows,
    *,
    columns: Sequence[Column],
    widest: Mapping[str, int],
    codebook: Iterable[list[str]],
    made_at: datetime,
) -> Iterator[Take]:
    """A sheet with a row for each version of a response, and one with the codebook.

    `widest` says for each column of text how many cells its longest text takes; one where it says
    nothing.
    """
    headers = list(RESPONSE_COLUMNS)
    for column in columns:
        headers += [
            column.name,
            *(f"{column.name} ({number})" for number in range(2, widest.get(column.name, 1) + 1)),
        ]
    count = 0
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "tmpdir": str(folder),
    }
    book = Workbook(str(folder / WORKBOOK), options)
    book.use_zip64()
    # Its own time of making would change the bytes.
    book.set_properties({"created": made_at.astimezone(LONDON).replace(tzinfo=None)})
    bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = _sheet(book, "Responses", headers, bold)

    def take(entry: Entry) -> None:
        nonlocal count, sheet
        at = count % (SHEET_ROWS - 1) + 1
        if count and at == 1:
            sheet = _sheet(book, f"Responses {count // (SHEET_ROWS - 1) + 1}", headers, bold)
        count += 1
        place = 0
        for name, cell in zip(RESPONSE_COLUMNS, entry.cells, strict=False):
            _write(sheet, at, place, name, cell, text=text, moment=moment)
            place += 1
        for column, cell in zip(columns, entry.cells[len(RESPONSE_COLUMNS) :], strict=True):
            if column.type in {"boolean", "integer"} and cell not in {"", NOT_ASKED}:
                sheet.write_number(at, place, int(cell))
            elif column.type == "date" and cell not in {"", NOT_ASKED}:
                sheet.write_datetime(at, place, date.fromisoformat(cell), day)
            elif cell:
                for number, part in enumerate(pieces(sheet_text(cell))):
                    sheet.write_string(at, place + number, part, text)
            place += widest.get(column.name, 1)

    yield take
    about = _sheet(book, "Codebook", CODEBOOK_COLUMNS, bold)
    for at, line in enumerate(codebook, 1):
        for place, (name, cell) in enumerate(zip(CODEBOOK_COLUMNS, line, strict=True)):
            _write(about, at, place, name, cell, text=text, moment=moment)
    book.close()
    rows[WORKBOOK] = count


def _sheet(book: Workbook, name: str, headers: Sequence[str], bold: Format) -> Worksheet:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, len(headers) - 1, 18)
    for place, header in enumerate(headers):
        sheet.write_string(0, place, header, bold)
    return sheet


def _write(
    sheet: Worksheet, at: int, place: int, name: str, cell: str, *, text: Format, moment: Format
) -> None:
    if not cell:
        return
    if name in NUMBERS:
        sheet.write_number(at, place, int(cell))
    elif name in INSTANTS:
        # A sheet has no time zones: this is London's clock.
        sheet.write_datetime(at, place, datetime.fromisoformat(cell).replace(tzinfo=None), moment)
    else:
        sheet.write_string(at, place, sheet_text(cell), text)
