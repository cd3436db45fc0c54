"""Keeping note of scheduled jobs, so that “it has not run” can be seen."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import DatabaseError
from django.db.models.functions import Now

from consult.models import JobRun

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
    """The jobs that have not ended well for too long, or never."""
    late = []
    for name, most in EXPECTED.items():
        if not JobRun.objects.filter(name=name, succeeded_at__gt=Now() - most).exists():
            late.append(name)
    return late
