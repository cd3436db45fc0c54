"""The confirmations of responses that are taken back in: nobody is written to twice."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import make_msgid
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from responses.governance.outside import Outside
from responses.models import Confirmation, ConfirmationAttempt, LedgerEntry, Response

ADDRESS_LOST = "The address was lost with the database; the batch that it came back from has none."


def return_email(
    response: Response, known: Mapping[str, Any], address: str, confirmed_at: str | None
) -> None:
    """The confirmation as far as it got: a person is not written to twice, and one whose address
    is lost counts as not reached.
    """
    email = Confirmation.objects.create(
        response=response,
        state=Confirmation.State.WAITING if address else Confirmation.State.NOT_WANTED,
        message_id=known.get("message_id")
        or make_msgid(domain=urlsplit(settings.SITE_URL).hostname),
        created_at=response.received_at,
    )
    if confirmed_at is not None:
        note_confirmed(email, datetime.fromisoformat(confirmed_at))
    elif known.get("email_wanted") and not address:
        email.state, email.reason = Confirmation.State.FAILED, ADDRESS_LOST
        email.save(update_fields=["state", "reason"])
        LedgerEntry.objects.create(
            response=response, event=LedgerEntry.Event.CONFIRMATION_FAILED, digest=response.digest
        )


def note_confirmed(email: Confirmation, at: datetime) -> None:
    """Have a confirmation say that it went, as the journal does. Needs a transaction."""
    ConfirmationAttempt.objects.create(
        confirmation=email, at=at, outcome="sent", detail="By the journal."
    )
    email.state, email.sent_at, email.leased_until, email.reason = (
        Confirmation.State.SENT,
        at,
        None,
        "",
    )
    email.save(update_fields=["state", "sent_at", "leased_until", "reason"])
    LedgerEntry.objects.create(
        response=email.response,
        event=LedgerEntry.Event.CONFIRMED,
        at=at,
        digest=email.response.digest,
    )


def settle_emails(outside: Outside) -> int:
    """Mark what went, by the journal, and what the database still means to send. How many."""
    settled = 0
    waiting = Confirmation.objects.filter(state=Confirmation.State.WAITING)
    for email in waiting.select_related("response").order_by("pk"):
        at = outside.confirmed.get((email.response.reference, email.response.version))
        if at is None:
            continue
        with transaction.atomic():
            current = Confirmation.objects.select_for_update().get(pk=email.pk)
            if current.state != Confirmation.State.WAITING:
                continue
            note_confirmed(current, datetime.fromisoformat(at))
            settled += 1
    return settled
