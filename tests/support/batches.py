"""Batches as tests want them: sealed and written at once, and their tables read."""

import csv
from pathlib import Path

from consult.models import Consultation
from responses.exporting.batches import seal_batch
from responses.exporting.writing import write_batch
from responses.models import Batch


def seal_and_write(consultation: Consultation) -> Batch:
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    return batch


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def name_in(header: str) -> str:
    """The name of a column, from the words above it in the workbook."""
    return header[header.rfind("[") + 1 : -1] if header.endswith("]") else header
