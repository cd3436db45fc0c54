"""The tables of a pack, by file name."""

from collections.abc import Sequence
from dataclasses import dataclass

from responses.exporting.columns.answers import ANSWERS
from responses.exporting.columns.beside import ATTACHMENTS, CODES, CONTACTS, EQUALITY, STOPPED
from responses.exporting.columns.codebook import CODEBOOK
from responses.exporting.columns.column import Column
from responses.exporting.columns.responses import RESPONSES


@dataclass(frozen=True)
class Table:
    """A table's columns, without the answers, and the ones that identify a row."""

    title: str
    columns: Sequence[Column]
    key: Sequence[str] = ()


TABLES = {
    "responses.csv": Table("Responses, one row each", RESPONSES, ["reference", "version"]),
    "answers.csv": Table("Answers, one row each", ANSWERS),
    "codebook.csv": Table("Questions and options in their exact wording", CODEBOOK),
    "codes.csv": Table(
        "The codes that reviewers give to answers, with their meaning", CODES, ["question", "code"]
    ),
    "attachments.csv": Table(
        "The files that came with responses", ATTACHMENTS, ["reference", "version", "sha256"]
    ),
    "contacts.csv": Table("Who sent each response", CONTACTS, ["reference", "version"]),
    "equality.csv": Table(
        "What respondents said about themselves, without a key to their responses",
        EQUALITY,
        ["id"],
    ),
    "equality-stopped.csv": Table(
        "Equality answers that must not be used any more", STOPPED, ["id"]
    ),
}
