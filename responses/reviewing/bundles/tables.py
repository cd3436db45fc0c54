"""A table that someone made in a spreadsheet, as rows of text.

Pure. Its content says what it is, never its name.
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from responses.reviewing.inbound.charsets import as_text

MOST_ROWS = 50_000
# A workbook is a zip, and may claim few bytes and few rows while it holds many of both.
INFLATED_MAX_BYTES = 200_000_000
MOST_CELLS = 10_000_000
# What a workbook raises that was cut off, altered or never one. The XML readers raise SyntaxErrors.
DAMAGED = (
    EOFError,
    InvalidFileException,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)
DELIMITERS = ",;\t"
ZIP = b"PK\x03\x04"


class NotATable(ValueError):
    """The file is no table that can be read here."""


class TooManyRows(ValueError):
    """The table has more than MOST_ROWS rows."""


class TooLarge(ValueError):
    """What is in the file is larger than can be read at once, whatever the file's own size."""


def read_table(content: bytes) -> list[list[str]]:
    """Return the rows of a CSV file or of the first sheet of a workbook; empty ones too, so that a
    row's place is its number in the file.

    Raises NotATable, TooManyRows and TooLarge.
    """
    rows = _of_workbook(content) if content.startswith(ZIP) else _of_csv(content)
    while rows and not any(cell.strip() for cell in rows[-1]):
        rows.pop()
    if len(rows) < 2:
        raise NotATable
    return rows


def _of_workbook(content: bytes) -> list[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            # No more than a member claims is ever inflated.
            if sum(member.file_size for member in archive.infolist()) > INFLATED_MAX_BYTES:
                raise TooLarge
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        return _few([_cell(value) for value in row] for row in sheet.iter_rows(values_only=True))
    except (TooManyRows, TooLarge):
        raise
    except DAMAGED as reason:
        raise NotATable from reason


def _of_csv(content: bytes) -> list[list[str]]:
    if b"\0" in content:
        raise NotATable
    text = as_text(content.removeprefix(b"\xef\xbb\xbf")).text
    head = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=head.count)
    # A letter in a cell may be longer than the module's own limit.
    csv.field_size_limit(10_000_000)
    try:
        return _few(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as reason:
        raise NotATable from reason


def _few(rows: Iterable[list[str]]) -> list[list[str]]:
    taken, cells = [], 0
    for row in rows:
        taken.append(row)
        cells += len(row)
        if len(taken) > MOST_ROWS + 1:
            raise TooManyRows
        if cells > MOST_CELLS:
            raise TooLarge
    return taken


def _cell(value: Any) -> str:
    """Return a cell's value as someone would type it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else str(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
