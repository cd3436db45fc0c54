"""Changing rows as someone would who has the database's own files: no trigger runs, and no foreign
key is looked at.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

OTHER_UUID = "00000000-0000-4000-8000-000000000000"


@contextmanager
def behind_its_back() -> Iterator[None]:
    """While it lasts, this process's changes go past every guard of the database."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = origin")


def tamper(sql: str, arguments: list[Any] | None = None) -> int:
    """Run `sql` behind the service's back, and say how many rows it touched."""
    with behind_its_back(), connection.cursor() as cursor:
        cursor.execute(sql, arguments or [])
        return int(cursor.rowcount)


def altered(kind: str) -> str:
    """An expression that is another value than `{column}`, of the same type."""
    others = {
        "boolean": "NOT {column}",
        # Of the same shape: an object where it is one, which the database holds answers to.
        "jsonb": "CASE WHEN jsonb_typeof({column}) = 'object' "
        """THEN {column} || '{{"planted": "x"}}' """
        "WHEN {column}::text = '[]' THEN '[1]'::jsonb ELSE '[]'::jsonb END",
        "uuid": f"'{OTHER_UUID}'::uuid",
        "timestamp with time zone": "coalesce({column}, now()) + interval '1 second'",
        "ARRAY": "array_append({column}, NULL)",
        "date": "{column} + 1",
        "smallint": "coalesce({column}, 0) + 1",  # One of them is an hour of the day.
    }
    numbers = {"bigint", "integer", "double precision"}
    return others.get(kind) or (
        "coalesce({column}, 0) + 7919"
        if kind in numbers
        else "CASE WHEN {column} = 'x' THEN 'y' ELSE 'x' END"
    )


def columns() -> list[tuple[str, str, str]]:
    """Every column there is: its table, its name and its type."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT table_name, column_name, data_type FROM information_schema.columns
            WHERE table_schema = 'public' ORDER BY 1, ordinal_position"""
        )
        return list(cursor.fetchall())
