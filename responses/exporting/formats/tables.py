"""Tables that are written row by row, and a line of JSON for each response."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from responses.exporting.columns import response_line
from responses.exporting.formats.entries import Entry, Rows, Take

LINES = "responses.jsonl"


def write_table(path: Path, header: Sequence[str], lines: Iterable[list[str]]) -> int:
    """Write a CSV file and say how many rows it has, its header not counted."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(header)
        for line in lines:
            table.writerow(line)
            count += 1
    return count


@contextmanager
def response_lines(folder: Path, rows: Rows) -> Iterator[Take]:
    """A line of JSON for each version of a response, with every text as it was typed."""
    count = 0
    with (folder / LINES).open("w", encoding="utf-8", newline="\n") as file:

        def take(entry: Entry) -> None:
            nonlocal count
            count += 1
            file.write(
                response_line(
                    entry.response,
                    row=entry.row,
                    replaces=entry.replaces,
                    edition=entry.edition,
                    marks=entry.marks,
                )
            )

        yield take
    rows[LINES] = count
