"""How often something may be done.

Generous where many share one address, and counted in the database, for all processes alike.
"""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import Now

from consult.models import Hit

FORGET_AFTER = timedelta(days=2)


class OverLimit(Exception):
    """It was done too often lately. `seconds` is the time over which the limit counts."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"over the limit of {seconds} seconds")
        self.seconds = seconds


def is_over(*, limit: str, key: str, counted_as: str = "") -> bool:
    """Whether `key` did what `limit` names as often as it may, or what `counted_as` names, where
    that is another limit's.
    """
    most, seconds = settings.LIMITS[limit]
    lately = Hit.objects.filter(
        limit=counted_as or limit, key=_hashed(key), at__gt=Now() - timedelta(seconds=seconds)
    )
    # No more rows are counted than the answer needs.
    return lately[:most].count() >= most


def refuse_over_limit(*, limit: str, key: str) -> None:
    """Raise OverLimit where `key` did what `limit` names as often as it may.

    Trying again does not make it longer.
    """
    if is_over(limit=limit, key=key):
        raise OverLimit(settings.LIMITS[limit][1])


def over_until(*, limit: str, key: str) -> datetime | None:
    """Until when `key` is over `limit`; None where it is not."""
    most, seconds = settings.LIMITS[limit]
    lately = Hit.objects.filter(
        limit=limit, key=_hashed(key), at__gt=Now() - timedelta(seconds=seconds)
    ).order_by("-at")
    # It is over while so many are counted, so until the last of these is too old.
    deciding = list(lately.values_list("at", flat=True)[:most])
    return deciding[-1] + timedelta(seconds=seconds) if len(deciding) == most else None


def which_are_over(*, limit: str, keys: Iterable[str]) -> set[str]:
    """Those of `keys` that are over `limit`, asked at once."""
    most, seconds = settings.LIMITS[limit]
    lately = (
        Hit.objects.filter(limit=limit, at__gt=Now() - timedelta(seconds=seconds))
        .order_by()
        .values("key")
        .annotate(hits=Count("pk"))
    )
    over = set(lately.filter(hits__gte=most).values_list("key", flat=True))
    return {key for key in keys if _hashed(key) in over}


def forgive(*, limit: str, key: str) -> bool:
    """Count nothing any more of what `key` did. Whether there was anything."""
    return bool(Hit.objects.filter(limit=limit, key=_hashed(key)).delete()[0])


def count_hit(*, limit: str, key: str) -> None:
    """That `key` did it once more."""
    Hit.objects.create(limit=limit, key=_hashed(key))


def count_refusal(*, reason: str) -> None:
    """That somebody was refused, for the figures of those who watch. `reason` is one of ours."""
    Hit.objects.create(limit="refused", key=reason)


def refusals() -> dict[str, int]:
    """How often something was refused in the last two days, by reason."""
    return dict(
        Hit.objects.filter(limit="refused").order_by().values_list("key").annotate(Count("pk"))
    )


def forget_hits() -> int:
    """Remove what no limit counts any more; how many there were."""
    return Hit.objects.filter(at__lt=Now() - FORGET_AFTER).delete()[0]


def _hashed(key: str) -> str:
    return hmac.digest(
        settings.SECRET_KEY.encode(), key.encode("utf-8", "surrogatepass"), hashlib.sha256
    ).hex()
