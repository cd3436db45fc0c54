"""How often something may be done. Generous where many share one address, and counted in the database, for all processes alike."""

import hashlib
import hmac
from datetime import timedelta

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
    """Whether `key` did what `limit` names as often as it may, or what `counted_as` names, where that is another limit's."""
    most, seconds = settings.LIMITS[limit]
    lately = Hit.objects.filter(limit=counted_as or limit, key=_hashed(key), at__gt=Now() - timedelta(seconds=seconds))
    # No more rows are counted than the answer needs.
    return lately[:most].count() >= most


def refuse_over_limit(*, limit: str, key: str) -> None:
    """Raise OverLimit where `key` did what `limit` names as often as it may. Trying again does not make it longer."""
    if is_over(limit=limit, key=key):
        raise OverLimit(settings.LIMITS[limit][1])


def count_hit(*, limit: str, key: str) -> None:
    """That `key` did it once more."""
    Hit.objects.create(limit=limit, key=_hashed(key))


def count_refusal(*, reason: str) -> None:
    """That somebody was refused, for the figures of those who watch. `reason` is one of ours."""
    Hit.objects.create(limit="refused", key=reason)


def refusals() -> dict[str, int]:
    """How often something was refused in the last two days, by reason."""
    return dict(Hit.objects.filter(limit="refused").order_by().values_list("key").annotate(Count("pk")))


def forget_hits() -> int:
    """Remove what no limit counts any more; how many there were."""
    return Hit.objects.filter(at__lt=Now() - FORGET_AFTER).delete()[0]


def _hashed(key: str) -> str:
    return hmac.digest(settings.SECRET_KEY.encode(), key.encode("utf-8", "surrogatepass"), hashlib.sha256).hex()
