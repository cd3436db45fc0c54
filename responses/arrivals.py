"""On which day a response reached us: a letter, an email or a call on the day that was written down
with it, and not when someone came to enter or to correct it; anything else when it was sent.
"""

from datetime import date

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce, TruncDate

from consult.clock import LONDON, end_of_day, start_of_day
from responses.models import Response, Transcription

_SENT_ON = TruncDate("received_at", tzinfo=LONDON)
_ONLINE = Q(channel=Response.Channel.ONLINE)


def _letters(**entered: date) -> QuerySet[Transcription]:
    # By the reference: a second keying that was right is a version of its own of the same letter.
    return Transcription.objects.filter(response__reference=OuterRef("reference"), **entered)


# Each day as London has it, for a query over responses.
REACHED_ON = Case(
    When(_ONLINE, then=_SENT_ON),
    default=Coalesce(Subquery(_letters().values("received_on")[:1]), _SENT_ON),
)


def reached_from(day: date) -> Q:
    """That a response reached us on `day` or later."""
    return _either(Q(received_at__gte=start_of_day(day)), received_on__gte=day)


def reached_until(day: date) -> Q:
    """That a response reached us on `day` or earlier."""
    return _either(Q(received_at__lt=end_of_day(day)), received_on__lte=day)


def _either(sent: Q, **entered: date) -> Q:
    # Not by REACHED_ON, which no index has: nearly all responses came online.
    return sent & (_ONLINE | ~Exists(_letters())) | ~_ONLINE & Exists(_letters(**entered))
