"""Removing an email address that was someone else's, as soon as they say so."""

from django.db import transaction
from django.db.models.functions import Now

from consult.web.rate_limits import give_back_turn, take_turn
from responses.answers import Answers, digest_of
from responses.contacts import as_delivered
from responses.exporting.extracts import remove_extracts_of
from responses.exporting.taking_back import hold_batches, take_back
from responses.ledger import record_event
from responses.models import Confirmation, Contact, Draft, LedgerEntry, Response

Event = LedgerEntry.Event


class NotThisAddress(Exception):
    """No version of the response has that address, or it was removed already."""


def disown_address(*, response: Response, email: str) -> None:
    """Remove `email`, which a respondent gave by mistake, from every version of `response` and from
    changes that were begun: its answers, name and postcode stay.

    No other email goes to it. The ledger has the digest of what is left. Wrong addresses count for
    the response, from any address. Raises NotThisAddress or OverLimit.
    """
    turn = take_turn(limit="proof", key=f"address of {response.reference}")
    versions = Response.objects.filter(reference=response.reference)
    with transaction.atomic():
        # The batches first, as for an erasure; then anyone who sends or corrects waits for us.
        batches = hold_batches(versions)
        emails = Confirmation.objects.select_for_update(of=("self",)).filter(response__in=versions)
        locked = {row.response_id: row for row in emails.order_by("pk")}
        contacts = Contact.objects.filter(response__in=versions).select_related("response")
        theirs = [row for row in contacts.order_by("pk") if _has(row, email)]
        if not theirs:
            raise NotThisAddress
        for contact in theirs:
            _remove(contact, locked[contact.response_id])
        reached = Response.objects.filter(contact__in=theirs)
        Draft.objects.filter(amends__in=versions).delete()
        remove_extracts_of(reached, with_contacts=True)
        theirs_in = set(reached.values_list("membership__batch", flat=True))
        take_back(one for one in batches if one.includes_contacts and one.pk in theirs_in)
    give_back_turn(turn)


def _has(contact: Contact, email: str) -> bool:
    try:
        wanted = as_delivered(email)
    except UnicodeError:
        return False
    given = filter(None, (contact.email, contact.corrected_email))
    return wanted in {as_delivered(address) for address in given}


def _remove(contact: Contact, confirmation: Confirmation) -> None:
    if confirmation.state == Confirmation.State.WAITING:
        confirmation.state, confirmation.leased_until = Confirmation.State.FAILED, None
        confirmation.due_at = Now()
        confirmation.save(update_fields=["state", "leased_until", "due_at"])
        record_event(response=contact.response, event=Event.CONFIRMATION_FAILED)
    one = contact.response
    left = {"name": contact.name, "email": "", "postcode_district": contact.postcode_district}
    LedgerEntry.objects.create(
        response=one,
        event=Event.ADDRESS_REMOVED,
        digest=digest_of(answers=Answers(one.choices, one.texts), contact=left),
    )
