"""A record of scheduled jobs, so that “it has not run” can be seen."""

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

from consult.models import JobRun, RowTrouble

log = logging.getLogger(__name__)

# Each scheduled job, and how long it can go without finishing before something is wrong.
EXPECTED = {
    "responses.send_due_confirmations": timedelta(minutes=5),
    "responses.write_due_reminders": timedelta(minutes=20),
    "responses.seal_due_batches": timedelta(minutes=20),
    # One run delivers for at most half an hour.
    "responses.deliver_due_batches": timedelta(minutes=60),
    # A large one takes a while.
    "responses.make_due_extracts": timedelta(minutes=60),
    # One run works for at most twenty minutes.
    "responses.change_many": timedelta(minutes=60),
    "responses.receive_bundles": timedelta(minutes=60),
    "responses.read_mailbox": timedelta(minutes=60),
    "responses.read_returned_mail": timedelta(minutes=20),
    # A file of a million responses takes a while.
    "responses.make_public_files": timedelta(minutes=60),
    "responses.reconcile": timedelta(hours=26),
    "responses.find_clusters": timedelta(hours=26),
    "responses.tally": timedelta(hours=1),
    "responses.tidy": timedelta(hours=26),
    "responses.retain": timedelta(hours=26),
}

# A nightly job meets it again within a day, and a page as soon as someone opens it.
FORGET_TROUBLES_AFTER = timedelta(days=2)

# Errors that the content of one row can cause: recorded on that row, while the others go on. A
# stopped program or a lack of memory is not among them.
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
    """Record that the job `name` starts and, if it finishes without an error, that it did."""
    JobRun.objects.update_or_create(name=name, defaults={"started_at": Now()})
    began = time.monotonic()
    yield
    JobRun.objects.filter(name=name).update(
        ended_at=Now(), succeeded_at=Now(), seconds=time.monotonic() - began
    )


def overdue() -> list[str]:
    """Return the jobs that have not finished for too long.

    A job that never has, on the first day or in a new version, gets as long from the last
    migration.
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
    """Keeps an error with one row from stopping the others: it goes to `record`, and ends here.

    For loops over rows, whose rules catch the errors that they know. A database error while
    recording ends the run.
    """

    def __init__(self, record: Callable[[str], object]) -> None:
        self._record = record

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False  # Nothing went wrong, or the worker is being stopped.
        log.error("Unexpected error: %s", type(error).__name__, exc_info=error)
        # Only the kind of error: its message may quote what someone wrote.
        self._record(type(error).__name__)
        return True


@contextmanager
def apart(*, job: str, row: str) -> Iterator[None]:
    """Keep an error with one row of a job from stopping the others. It is noted for staff and
    `manage.py doctor` until that row's turn ends well.

    For rows that have no column of their own for it; `row` names nobody.
    """
    kinds: list[str] = []
    with trouble_recorded(kinds.append):
        yield
    if kinds:
        note_row_trouble(job=job, row=row, kind=kinds[0])
    else:
        RowTrouble.objects.filter(job=job, row=row[:200]).delete()


def note_row_trouble(*, job: str, row: str, kind: str) -> None:
    """Note which row of which job or page was left out, and the class of the error."""
    RowTrouble.objects.update_or_create(
        job=job[:60], row=row[:200], defaults={"kind": kind, "at": Now()}
    )


def forget_row_troubles() -> int:
    """Forget what was not met again for two days. Returns how many."""
    return RowTrouble.objects.filter(at__lt=Now() - FORGET_TROUBLES_AFTER).delete()[0]
