"""What a check found, and how it queries the database."""

from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from responses.governance.outside import Outside


@dataclass(frozen=True)
class Difference:
    """One thing that does not fit: what it is about (a reference, a batch, a table's row), and what
    is wrong, in words.
    """

    subject: str
    words: str


@dataclass
class Findings:
    """What was counted, every difference, and what is known outside the database."""

    outside: Outside = field(default_factory=Outside)

    totals: dict[str, Any] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    def note(self, subject: str, words: str) -> None:
        self.differences.append(Difference(subject, words))


def name_of(reference: str, version: int) -> str:
    return f"{reference} version {version}"


def rows_of(sql: str, arguments: list[Any] | None = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL timezone TO 'UTC'")
        cursor.execute(sql, arguments)
        return list(cursor.fetchall())
