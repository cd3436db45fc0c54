"""A wrong email address, put right by whoever holds the receipt, so that the confirmation arrives after all."""

from django.db import transaction
from django.db.models.functions import Now

from responses.answers import AnswersRefused
from responses.contacts import read_contact
from responses.ledger import record_event
from responses.models import Confirmation, Contact, LedgerEntry, Response


class NothingToCorrect(Exception):
    """The confirmation is not given up: it waits, it went, or none was wanted."""


def correct_address(*, response: Response, email: str) -> None:
    """Send the confirmation of `response` to `email` instead, from now on.

    What was received stays as it was received; the new address stands beside it. Only where the confirmation was given up,
    so that one wrong address costs one more email at the most. Raises NothingToCorrect, or AnswersRefused with the problem
    under "email".
    """
    address = read_contact({"email": email})["email"]
    if not address:
        raise AnswersRefused({"email": "Enter an email address like name@example.com."})
    with transaction.atomic():
        # Locked: a button pressed twice finds it waiting the second time.
        current = Confirmation.objects.select_for_update().get(response=response)
        if current.state != Confirmation.State.FAILED or _gone(response):
            raise NothingToCorrect
        Contact.objects.filter(response=response).update(corrected_email=address, corrected_at=Now())
        current.state, current.reason, current.attempts, current.due_at = Confirmation.State.WAITING, "", 0, Now()
        current.save(update_fields=["state", "reason", "attempts", "due_at"])
        record_event(response=response, event=LedgerEntry.Event.ADDRESS_CORRECTED)


def _gone(response: Response) -> bool:
    """Whether its contact details were removed before we had the lock that removing them takes too."""
    return not Contact.objects.filter(response=response).exclude(email="").exists()
