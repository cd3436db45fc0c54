"""Rows with work to do, taken in hand by lease: by one worker at a time, free again if it dies.

Such a row has a `state`, "waiting" for as long as there is work to do, and `leased_until`. A worker
claims it, works outside any transaction, and gives it back with what came of it. If its lease ran
out meanwhile, another worker may have the row, so every change is made only to rows whose lease is
still the one under which they were claimed.
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
    """Another worker has the row in hand by now, or nobody wants it any more."""


def claim(due: QuerySet[Row], *, limit: int, lease: timedelta) -> list[Row]:
    """Take in hand the first `limit` waiting rows of `due`, in its order.

    Nobody else gets them before `lease` has run out. Rows that someone has locked are passed over.
    """
    free = due.filter(is_free(), state=WAITING)
    if not free.exists():
        return []  # As usual, and answered without a transaction.
    with transaction.atomic():
        # Two workers at once: SKIP LOCKED gives them different rows, and anyone who comes after the
        # commit sees the lease.
        rows = free.select_related(None).select_for_update(
            skip_locked=True, no_key=True, of=("self",)
        )
        taken = [row.pk for row in rows[:limit]]
        QuerySet(due.model).filter(pk__in=taken).update(leased_until=Now() + lease)
    # Read now that they are ours: what belongs to them, such as an address, may just have changed.
    return list(due.filter(pk__in=taken))


def is_free() -> Q:
    """That nobody has the row in hand."""
    return Q(leased_until=None) | Q(leased_until__lt=Now())


def still_held(*rows: Any) -> QuerySet[Any]:
    """Those of `rows`, all from one claim, that nobody else has claimed since."""
    return QuerySet(type(rows[0])).filter(
        pk__in=[row.pk for row in rows], leased_until=rows[0].leased_until, state=WAITING
    )


def give_back(*rows: Any, **changes: Any) -> int:
    """End the lease of those of `rows` that are still ours, and make `changes` to them.

    Returns how many those were.
    """
    return still_held(*rows).update(leased_until=None, **changes)


def renewer(row: Any, *, lease: timedelta, every_seconds: float) -> Callable[..., None]:
    """Returns what to call while work on `row` goes on.

    It renews the lease, at most every `every_seconds`, and makes the changes that it is called
    with, such as how far the work has got. Raises LeaseLost.
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
