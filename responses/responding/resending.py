"""Emails that did not arrive: who did not hear from us and why, trying again, and correcting an
address.
"""

from django.db import transaction
from django.db.models import Max, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from consult.auditing import record
from consult.models import Action, User
from responses.answers import AnswersRefused
from responses.contacts import read_contact
from responses.ledger import record_event
from responses.models import Confirmation, Contact, DraftLink, LedgerEntry, Reminder, Response

State = Confirmation.State
# Taken by the mail server or not, it did not reach its reader, or they did not want it.
NOT_REACHED = (State.FAILED, State.RETURNED, State.COMPLAINED)


class NothingToCorrect(Exception):
    """The confirmation has not been given up: it is waiting, was sent, or was not wanted."""


def given_up() -> QuerySet[Confirmation]:
    """Return the confirmations that are no longer tried, newest response first, each with
    `last_try_at`.
    """
    return _with_last_try(*NOT_REACHED)


def being_tried() -> QuerySet[Confirmation]:
    """Return those that have failed so far and are still being tried."""
    return _with_last_try(State.WAITING).exclude(reason="")


def links_given_up() -> QuerySet[DraftLink]:
    """Return the links to drafts that are no longer tried, newest first."""
    found = DraftLink.objects.filter(state__in=NOT_REACHED)
    return found.select_related("draft__consultation").order_by("-pk")


def reminders_given_up() -> QuerySet[Reminder]:
    """The reminders that are not tried any more, the newest first."""
    found = Reminder.objects.filter(state__in=NOT_REACHED)
    return found.select_related("request__draft__consultation").order_by("-pk")


def _with_last_try(*states: str) -> QuerySet[Confirmation]:
    found = (
        Confirmation.objects.filter(state__in=states)
        .select_related("response")
        .defer("response__choices", "response__texts")
    )
    return found.annotate(last_try_at=Max("tries__at")).order_by("-response_id")


def try_again(*, actor: User, only: int | None = None) -> int:
    """Start trying again: one given-up confirmation by its primary key, or all. Returns how many.

    One whose address was removed, whose reader called it unwanted, or that is still being tried, is
    left as it is.
    """
    with transaction.atomic():
        # Locked, so that a button pressed twice, or by two people, does it once.
        found = (
            Confirmation.objects.select_for_update(of=("self",))
            .filter(state__in=[State.FAILED, State.RETURNED])
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
            confirmation.sent_at = None
            changed = ["state", "attempts", "due_at", "tried_again_at", "sent_at"]
            confirmation.save(update_fields=changed)
            record(
                action=Action.CONFIRMATION_RETRIED,
                actor=actor,
                subject=confirmation.response.reference,
            )
    return len(wanted)


def correct_address(*, response: Response, email: str) -> None:
    """Send the confirmation of `response` to `email` instead.

    What was received stays unchanged; the new address is stored beside it. Only for a confirmation
    that was given up, so that one wrong address causes at most one more email.

    Raises NothingToCorrect, or AnswersRefused with the problem under "email".
    """
    address = read_contact({"email": email})["email"]
    if not address:
        raise AnswersRefused({"email": _("Enter an email address like name@example.com.")})
    with transaction.atomic():
        # Locked: a button pressed twice finds it waiting the second time.
        current = Confirmation.objects.select_for_update().get(response=response)
        if current.state not in NOT_REACHED or address_is_gone(response):
            raise NothingToCorrect
        Contact.objects.filter(response=response).update(
            corrected_email=address, corrected_at=Now()
        )
        current.state, current.reason, current.attempts = State.WAITING, "", 0
        current.due_at, current.sent_at = Now(), None
        current.save(update_fields=["state", "reason", "attempts", "due_at", "sent_at"])
        record_event(response=response, event=LedgerEntry.Event.ADDRESS_CORRECTED)


def address_is_gone(response: Response) -> bool:
    """Tell whether its contact details were removed before we got the lock that removing them takes
    too.
    """
    return not Contact.objects.filter(response=response).exclude(email="").exists()
