"""Celery's messages carried by PostgreSQL, where there is no Redis.

They are only hints to look: what is due stands in the database anyway, so that a message taken by a
worker that dies is no loss.
"""

import json
from queue import Empty
from typing import Any

from django.db import DatabaseError, InterfaceError, connection
from kombu.transport import virtual

from consult.models import Hint

# The oldest one that nobody has in hand; two workers get two.
TAKE = """
    DELETE FROM consult_hint WHERE id = (
        SELECT id FROM consult_hint WHERE queue = %s
        ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1
    ) RETURNING message
"""


class Channel(virtual.Channel):
    """Queues as rows. A message that was taken is gone; one that is given back is a new one."""

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
    """What Celery knows of it: it looks once a second, and cannot speak to all workers at once."""

    Channel = Channel
    polling_interval = 1.0
    # As for other brokers that are tables: no events and no commands to all workers.
    driver_type = "sql"
    driver_name = "postgresql"
    connection_errors: Any = (DatabaseError, InterfaceError)
    channel_errors: Any = (DatabaseError, InterfaceError)

    def driver_version(self) -> str:
        return ""
