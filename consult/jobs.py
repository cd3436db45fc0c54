"""Keeping note of scheduled jobs, so that “it has not run” can be seen."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import TracebackType

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import DatabaseError
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.functions import Now

from consult.models import JobRun

log = logging.getLogger(__name__)

# Each job that is run by the clock, and after how long without a good end something is wrong.
EXPECTED = {
    "responses.send_due_confirmations": timedelta(minutes=5),
    "responses.seal_due_batches": timedelta(minutes=20),
    # One run delivers for half an hour at most.
    "responses.deliver_due_batches": timedelta(minutes=60),
    # A large one takes a while.
    "responses.make_due_extracts": timedelta(minutes=60),
    # One run works for twenty minutes at most.
    "responses.change_many": timedelta(minutes=60),
    # A file of a million responses takes a while.
    "responses.make_public_files": timedelta(minutes=60),
    "responses.reconcile": timedelta(hours=26),
    "responses.find_clusters": timedelta(hours=26),
    "responses.tally": timedelta(hours=1),
    "responses.tidy": timedelta(hours=26),
    "responses.retain": timedelta(hours=26),
}

# What the content of one row can make a job raise: it is recorded on that row, and the others go
# on. A program that is stopped, or has no memory, is none of these.
ROW_TROUBLE = (
    ArithmeticError,
    AttributeError,
    DatabaseError,
    LookupError,
    ObjectDoesNotExist,
    OSError,
    RuntimeError,
    TypeError,
    ValidationError,
    ValueError,
)


@contextmanager
def recorded_run(name: str) -> Iterator[None]:
    """Note that the job `name` begins, and, if it ends well, that it did."""
    JobRun.objects.update_or_create(name=name, defaults={"started_at": Now()})
    began = time.monotonic()
    yield
    JobRun.objects.filter(name=name).update(
        ended_at=Now(), succeeded_at=Now(), seconds=time.monotonic() - began
    )


def overdue() -> list[str]:
    """The jobs that have not ended well for too long.

    One that never did, on a first day or in a new version, has as long from the last migration.
    """
    late = []
    migrations = MigrationRecorder.Migration.objects
    for name, most in EXPECTED.items():
        runs = JobRun.objects.filter(name=name, succeeded_at__isnull=False)
        if runs.filter(succeeded_at__gt=Now() - most).exists():
            continue
        if runs.exists() or not migrations.filter(applied__gt=Now() - most).exists():
            late.append(name)
    return late


class trouble_recorded:  # noqa: N801  # a context manager, named as it is read
    """Keeps what goes wrong with one row from the others: it is handed to `record`, and ends here.

    For loops over rows, whose rules catch what they know. Trouble of the database while recording
    ends the run.
    """

    def __init__(self, record: Callable[[str], object]) -> None:
        self._record = record

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False  # Nothing went wrong, or the worker is being ended.
        log.error("Something unforeseen: %s", type(error).__name__, exc_info=error)
        # The kind and no more: what it says may quote what someone wrote.
        self._record(type(error).__name__)
        return True
