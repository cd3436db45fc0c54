"""Rows with work to do, claimed by lease: by one worker at a time, and free again if it dies.

Such a row has a `state`, "waiting" while there is work to do, and `leased_until`. A worker claims
it, works outside any transaction, and gives it back with the result. If its lease has run out
meanwhile, another worker may have the row, so changes are only made to rows whose lease is still
the one they were claimed under.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Now

WAITING = "waiting"
Row = TypeVar("Row", bound=Model)


class LeaseLost(Exception):
    """Another worker has the row by now, or the row is no longer wanted."""


def claim(due: QuerySet[Row], *, limit: int, lease: timedelta) -> list[Row]:
    """Claim the first `limit` waiting rows of `due`, in its order.

    No other worker gets them before `lease` runs out. Rows that someone has locked are skipped.
    """
    free = due.filter(is_free(), state=WAITING)
    if not free.exists():
        return []  # The usual case, which needs no transaction.
    with transaction.atomic():
        # Two workers at once: SKIP LOCKED gives them different rows, and a worker that comes after
        # the commit sees the lease.
        rows = free.select_related(None).select_for_update(
            skip_locked=True, no_key=True, of=("self",)
        )
        taken = [row.pk for row in rows[:limit]]
        QuerySet(due.model).filter(pk__in=taken).update(leased_until=Now() + lease)
    # Read once they are ours: what belongs to them, such as an address, may just have changed.
    return list(due.filter(pk__in=taken))


def is_free() -> Q:
    """Return the condition that no worker has the row."""
    return Q(leased_until=None) | Q(leased_until__lt=Now())


def still_held(*rows: Any) -> QuerySet[Any]:
    """Return those of `rows`, all from one claim, that no other worker has claimed since."""
    return QuerySet(type(rows[0])).filter(
        pk__in=[row.pk for row in rows], leased_until=rows[0].leased_until, state=WAITING
    )


def give_back(*rows: Any, **changes: Any) -> int:
    """End the lease of those of `rows` that are still ours, make `changes` to them, and return
    how many they were.
    """
    return still_held(*rows).update(leased_until=None, **changes)


def renewer(row: Any, *, lease: timedelta, every_seconds: float) -> Callable[..., None]:
    """Return a function to call while work on `row` goes on.

    It renews the lease, at most every `every_seconds`, and saves the changes that it is called
    with, such as progress. Raises LeaseLost.
    """
    renewed = time.monotonic()

    def renew(**changes: Any) -> None:
        nonlocal renewed
        if time.monotonic() - renewed < every_seconds:
            return
        renewed = time.monotonic()
        if not still_held(row).update(leased_until=Now() + lease, **changes):
            raise LeaseLost
        row.refresh_from_db(fields=["leased_until"])

    return renew
