"""Compares what a batch's files say: another release may write different bytes that say the
same, and that is not a difference.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any, BinaryIO

from django.core.files.storage import storages

# Made from what is in the same batch, whichever release wrote it.
OF_THE_RELEASE = {"format", "files"}
Rows = Iterator[dict[str, Any]]


def _lines(file: BinaryIO) -> Rows:
    yield from map(json.loads, file)


def _table(file: BinaryIO) -> Rows:
    yield from csv.DictReader(io.TextIOWrapper(file, encoding="utf-8", newline=""))


def _manifest(file: BinaryIO) -> Rows:
    said = json.loads(file.read())
    petitions, counts = said.pop("petitions", []), said.pop("counts", {})
    # A release may add one, so that each is compared by itself.
    counted = {f"counts {name}": value for name, value in counts.items()}
    yield {name: value for name, value in said.items() if name not in OF_THE_RELEASE} | counted
    yield from petitions


# One file for each kind of row: the others say the same in another format.
READERS: dict[str, Callable[[Any], Rows]] = {
    "responses.jsonl": _lines,
    "codebook.csv": _table,
    "codes.csv": _table,
    "contacts.csv": _table,
    "equality.csv": _table,
    "equality-stopped.csv": _table,
    "manifest.json": _manifest,
}


def files_that_differ(*, stored: str, made: Path, recorded: set[str]) -> Iterator[str]:
    """Return the names of the files whose rows, in the folder `stored` of the storage for batches,
    differ from those in the folder `made`. A file that is missing there is passed over.
    """
    for name, rows_of in READERS.items():
        path = made / name
        if (name in recorded) != path.exists():
            yield name
        elif path.exists():
            try:
                with (
                    storages["exports"].open(f"{stored}/{name}", "rb") as there,
                    path.open("rb") as here,
                ):
                    if not _same(rows_of(there), rows_of(here)):
                        yield name
            except FileNotFoundError:
                continue
            except (ValueError, csv.Error):
                yield name


def _same(one: Rows, other: Rows) -> bool:
    """Tell whether the rows agree in every column that both have: a release may add one."""
    return all(
        here is not None
        and there is not None
        and all(here[name] == there[name] for name in here.keys() & there.keys())
        for here, there in zip_longest(one, other)
    )
