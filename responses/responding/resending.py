"""Emails that did not arrive: who did not hear from us and why, trying them again, and correcting
an address.
"""

from django.db import transaction
from django.db.models import Max, QuerySet
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, User
from responses.answers import AnswersRefused
from responses.contacts import read_contact
from responses.ledger import record_event
from responses.models import Confirmation, Contact, DraftLink, LedgerEntry, Response

State = Confirmation.State


class NothingToCorrect(Exception):
    """The confirmation is not given up: it waits, it went, or none was wanted."""


def given_up() -> QuerySet[Confirmation]:
    """The confirmations that are not tried any more, the newest response first, each with
    `last_try_at`.
    """
    return _with_last_try(State.FAILED)


def being_tried() -> QuerySet[Confirmation]:
    """Those that did not go yet and are tried again by themselves."""
    return _with_last_try(State.WAITING).exclude(reason="")


def links_given_up() -> QuerySet[DraftLink]:
    """The links to drafts that are not tried any more, the newest first."""
    found = DraftLink.objects.filter(state=DraftLink.State.FAILED)
    return found.select_related("draft__consultation").order_by("-pk")


def _with_last_try(state: str) -> QuerySet[Confirmation]:
    found = (
        Confirmation.objects.filter(state=state)
        .select_related("response")
        .defer("response__choices", "response__texts")
    )
    return found.annotate(last_try_at=Max("tries__at")).order_by("-response_id")


def try_again(*, actor: User, only: int | None = None) -> int:
    """Have what was given up tried again from the beginning: one confirmation by its primary key,
    or all. Returns how many.

    Where there is no address any more there is nothing to try. What is being tried already is left
    as it is.
    """
    with transaction.atomic():
        # Locked, so that a button pressed twice, or by two people, does it once.
        found = (
            Confirmation.objects.select_for_update(of=("self",))
            .filter(state=State.FAILED)
            .exclude(response__contact__email="")
        )
        wanted = list(
            (found.filter(pk=only) if only is not None else found)
            .select_related("response")
            .order_by("pk")
        )
        for confirmation in wanted:
            confirmation.state, confirmation.attempts = State.WAITING, 0
            confirmation.due_at = confirmation.tried_again_at = Now()
            confirmation.save(update_fields=["state", "attempts", "due_at", "tried_again_at"])
            record(
                action=Action.CONFIRMATION_RETRIED,
                actor=actor,
                subject=confirmation.response.reference,
            )
    return len(wanted)


def correct_address(*, response: Response, email: str) -> None:
    """Send the confirmation of `response` to `email` instead, from now on.

    What was received stays as it was received; the new address stands beside it. Only where the
    confirmation was given up, so that one wrong address costs one more email at most. Raises
    NothingToCorrect, or AnswersRefused with the problem under "email".
    """
    address = read_contact({"email": email})["email"]
    if not address:
        raise AnswersRefused({"email": "Enter an email address like name@example.com."})
    with transaction.atomic():
        # Locked: a button pressed twice finds it waiting the second time.
        current = Confirmation.objects.select_for_update().get(response=response)
        if current.state != Confirmation.State.FAILED or _gone(response):
            raise NothingToCorrect
        Contact.objects.filter(response=response).update(
            corrected_email=address, corrected_at=Now()
        )
        current.state, current.reason, current.attempts, current.due_at = (
            Confirmation.State.WAITING,
            "",
            0,
            Now(),
        )
        current.save(update_fields=["state", "reason", "attempts", "due_at"])
        record_event(response=response, event=LedgerEntry.Event.ADDRESS_CORRECTED)


def _gone(response: Response) -> bool:
    """Whether its contact details were removed before we had the lock that removing
    them takes too.
    """
    return not Contact.objects.filter(response=response).exclude(email="").exists()
