"""How long the web process waits for PostgreSQL, which would otherwise be for ever.

A stopped server, or a network that drops everything, raises no error: only the waiting side can
stop waiting.
"""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import psycopg2
from psycopg2 import extensions

# Several times what any public page needs, and longer than they wait for a lock; staff pages run
# longer queries.
SECONDS = ContextVar("seconds to wait for PostgreSQL", default=5.0)
STAFF_SECONDS = 65.0


def limit_waiting() -> None:
    """From now on no connection of this process waits longer than SECONDS, and none can COPY."""
    extensions.set_wait_callback(_wait)


@contextmanager
def database_timeout(seconds: float) -> Iterator[None]:
    """Wait for `seconds` instead, inside the block."""
    before = SECONDS.set(seconds)
    try:
        yield
    finally:
        SECONDS.reset(before)


def _wait(connection: extensions.connection) -> None:
    """psycopg2 calls this whenever it has to wait; after an error it closes the connection."""
    # https://www.psycopg.org/docs/advanced.html#support-for-coroutine-libraries
    while (state := connection.poll()) != extensions.POLL_OK:
        waiting = select.poll()
        waiting.register(
            connection.fileno(), select.POLLIN if state == extensions.POLL_READ else select.POLLOUT
        )
        if not waiting.poll(SECONDS.get() * 1000):
            raise psycopg2.OperationalError("PostgreSQL does not answer.")
