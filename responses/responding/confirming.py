"""Confirmations: when each is due, and the result of each try."""

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from consult.leases import claim, still_held
from responses.ledger import record_event
from responses.models import Confirmation, ConfirmationAttempt, LedgerEntry
from responses.responding.confirmation_email import build_email
from responses.responding.outbox import PAUSES, Outbox, Tally, send_due, usual_lease
from responses.responding.resending import address_is_gone

TRY_FOR = timedelta(hours=73)
CAME_BACK = (Confirmation.State.RETURNED, Confirmation.State.COMPLAINED)


def send_due_confirmations(*, limit: int = 5000, lease: timedelta | None = None) -> Tally:
    """Send the confirmations that are due; see `send_due`.

    One is given up when no other try can help, or after three days of tries.
    """
    return send_due(CONFIRMATIONS, limit=limit, lease=lease)


def claim_due(*, limit: int, lease: timedelta | None = None) -> list[Confirmation]:
    """Claim up to `limit` due confirmations: no other worker gets them until the lease ends."""
    due = Confirmation.objects.filter(due_at__lte=Now()).order_by("due_at", "pk")
    # Answers are not loaded: nothing that a respondent wrote goes into an email.
    due = due.select_related("response__consultation", "response__contact")
    due = due.defer("response__choices", "response__texts")
    return claim(due, limit=limit, lease=lease or usual_lease())


def _record_sent(confirmation: Confirmation) -> None:
    """Record that the server accepted it: state, try and ledger in one transaction."""
    with transaction.atomic():
        current, still_ours = _current(confirmation)
        detail = (
            ""
            if still_ours
            else (
                "Accepted after our time for it had run out; it may have been sent by another "
                "worker too."
            )
        )
        ConfirmationAttempt.objects.create(confirmation=current, outcome="sent", detail=detail)
        current.tries_made += 1
        changed = ["tries_made"]
        # Accepted counts, even if another worker has the lease by now; the ledger says so once.
        if current.state == Confirmation.State.WAITING:
            current.state, current.reason = Confirmation.State.SENT, ""
            changed += ["state", "reason"]
            changed += _note_accepted(current)
        elif current.state in CAME_BACK and current.sent_at is None:
            # It came back before we got here, and stays so.
            changed += _note_accepted(current)
        current.save(update_fields=changed)


def _note_accepted(current: Confirmation) -> list[str]:
    """Note that the server accepted it. Returns the fields to save."""
    current.sent_at, current.leased_until = Now(), None
    current.attempts += 1
    record_event(response=current.response, event=LedgerEntry.Event.CONFIRMED)
    return ["sent_at", "leased_until", "attempts"]


def _record_failure(confirmation: Confirmation, reason: str, hopeless: bool) -> bool:
    """Put it off, or give it up if no other try can help or they have gone on for `TRY_FOR`."""
    with transaction.atomic():
        current, still_ours = _current(confirmation)
        tries = current.tries.all()
        # Tries at an address since corrected, or before staff asked to try again, do not count.
        if begun_again := [
            at for at in (confirmation.response.contact.corrected_at, current.tried_again_at) if at
        ]:
            tries = tries.filter(at__gte=max(begun_again))
        give_up = hopeless or tries.filter(at__lt=Now() - TRY_FOR).exists()
        ConfirmationAttempt.objects.create(
            confirmation=current,
            outcome="refused" if give_up else "try-again",
            # Removed while the mail server was answering: its words may hold the address.
            detail="" if address_is_gone(confirmation.response) else reason,
        )
        current.tries_made += 1
        changed = ["tries_made"]
        # If the lease was lost, another worker has claimed it, and that worker's result counts.
        if still_ours:
            current.leased_until, current.reason = None, reason
            current.due_at = Now() + PAUSES[min(current.attempts, len(PAUSES) - 1)]
            current.attempts += 1
            if give_up:
                current.state = Confirmation.State.FAILED
                record_event(
                    response=confirmation.response, event=LedgerEntry.Event.CONFIRMATION_FAILED
                )
            changed += ["state", "leased_until", "due_at", "reason", "attempts"]
        current.save(update_fields=changed)
    return bool(give_up)


def _current(confirmation: Confirmation) -> tuple[Confirmation, bool]:
    """Return the row as it is now, locked, and whether our lease on it still holds."""
    current = Confirmation.objects.select_for_update().get(pk=confirmation.pk)
    # Claimed without its answers, and never changed.
    current.response = confirmation.response
    return current, still_held(confirmation).exists()


CONFIRMATIONS = Outbox(
    claim=lambda limit, lease: claim_due(limit=limit, lease=lease),
    address=lambda confirmation: confirmation.response.contact.reachable_at,
    build=build_email,
    sent=_record_sent,
    failed=_record_failure,
)
