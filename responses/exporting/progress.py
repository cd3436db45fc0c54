"""How far the writing of a batch has got, for the page of batches and for a worker that continues
another's work.

A batch is written in one transaction, which nobody can see into until it ends. So progress is
recorded over a separate connection, and only covers what is done: rows in the files, and stored
files.
"""

import json
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta

from django.db import DatabaseError, connection
from django.db.models import F
from django.db.models.functions import Now

from responses.exporting.manifests import FileEntry
from responses.models import Batch, Response, Writing

log = logging.getLogger(__name__)

TELL_SECONDS = 1
# A writer that has reported nothing for this long was killed or is stuck.
SILENT_AFTER = timedelta(minutes=2)
TELL = """
    INSERT INTO responses_writing (batch_id, stage, done, total, told_at, made)
    VALUES (%s, %s, %s, %s, statement_timestamp(), %s)
    ON CONFLICT (batch_id) DO UPDATE SET stage = excluded.stage, done = excluded.done,
        total = excluded.total, told_at = excluded.told_at, made = excluded.made
"""


class Progress:
    """How far the writing of one batch has got.

    `made` has, by step, the files that are stored already, including those of an earlier try.
    """

    def __init__(self, batch: Batch) -> None:
        self.batch, self.erased = batch, _count_erased(batch)
        self.made: dict[str, list[FileEntry]] = {}
        self._told, self._rows = time.monotonic(), 0
        self._apart = connection.copy()
        self._waits = True
        noted = Writing.objects.filter(batch=batch).values_list("made", flat=True).first() or {}
        # What an earlier try stored contains words that were erased since.
        if noted.get("erased") == self.erased:
            self.made = {
                step: [FileEntry(**file) for file in files]
                for step, files in noted["steps"].items()
            }

    def tell(self, stage: Writing.Stage, done: int, total: int, *, now: bool = False) -> None:
        """Report how many are done, of how many.

        It can be called for every row: it reports once a second, or `now`.
        """
        if not now and time.monotonic() - self._told < TELL_SECONDS:
            return
        self._told = time.monotonic()
        steps = {step: [asdict(file) for file in files] for step, files in self.made.items()}
        made = json.dumps({"erased": self.erased, "steps": steps})
        try:
            with self._apart.cursor() as cursor:
                if self._waits:
                    # A report waits for nobody's lock.
                    cursor.execute("SET lock_timeout = '200ms'")
                    self._waits = False
                cursor.execute(TELL, [self.batch.pk, stage, done, total, made])
        except DatabaseError as trouble:
            # A batch should never wait because its progress could not be reported.
            log.warning("How far %s is could not be told: %s", self.batch, type(trouble).__name__)

    def tell_rows(self, done: int) -> None:
        self._rows = done
        self.tell(Writing.Stage.ROWS, done, self.batch.size)

    def note_made(self, step: str, files: Sequence[FileEntry]) -> None:
        """Record that a step's files are stored, for any worker that has to continue."""
        self.made[step] = list(files)
        self.tell(Writing.Stage.ROWS, self._rows, self.batch.size, now=True)

    def close(self) -> None:
        """End the connection."""
        self._apart.close()


@contextmanager
def progress_of(batch: Batch) -> Iterator[Progress]:
    """Report the progress of a batch that is being written."""
    progress = Progress(batch)
    try:
        yield progress
    finally:
        progress.close()


def note_stopped(pk: int) -> None:
    """Record that nobody is writing the batch any more. What is made stays recorded."""
    Writing.objects.filter(batch=pk).update(told_at=F("told_at") - SILENT_AFTER)


def being_written() -> dict[int, Writing]:
    """Return the batches that are being written now, by primary key, each with how far it is."""
    recent = Writing.objects.filter(batch__written_at=None, told_at__gt=Now() - SILENT_AFTER)
    return {row.batch_id: row for row in recent}


def _count_erased(batch: Batch) -> int:
    """Count the erasures that affected the batch's responses.

    The writer holds the batch's row, and erasing waits for it.
    """
    members = Response.objects.filter(membership__batch=batch).order_by().values("reference")
    return Response.objects.filter(act=Response.Act.ERASED, reference__in=members).count()
