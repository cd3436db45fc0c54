"""Setting things up directly in the database, as if the service had done it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models import Model

from consult.auditing import record
from consult.models import Action
from tests.support.tampering import behind_its_back


@contextmanager
def on_the_trail() -> Iterator[None]:
    """What is changed while it lasts is part of an act, so that the integrity check has no
    objection.
    """
    with transaction.atomic():
        yield
        record(action=Action.INTEGRITY_CHECKED, actor=None)


def without_an_act(row: Model) -> None:
    """Let `row` be as if it had been there before acts were noted: so it needs none."""
    with behind_its_back(), connection.cursor() as cursor:
        cursor.execute(as_if_always_so(row._meta.db_table, f"id = {row.pk}"))


def as_if_always_so(table: str, which: str = "true") -> str:
    """SQL that lets rows of `table` be as if they had been there before acts were noted.

    To be run behind the service's back.
    """
    return f"""
        UPDATE {table} SET changed_in = NULL WHERE {which};
        UPDATE {table} t SET fingerprint = fingerprint_of(to_jsonb(t), ARRAY(
            SELECT attname::text FROM pg_attribute WHERE attrelid = '{table}'::regclass
                AND attnum > 0 AND NOT attisdropped AND attname <> 'fingerprint'))
        WHERE {which}"""  # noqa: S608
