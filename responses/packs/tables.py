"""The tables: a row for each response, a row for each answer, and a line of JSON for each response."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from responses.packs.entries import Entry, Rows, Take
from responses.rows import ANSWER_COLUMNS, RESPONSE_COLUMNS, Column, answer_rows, response_line

RESPONSES = "responses.csv"
ANSWERS = "answers.csv"
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
def response_table(folder: Path, rows: Rows, *, columns: Sequence[Column]) -> Iterator[Take]:
    """A row for each version of a response."""
    count = 0
    with (folder / RESPONSES).open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(RESPONSE_COLUMNS + [column.name for column in columns])

        def take(entry: Entry) -> None:
            nonlocal count
            count += 1
            table.writerow(entry.cells)

        yield take
    rows[RESPONSES] = count


@contextmanager
def answer_table(folder: Path, rows: Rows) -> Iterator[Take]:
    """A row for each answer."""
    count = 0
    with (folder / ANSWERS).open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(ANSWER_COLUMNS)

        def take(entry: Entry) -> None:
            nonlocal count
            for cells in answer_rows(entry.response, row=entry.row, edition=entry.edition, plan=entry.plan, marks=entry.marks):
                table.writerow(cells)
                count += 1

        yield take
    rows[ANSWERS] = count


@contextmanager
def response_lines(folder: Path, rows: Rows) -> Iterator[Take]:
    """A line of JSON for each version of a response, with every text as it was typed."""
    count = 0
    with (folder / LINES).open("w", encoding="utf-8", newline="\n") as file:

        def take(entry: Entry) -> None:
            nonlocal count
            count += 1
            file.write(response_line(entry.response, row=entry.row, replaces=entry.replaces, edition=entry.edition, marks=entry.marks))

        yield take
    rows[LINES] = count
