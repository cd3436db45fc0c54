"""Whether PostgreSQL keeps what it has confirmed: if not, no page may say “received”."""

from django.db import connection

# What each setting must not be, and what happens if it is.
# https://www.postgresql.org/docs/current/runtime-config-wal.html
UNSAFE = {
    "fsync": "a power cut can lose or tear the whole database",
    "full_page_writes": "a power cut can tear pages that were being written",
    "synchronous_commit": "a crash can lose what was committed in its last moments",
}


class UnsafeDatabase(Exception):
    """The database may forget what it has confirmed; the message says which setting to change."""


def unsafe_settings() -> list[str]:
    """Return the settings of the connected database that would break the promise.

    Raises DatabaseError if it does not answer.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting = 'off' ORDER BY name",
            [list(UNSAFE)],
        )
        return [row[0] for row in cursor.fetchall()]


def refuse_unsafe_database() -> None:
    """Raise UnsafeDatabase if a response that a page called received could be lost.

    Raises DatabaseError if the database does not answer.
    """
    if off := unsafe_settings():
        raise UnsafeDatabase(
            f"PostgreSQL's {off[0]} is off, so that {UNSAFE[off[0]]}. Set it to on."
        )
