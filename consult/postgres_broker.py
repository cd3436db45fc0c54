"""Celery's messages carried by PostgreSQL, for installations without Redis.

They are only hints to look: what is due is in the database anyway, so a message lost with a worker
does no harm.
"""

import json
from queue import Empty
from typing import Any

from django.db import DatabaseError, InterfaceError, connection
from kombu.transport import virtual

from consult.models import Hint

# The oldest one that no other worker is taking; two workers get two.
TAKE = """
    DELETE FROM consult_hint WHERE id = (
        SELECT id FROM consult_hint WHERE queue = %s
        ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1
    ) RETURNING message
"""


class Channel(virtual.Channel):
    """Queues as rows. Taking a message deletes it; giving it back adds a new one."""

    supports_fanout = False
    do_restore = False

    def _put(self, queue: str, message: dict[str, Any], **_: object) -> None:
        Hint.objects.create(queue=queue, message=json.dumps(message))

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        with connection.cursor() as cursor:
            cursor.execute(TAKE, [queue])
            row = cursor.fetchone()
        if row is None:
            raise Empty
        taken: dict[str, Any] = json.loads(row[0])
        return taken

    def _size(self, queue: str) -> int:
        return Hint.objects.filter(queue=queue).count()

    def _purge(self, queue: str) -> int:
        return Hint.objects.filter(queue=queue).delete()[0]


class Transport(virtual.Transport):
    """What Celery needs to know: it looks once a second, and cannot speak to all workers at
    once.
    """

    Channel = Channel
    polling_interval = 1.0
    # As for other brokers that are tables: no events and no commands to all workers.
    driver_type = "sql"
    driver_name = "postgresql"
    connection_errors: Any = (DatabaseError, InterfaceError)
    channel_errors: Any = (DatabaseError, InterfaceError)

    def driver_version(self) -> str:
        return ""
