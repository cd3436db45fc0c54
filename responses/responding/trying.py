"""What comes of a try to send an email about a draft, noted on its row."""

from datetime import timedelta

from django.db.models import F, QuerySet
from django.db.models.functions import Now

from consult.leases import give_back
from responses.models import DraftLink, Reminder
from responses.responding.outbox import PAUSES

TRY_FOR = timedelta(hours=24)


def record_sent(row: DraftLink | Reminder) -> None:
    """That the mail server took it. One that came back already stays so."""
    came_back = [row.State.RETURNED, row.State.COMPLAINED]
    QuerySet(type(row)).filter(pk=row.pk).exclude(state__in=came_back).update(
        state=row.State.SENT, leased_until=None, reason="", attempts=F("attempts") + 1
    )


def record_failure(row: DraftLink | Reminder, reason: str, hopeless: bool) -> bool:
    """That it did not go: put off, or given up where no try will help or they went on for
    `TRY_FOR`. Where the lease was lost, what comes of another worker's try counts.

    Returns whether it was given up.
    """
    old = QuerySet(type(row)).filter(pk=row.pk, created_at__lt=Now() - TRY_FOR).exists()
    give_up = hopeless or old
    give_back(
        row,
        state=row.State.FAILED if give_up else row.State.WAITING,
        reason=reason,
        attempts=row.attempts + 1,
        due_at=Now() + PAUSES[min(row.attempts, len(PAUSES) - 1)],
    )
    return give_up
