"""How far the writing of a batch has got: told while it is written, for the page of batches.

A batch is written in one transaction, which nobody sees into before it ends. So this is told over a
connection of its own, and says only what was done: rows that stand in the files, files that are
stored.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import DatabaseError, connection
from django.db.models.functions import Now

from responses.models import Batch, Writing

log = logging.getLogger(__name__)

TELL_SECONDS = 1
# Whoever has said nothing for so long was killed, or stands still.
SILENT_AFTER = timedelta(minutes=2)
TELL = """
    INSERT INTO responses_writing (batch_id, stage, done, total, told_at) VALUES (%s, %s, %s, %s,
        statement_timestamp())
    ON CONFLICT (batch_id) DO UPDATE SET stage = excluded.stage, done = excluded.done,
        total = excluded.total, told_at = excluded.told_at
"""

Tell = Callable[[Writing.Stage, int, int], None]


@contextmanager
def telling(batch: Batch) -> Iterator[Tell]:
    """Gives what tells how far it is: the stage, how many are done, of how many.

    It may be called for every row.
    """
    apart = connection.copy()
    told = time.monotonic()

    def tell(stage: Writing.Stage, done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told < TELL_SECONDS:
            return
        told = time.monotonic()
        try:
            with apart.cursor() as cursor:
                cursor.execute(TELL, [batch.pk, stage, done, total])
        except DatabaseError as trouble:
            # Nobody's batch shall wait for want of news about it.
            log.warning("How far %s is could not be told: %s", batch, type(trouble).__name__)

    try:
        yield tell
    finally:
        apart.close()


def being_written() -> dict[int, Writing]:
    """How far each batch is that somebody writes at this moment, by its primary key."""
    lately = Writing.objects.filter(batch__written_at=None, told_at__gt=Now() - SILENT_AFTER)
    return {row.batch_id: row for row in lately}
