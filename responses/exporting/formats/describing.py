"""`datapackage.json`, which describes the tables for programs, as a Data Package (version 2 of
the standard at datapackage.org).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from consult.cells import NOT_ASKED
from consult.clock import iso
from responses.exporting.columns.column import Column, Kind
from responses.exporting.columns.questions import AnswerColumn
from responses.exporting.columns.tables import TABLES
from responses.exporting.manifests import FileEntry

DESCRIPTION = "datapackage.json"
PROFILES = "https://datapackage.org/profiles/2.0"
TYPES: dict[Kind, dict[str, Any]] = {
    Kind.SLUG: {"type": "string"},
    Kind.TEXT: {"type": "string"},
    Kind.TYPED: {"type": "string"},
    Kind.LIST: {"type": "string"},
    Kind.NUMBER: {"type": "integer"},
    Kind.DECIMAL: {"type": "number"},
    Kind.INSTANT: {"type": "datetime", "format": "any"},
    Kind.DATE: {"type": "date"},
    Kind.YES_NO: {"type": "boolean", "trueValues": ["1"], "falseValues": ["0"]},
}


def build_description(
    *,
    name: str,
    title: str,
    made_at: datetime,
    files: Iterable[FileEntry],
    answers: Mapping[str, Sequence[AnswerColumn]],
) -> bytes:
    """Return the description as it is written: the same values give the same bytes.

    It covers those of `files` that are tables. `answers` has the columns of answers that follow a
    table's own columns, by file name.
    """
    content = {
        "$schema": f"{PROFILES}/datapackage.json",
        "name": name,
        "title": title,
        "created": iso(made_at),
        "resources": [
            _resource(file, answers.get(file.name, ())) for file in files if file.name in TABLES
        ],
    }
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def _resource(file: FileEntry, answers: Sequence[AnswerColumn]) -> dict[str, Any]:
    table = TABLES[file.name]
    schema: dict[str, Any] = {
        "$schema": f"{PROFILES}/tableschema.json",
        "fields": [
            *(_field(column, says="description") for column in table.columns),
            *(_field(column, says="title") for column in answers),
        ],
        "missingValues": ["", NOT_ASKED],
    }
    if table.key:
        schema["primaryKey"] = list(table.key)
    return {
        "$schema": f"{PROFILES}/dataresource.json",
        "name": file.name.removesuffix(".csv"),
        "type": "table",
        "title": table.title,
        "path": file.name,
        "scheme": "file",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": file.bytes,
        "hash": f"sha256:{file.sha256}",
        "rows": file.rows,
        "schema": schema,
    }


def _field(column: Column, *, says: str) -> dict[str, Any]:
    constraints = dict(column.limits) if isinstance(column, AnswerColumn) else {}
    if column.always:
        constraints["required"] = True
    if column.one_of:
        constraints["enum"] = list(column.one_of)
    described = {"name": column.name, says: column.meaning} | TYPES[column.kind]
    return described | ({"constraints": constraints} if constraints else {})
