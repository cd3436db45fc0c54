"""The confirmations of recovered responses: nobody gets the same email twice."""

from collections.abc import Sequence
from datetime import datetime
from email.utils import make_msgid
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from responses.governance.outside import Line, Outside
from responses.models import Confirmation, ConfirmationAttempt, LedgerEntry, Response

ADDRESS_LOST = "The address was lost with the database; the batch that it came back from has none."
State = Confirmation.State


def write_emails(versions: Sequence[tuple[Response, Line, str]], outside: Outside) -> None:
    """Write the confirmation of each version, as far as it got: with what the journal says about
    it, and the recovered address, which may be empty. Nobody gets an email twice, and a person
    whose address is lost counts as not reached. Needs a transaction.
    """
    emails = [_email_of(response, known, address, outside) for response, known, address in versions]
    Confirmation.objects.bulk_create(emails)
    went = [(email, email.sent_at) for email in emails if email.sent_at is not None]
    ConfirmationAttempt.objects.bulk_create(_attempt(email, at) for email, at in went)
    LedgerEntry.objects.bulk_create(_entry(email, at) for email, at in went)
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            response=email.response,
            event=LedgerEntry.Event.CONFIRMATION_FAILED,
            digest=email.response.digest,
        )
        for email in emails
        if email.state == State.FAILED
    )


def _email_of(response: Response, known: Line, address: str, outside: Outside) -> Confirmation:
    email = Confirmation(
        response=response,
        message_id=known.get("message_id")
        or make_msgid(domain=urlsplit(settings.SITE_URL).hostname),
        created_at=response.received_at,
    )
    email.sent_at = outside.confirmed.get(email.message_id)
    if email.sent_at is not None:
        email.state, email.tries_made = State.SENT, 1
    elif known.get("email_wanted", True) and address:
        email.state = State.WAITING
    elif known.get("email_wanted"):
        email.state, email.reason = State.FAILED, ADDRESS_LOST
    else:
        email.state = State.NOT_WANTED
    return email


def _attempt(email: Confirmation, at: datetime) -> ConfirmationAttempt:
    return ConfirmationAttempt(
        confirmation=email, at=at, outcome="sent", detail="According to the journal."
    )


def _entry(email: Confirmation, at: datetime) -> LedgerEntry:
    response, went = email.response, LedgerEntry.Event.CONFIRMED
    return LedgerEntry(response=response, event=went, at=at, digest=response.digest)


def settle_emails(outside: Outside) -> int:
    """Mark as sent what the journal says was sent, among what the database still means to send or
    says could not be sent.

    Returns how many.
    """
    settled = 0
    unsent = Confirmation.objects.filter(state__in=[State.WAITING, State.FAILED])
    for pk, message_id in unsent.order_by("pk").values_list("pk", "message_id"):
        if (at := outside.confirmed.get(message_id)) and _note_confirmed(pk, at):
            settled += 1
    return settled


def _note_confirmed(pk: int, at: datetime) -> bool:
    with transaction.atomic():
        email = Confirmation.objects.select_for_update(of=("self",)).get(pk=pk)
        if email.state not in {State.WAITING, State.FAILED}:
            return False
        email.state, email.sent_at, email.leased_until, email.reason = State.SENT, at, None, ""
        email.tries_made += 1
        email.save(update_fields=["state", "sent_at", "leased_until", "reason", "tries_made"])
        _attempt(email, at).save(force_insert=True)
        _entry(email, at).save(force_insert=True)
    return True
