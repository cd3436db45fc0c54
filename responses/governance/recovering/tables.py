"""The other tables of a batch, read back."""

import csv
from collections.abc import Iterator
from typing import Any

from consult.cells import restore_cell
from responses.exporting.beside import CODES_TABLE, CONTACTS_TABLE
from responses.governance.erasing import NOBODY
from responses.governance.outside import Version
from responses.governance.recovering.sources import Fetched


def read_table(batch: Fetched, name: str) -> Iterator[dict[str, str]]:
    """Return the rows of a table of a batch, with their cells as they are; none if it has no
    such table.
    """
    path = batch.folder / name
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


def codes_in(batch: Fetched) -> list[dict[str, Any]]:
    """Return the reviewers' codes that are in the batch."""
    return [
        {
            **{name: restore_cell(code[name]) for name in ("question", "group", "definition")},
            "name": restore_cell(code["code"]),
            "version": int(code["version"]),
            "retired": code["retired"] == "1",
        }
        for code in read_table(batch, CODES_TABLE)
    ]


def contacts_in(batch: Fetched) -> dict[Version, dict[str, str]]:
    """Return who sent each version, if the batch hands contact details over."""
    return {
        (row["reference"], int(row["version"])): {name: restore_cell(row[name]) for name in NOBODY}
        for row in read_table(batch, CONTACTS_TABLE)
    }
