"""Tables that are written row by row, and a line of JSON for each response."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from consult.cells import json_line
from responses.exporting.columns.column import Column, cells, json_value
from responses.exporting.columns.entries import Entry
from responses.exporting.columns.responses import RESPONSES
from responses.exporting.formats.makers import Rows, Take

LINES = "responses.jsonl"


def write_table(path: Path, columns: Sequence[Column], rows: Iterable[Any]) -> int:
    """Write a CSV file. Returns how many rows it has below its header."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow([column.name for column in columns])
        for row in rows:
            table.writerow(cells(columns, row))
            count += 1
    return count


@contextmanager
def response_lines(folder: Path, rows: Rows) -> Iterator[Take]:
    """Write a line of JSON for each version of a response, with every text as it was typed."""
    count = 0
    with (folder / LINES).open("w", encoding="utf-8", newline="\n") as file:

        def take(entry: Entry) -> None:
            nonlocal count
            count += 1
            file.write(response_line(entry))

        yield take
    rows[LINES] = count


def response_line(entry: Entry) -> str:
    """Return one version of a response as a line of JSON, with every text as it was typed."""
    # Without its digest, which covers the contact details too: anyone who guesses a name could
    # check the guess with it.
    about = {column.name: json_value(column.value(entry)) for column in RESPONSES}
    answers = {"choices": entry.response.choices, "texts": entry.response.texts}
    return json_line(about | answers)
