"""How often something may be done, counted in the database so that all processes count together.

The limits are generous, because many people can share one address.
"""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count
from django.db.models.functions import Now

from consult.models import Hit

FORGET_AFTER = timedelta(days=2)


class OverLimit(Exception):
    """It was done too often recently. `seconds` is the period over which the limit counts."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"over the limit of {seconds} seconds")
        self.seconds = seconds


def is_over(*, limit: str, key: str, counted_as: str = "") -> bool:
    """Tell whether `key` has reached `limit`.

    If `counted_as` is given, that limit's hits are counted against this one's maximum.
    """
    most, seconds = settings.LIMITS[limit]
    recent = Hit.objects.filter(
        limit=counted_as or limit, key=_hashed(key), at__gt=Now() - timedelta(seconds=seconds)
    )
    # Counts no more rows than it needs to.
    return recent[:most].count() >= most


def take_turn(*, limit: str, key: str) -> int:
    """Count that `key` does it once more, and return the count's id for `give_back_turn`.

    Counted and decided in one step: however many come at once, no more get a turn than the limit
    allows. Raises OverLimit, and then counts nothing, so trying again does not extend the wait.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Held until the end of the transaction: the next one counts this turn too.
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{limit} {_hashed(key)}"]
            )
        if is_over(limit=limit, key=key):
            raise OverLimit(settings.LIMITS[limit][1])
        return Hit.objects.create(limit=limit, key=_hashed(key)).pk


def give_back_turn(turn: int) -> None:
    """Stop counting a turn: what it was taken for did not happen, or does not count."""
    Hit.objects.filter(pk=turn).delete()


def over_until(*, limit: str, key: str) -> datetime | None:
    """Return until when `key` is over `limit`, or None if it is not."""
    most, seconds = settings.LIMITS[limit]
    recent = Hit.objects.filter(
        limit=limit, key=_hashed(key), at__gt=Now() - timedelta(seconds=seconds)
    ).order_by("-at")
    # It stays over until the last of these is too old to count.
    deciding = list(recent.values_list("at", flat=True)[:most])
    return deciding[-1] + timedelta(seconds=seconds) if len(deciding) == most else None


def which_are_over(*, limit: str, keys: Iterable[str]) -> set[str]:
    """Return those of `keys` that are over `limit`, in one query."""
    most, seconds = settings.LIMITS[limit]
    recent = (
        Hit.objects.filter(limit=limit, at__gt=Now() - timedelta(seconds=seconds))
        .order_by()
        .values("key")
        .annotate(hits=Count("pk"))
    )
    over = set(recent.filter(hits__gte=most).values_list("key", flat=True))
    return {key for key in keys if _hashed(key) in over}


def forgive(*, limit: str, key: str) -> bool:
    """Forget every hit of `key`. Returns whether there were any."""
    return bool(Hit.objects.filter(limit=limit, key=_hashed(key)).delete()[0])


def count_refusal(*, reason: str) -> None:
    """Record a refusal, for the metrics. `reason` is one of ours, never a user's text."""
    Hit.objects.create(limit="refused", key=reason)


def refusals() -> dict[str, int]:
    """Return how many requests were refused in the last two days, by reason."""
    return dict(
        Hit.objects.filter(limit="refused").order_by().values_list("key").annotate(Count("pk"))
    )


def note_missing_address() -> None:
    """Record that our proxy did not say where a request came from, for the doctor."""
    Hit.objects.create(limit="proxy", key="no address")


def addresses_missing() -> bool:
    """Tell whether our proxy left out where a request came from, in the last hour."""
    return Hit.objects.filter(limit="proxy", at__gt=Now() - timedelta(hours=1)).exists()


def forget_hits() -> int:
    """Delete the hits that no limit counts any longer. Returns how many there were.

    Guesses about one response count for longer than the rest. None of them is of an address.
    """
    longer = timedelta(seconds=settings.LIMITS["proof"][1])
    old = Hit.objects.filter(at__lt=Now() - FORGET_AFTER)
    return old.exclude(limit="proof", at__gte=Now() - longer).delete()[0]


def _hashed(key: str) -> str:
    return hmac.digest(
        settings.SECRET_KEY.encode(), key.encode("utf-8", "surrogatepass"), hashlib.sha256
    ).hex()
