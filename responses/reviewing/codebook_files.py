"""A question's codebook as a file: to take to another program, and to bring in from one.

As CSV, and as a REFI-QDA codebook, which NVivo, ATLAS.ti, MAXQDA and QualCoder read and write. A
code has the same id in each, whatever it is called later.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from uuid import UUID, uuid5
from xml.etree import ElementTree as ET

from django.db import transaction

from consult.cells import restore_cell, safe_cell, typed_cell
from consult.models import Consultation, User
from responses.models import Code
from responses.reviewing.codebooks import (
    DEFINITION_MAX_CHARS,
    NAME_MAX_CHARS,
    CodeNameTaken,
    make_code,
)

# Of every id that is made here: made once, and never changed.
IDS = UUID("6f5c0a54-1f0e-4f0c-9c53-5f5a2b0e9d11")
QDA = "urn:QDA-XML:codebook:1.0"
COLUMNS = ["id", "group", "name", "definition", "retired"]
MOST_BYTES = 2_000_000
MOST_CODES = 1000


class NotACodebook(ValueError):
    """The file is neither a CSV file with a column `name` nor a REFI-QDA codebook."""


class CodebookRefused(ValueError):
    """What the file holds cannot be taken in. The message says why, in words."""


@dataclass(frozen=True)
class Taken:
    """How many codes of a file are new, and how many the codebook had by their names."""

    new: int
    known: int


def id_of(code: Code) -> UUID:
    """Return a code's id in files: the same for as long as it exists."""
    return uuid5(IDS, f"code {code.pk}")


def as_csv(codes: Sequence[Code]) -> str:
    """Return a codebook as CSV, safe to open in a spreadsheet."""
    table = StringIO()
    writer = csv.writer(table)
    writer.writerow(COLUMNS)
    for code in codes:
        typed = map(typed_cell, (code.group, code.name, code.definition))
        writer.writerow([safe_cell(str(id_of(code))), *typed, str(int(code.retired))])
    return table.getvalue()


def as_qda(codes: Sequence[Code]) -> bytes:
    """Return a codebook as REFI-QDA: a group is a code that none of its own can be given by."""
    book = ET.Element(f"{{{QDA}}}CodeBook", {"origin": "consult"})
    top = ET.SubElement(book, f"{{{QDA}}}Codes")
    groups: dict[str, ET.Element] = {}
    for code in codes:
        above = top
        if code.group:
            if code.group not in groups:
                ids = f"group {code.consultation_id} {code.question} {code.group}"
                groups[code.group] = _code(top, uuid5(IDS, ids), code.group, given=False)
            above = groups[code.group]
        element = _code(above, id_of(code), code.name, given=not code.retired)
        if code.definition:
            ET.SubElement(element, f"{{{QDA}}}Description").text = code.definition
    ET.register_namespace("", QDA)
    return ET.tostring(book, encoding="utf-8", xml_declaration=True)


def _code(above: ET.Element, guid: UUID, name: str, *, given: bool) -> ET.Element:
    attributes = {"guid": str(guid), "name": name, "isCodable": "true" if given else "false"}
    return ET.SubElement(above, f"{{{QDA}}}Code", attributes)


@dataclass(frozen=True)
class Row:
    group: str
    name: str
    definition: str


def take_codebook(*, consultation: Consultation, question: str, raw: bytes, by: User) -> Taken:
    """Add the codes of a file to a question's codebook: all of them or, if one is refused, none.

    A code whose name is there already stays as it is. Raises NotACodebook and CodebookRefused.
    """
    rows = _rows(raw)
    if len(rows) > MOST_CODES:
        raise CodebookRefused(f"It holds {len(rows):,} codes; {MOST_CODES:,} can be taken at once.")
    for row in rows:
        _check(row)
    new = 0
    with transaction.atomic():
        for row in rows:
            try:
                with transaction.atomic():
                    make_code(
                        consultation=consultation,
                        question=question,
                        name=row.name,
                        group=row.group,
                        definition=row.definition,
                        by=by,
                    )
            except CodeNameTaken:
                continue
            new += 1
    return Taken(new, len(rows) - new)


def _check(row: Row) -> None:
    if not row.name.strip():
        raise CodebookRefused("A code in it has no name.")
    for words, most in (
        (row.name, NAME_MAX_CHARS),
        (row.group, NAME_MAX_CHARS),
        (row.definition, DEFINITION_MAX_CHARS),
    ):
        if len(words) > most:
            raise CodebookRefused(
                f"“{words[:40]}…” has {len(words):,} characters; {most:,} fit. Nothing was taken."
            )
        if "\0" in words:
            raise CodebookRefused("It contains a character that we cannot store.")


def _rows(raw: bytes) -> list[Row]:
    if len(raw) > MOST_BYTES:
        raise CodebookRefused("It is larger than 2 MB.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as reason:
        raise NotACodebook from reason
    return list(_from_qda(text) if text.lstrip().startswith("<") else _from_csv(text))


def _from_csv(text: str) -> Iterator[Row]:
    table = csv.DictReader(StringIO(text, newline=""))
    try:
        if "name" not in (table.fieldnames or ["name"]):
            raise NotACodebook
        rows = list(table)
    except csv.Error as reason:
        raise NotACodebook from reason
    for row in rows:
        words = [restore_cell(row.get(name) or "") for name in ("group", "name", "definition")]
        yield Row(*words)


def _from_qda(text: str) -> Iterator[Row]:
    # What a document type may declare can grow without end, and no codebook has one.
    if "<!" in text.replace("<!--", ""):
        raise NotACodebook
    try:
        book = ET.fromstring(text.encode())  # noqa: S314  # nothing is declared in it, as seen above
    except ET.ParseError as reason:
        raise NotACodebook from reason
    except (LookupError, ValueError) as reason:
        raise CodebookRefused("It says that it has other characters than UTF-8.") from reason
    if book.tag != f"{{{QDA}}}CodeBook":
        raise NotACodebook
    for code in book.iterfind(f"{{{QDA}}}Codes/{{{QDA}}}Code"):
        yield from _within(code)


def _within(top: ET.Element) -> Iterator[Row]:
    """A code and those below it. What stands deeper than a group is in the group at the top."""
    # Without recursion: a file may be deeper than the stack.
    waiting = [(top, "")]
    while waiting:
        code, group = waiting.pop()
        below = code.findall(f"{{{QDA}}}Code")
        name = code.get("name", "")
        if code.get("isCodable") != "false" or not below:
            yield Row(group, name, (code.findtext(f"{{{QDA}}}Description") or "").strip())
        waiting.extend((one, group or name) for one in reversed(below))
