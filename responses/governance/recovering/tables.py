"""The tables beside a batch's responses, read back."""

import csv
from typing import Any

from consult.cells import restore_cell
from responses.exporting.beside import CODES_TABLE, CONTACTS_TABLE
from responses.governance.erasing import NOBODY
from responses.governance.outside import Version
from responses.governance.recovering.sources import Fetched


def codes_in(batch: Fetched) -> list[dict[str, Any]]:
    """The reviewers' codes as the batch tells them."""
    path = batch.folder / CODES_TABLE
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {
                **{name: restore_cell(code[name]) for name in ("question", "group", "definition")},
                "name": restore_cell(code["code"]),
                "version": int(code["version"]),
                "retired": code["retired"] == "1",
            }
            for code in csv.DictReader(file)
        ]


def contacts_in(batch: Fetched) -> dict[Version, dict[str, str]]:
    """Whom each version came from, where the batch hands contact details over."""
    path = batch.folder / CONTACTS_TABLE
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {
            (row["reference"], int(row["version"])): {
                name: restore_cell(row[name]) for name in NOBODY
            }
            for row in csv.DictReader(file)
        }
