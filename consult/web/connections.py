"""How many database connections the service may open, and whether PostgreSQL has room for them."""

from django.conf import settings
from django.db import connection

# For manage.py, the doctor, backups, and a new version that starts while the old one stops.
RESERVE = 10
# Threads of each web process that read streamed pages.
STREAMS = 2


class TooFewConnections(Exception):
    """The service could open more connections than PostgreSQL takes; the message says what to
    set.
    """


def connections_needed() -> int:
    """Return the most connections that all processes together open: each working thread, each of
    the worker's processes, beat, and a reserve.
    """
    web = settings.WEB_PROCESSES * (settings.WEB_THREADS + STREAMS)
    return web + settings.WORKER_PROCESSES + 1 + RESERVE


def connections_there_are() -> int:
    """Return how many connections PostgreSQL accepts from this role. Raises DatabaseError if it
    does not answer.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT sum(setting::int * CASE name WHEN 'max_connections' THEN 1 ELSE -1 END)
            FROM pg_settings
            WHERE name IN (
                'max_connections', 'superuser_reserved_connections', 'reserved_connections'
            )"""
        )
        return int(cursor.fetchone()[0])


def refuse_too_few_connections() -> None:
    """Raise TooFewConnections if a burst would use up PostgreSQL's connections.

    Raises DatabaseError if it does not answer.
    """
    needed, there_are = connections_needed(), connections_there_are()
    if needed > there_are:
        raise TooFewConnections(
            f"PostgreSQL takes {there_are} connections and the service may open {needed}. Lower "
            "WEB_THREADS, WEB_PROCESSES or WORKER_PROCESSES, or raise max_connections."
        )
