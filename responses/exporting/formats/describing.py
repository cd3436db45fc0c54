"""`datapackage.json`: the tables described for programs, as a Data Package (version 2 of the
standard at datapackage.org).
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from consult.cells import NOT_ASKED
from consult.clock import iso
from consult.plans.document import Option, Plan
from responses.exporting.columns import (
    ANSWER_COLUMNS,
    CODE_COLUMNS,
    CODEBOOK_COLUMNS,
    CONTACT_COLUMNS,
    EQUALITY_COLUMNS,
    RESPONSE_COLUMNS,
    Column,
)
from responses.exporting.manifests import FileEntry
from responses.models import Response

DESCRIPTION = "datapackage.json"
PROFILES = "https://datapackage.org/profiles/2.0"
NUMBERS = {
    "version",
    "replaces_batch",
    "replaces_row",
    "row",
    "edition",
    "order",
    "option_value",
    "option_order",
}
INSTANTS = {"received_at", "started_at"}
CLOSED = {"act": Response.Act, "channel": Response.Channel, "timing": Response.Timing}
NEVER_EMPTY = {
    "reference",
    "version",
    "act",
    "row",
    "received_at",
    "started_at",
    "channel",
    "timing",
    "edition",
    "question",
    "kind",
    "id",
    "code",
}
KEYS = {
    "responses.csv": ["reference", "version"],
    "contacts.csv": ["reference", "version"],
    "equality.csv": ["id"],
    "equality-stopped.csv": ["id"],
    "codes.csv": ["question", "code"],
}
TITLES = {
    "responses.csv": "Responses, one row each",
    "answers.csv": "Answers, one row each",
    "codebook.csv": "Questions and options in their exact wording",
    "codes.csv": "The codes that reviewers give to answers, with their meaning",
    "contacts.csv": "Who sent each response",
    "equality.csv": "What respondents said about themselves, without a key to their responses",
    "equality-stopped.csv": "Equality answers that must not be used any more",
}


def build_description(
    *,
    name: str,
    title: str,
    made_at: datetime,
    files: Iterable[FileEntry],
    plans: Sequence[Plan],
    columns: Sequence[Column],
    equality: Sequence[Column],
) -> bytes:
    """The description as it is written: the same values give the same bytes.

    Names those of `files` that are tables.
    """
    headers = {
        "responses.csv": [*map(_field, RESPONSE_COLUMNS), *_answer_fields(columns, plans)],
        "answers.csv": [*map(_field, ANSWER_COLUMNS)],
        "codebook.csv": [*map(_field, CODEBOOK_COLUMNS)],
        "codes.csv": [*map(_field, CODE_COLUMNS)],
        "contacts.csv": [*map(_field, CONTACT_COLUMNS)],
        "equality.csv": [*map(_field, EQUALITY_COLUMNS), *_answer_fields(equality, plans)],
        "equality-stopped.csv": [_field("id")],
    }
    content = {
        "$schema": f"{PROFILES}/datapackage.json",
        "name": name,
        "title": title,
        "created": iso(made_at),
        "resources": [
            _resource(file, headers[file.name]) for file in files if file.name in headers
        ],
    }
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def _resource(file: FileEntry, fields: list[dict[str, Any]]) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "$schema": f"{PROFILES}/tableschema.json",
        "fields": fields,
        "missingValues": ["", NOT_ASKED],
    }
    if file.name in KEYS:
        schema["primaryKey"] = KEYS[file.name]
    return {
        "$schema": f"{PROFILES}/dataresource.json",
        "name": file.name.removesuffix(".csv"),
        "type": "table",
        "title": TITLES[file.name],
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


def _field(name: str) -> dict[str, Any]:
    described: dict[str, Any] = {"name": name, "type": "string"}
    if name in NUMBERS:
        described["type"] = "integer"
    elif name in INSTANTS:
        described |= {"type": "datetime", "format": "any"}
    elif name in {"synthetic", "retired"}:
        described |= _yes_or_no()
    constraints: dict[str, Any] = {"required": True} if name in NEVER_EMPTY else {}
    if name in CLOSED:
        constraints["enum"] = CLOSED[name].values
    return described | _constraints(constraints)


def _yes_or_no() -> dict[str, Any]:
    return {"type": "boolean", "trueValues": ["1"], "falseValues": ["0"]}


def _constraints(constraints: dict[str, Any]) -> dict[str, Any]:
    return {"constraints": constraints} if constraints else {}


def _answer_fields(columns: Sequence[Column], plans: Sequence[Plan]) -> list[dict[str, Any]]:
    """The fields of the columns of answers, with the newest wording as their titles."""
    asked = {question.slug: question for plan in plans for question in plan.questions}
    options: dict[str, dict[str, Option]] = {}
    for plan in plans:
        for question in plan.questions:
            options.setdefault(question.slug, {}).update(
                {option.slug: option for option in question.options}
            )
    fields = []
    for column in columns:
        question, known = asked[column.question], options[column.question]
        described: dict[str, Any] = {"name": column.name, "type": "string", "title": question.text}
        if column.option:
            described["title"] = f"{question.text} – {known[column.option].label}" + (
                " (in words)" if column.text else ""
            )
        if column.type == "boolean":
            described |= _yes_or_no()
        elif question.closed and not column.text:
            described["constraints"] = {"enum": list(known)}
        elif column.type != "string":
            described |= {"type": column.type} | _constraints(question.entry.constraints(question))
        fields.append(described)
    return fields
