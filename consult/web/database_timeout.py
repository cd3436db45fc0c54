"""How long the web process waits for an answer of PostgreSQL's, which by itself would be for ever.

A server that was stopped, or a network that swallows what is sent to it, gives no error: only
whoever waits can end the waiting.
"""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import psycopg2
from psycopg2 import extensions

# Several times what any of the public's pages needs, and more than they wait for a lock; staff ask
# longer questions.
SECONDS = ContextVar("seconds to wait for PostgreSQL", default=5.0)
STAFF_SECONDS = 65.0


def lose_patience_in_time() -> None:
    """From now on, let no connection of this process wait for longer than that.

    COPY is not possible then.
    """
    extensions.set_wait_callback(_wait)


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Wait for longer, or less long, inside."""
    before = SECONDS.set(seconds)
    try:
        yield
    finally:
        SECONDS.reset(before)


def _wait(connection: extensions.connection) -> None:
    """What psycopg2 calls whenever there is something to wait for; after an error it closes the
    connection.
    """
    # https://www.psycopg.org/docs/advanced.html#support-for-coroutine-libraries
    while (state := connection.poll()) != extensions.POLL_OK:
        waiting = select.poll()
        waiting.register(
            connection.fileno(), select.POLLIN if state == extensions.POLL_READ else select.POLLOUT
        )
        if not waiting.poll(SECONDS.get() * 1000):
            raise psycopg2.OperationalError("PostgreSQL gives no answer.")
