"""How far the reading has got: by each person and together, how fast, and when it will be done."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil

from django.db.models import Count, Min, Q
from django.db.models.functions import Now
from django.utils import timezone

from consult.clock import LONDON
from consult.models import Consultation
from responses.current import current_responses
from responses.models import CodedAnswer, Review, ReviewStep

State = Review.State
DECIDED = [State.CONSIDERED, State.SET_ASIDE]
# Over how many days the pace is measured: a week, whatever days people work.
DAYS = 7
# Beyond this many days, about ten years, no day is named.
FAR = 3650


@dataclass(frozen=True)
class Share:
    """What one person did: responses decided on one by one, `in_a_week` of them in the last DAYS
    days, and answers gone through.
    """

    who: str
    decided: int
    in_a_week: int
    answers: int


@dataclass(frozen=True)
class Pace:
    """`in_bulk` of those that are decided were decided with many others. `a_day` responses were
    decided on one by one on each of the last `days` days.
    """

    left: int
    decided: int
    in_bulk: int
    a_day: float
    days: int
    shares: list[Share]

    def done_on(self, today: date) -> date | None:
        """The day on which nothing will be left at this pace, if nothing more arrives; None if
        nobody is at it, or if it is further away than FAR.
        """
        if not self.left:
            return today
        days = ceil(self.left / self.a_day) if self.a_day else None
        return today + timedelta(days=days) if days is not None and days <= FAR else None

    def needed_a_day(self, *, today: date, until: date) -> int | None:
        """How many a day would have to be decided on for nothing to be left by the end of `until`;
        None if that day is over.
        """
        days = (until - today).days + 1
        return ceil(self.left / days) if days > 0 else None


def pace_of(consultation: Consultation) -> Pace:
    """Count how far the reading of a consultation has got."""
    current = Review.objects.filter(response__in=current_responses(consultation).values("pk"))
    counted = current.aggregate(
        left=Count("pk", filter=~Q(state__in=DECIDED)),
        decided=Count("pk", filter=Q(state__in=DECIDED)),
        in_bulk=Count("pk", filter=Q(state__in=DECIDED, decided_in_bulk=True)),
    )
    steps = ReviewStep.objects.filter(
        review__response__consultation=consultation, to_state__in=DECIDED, bulk=None
    )
    since = Q(at__gt=Now() - timedelta(days=DAYS))
    people = (
        steps.order_by()
        .values("by__username")
        .annotate(
            decided=Count("review", distinct=True),
            in_a_week=Count("review", filter=since, distinct=True),
        )
    )
    read = {row["by__username"]: (row["decided"], row["in_a_week"]) for row in people}
    coded = dict(
        CodedAnswer.objects.filter(response__consultation=consultation, seen_with=None)
        .order_by()
        .values_list("by__username")
        .annotate(Count("pk"))
    )
    shares = [
        Share(who, *read.get(who, (0, 0)), coded.get(who, 0)) for who in sorted({*read, *coded})
    ]
    days = _days_at_it(steps.aggregate(first=Min("at"))["first"])
    return Pace(
        **counted,
        a_day=sum(share.in_a_week for share in shares) / days,
        days=days,
        shares=shares,
    )


def _days_at_it(first: datetime | None) -> int:
    """For how many of the last days the pace can be measured: not before anyone began."""
    if first is None:
        return DAYS
    began = first.astimezone(LONDON).date()
    return min(max((timezone.localdate() - began).days + 1, 1), DAYS)
