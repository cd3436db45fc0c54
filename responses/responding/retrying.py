"""Emails that could not be delivered: who did not hear from us, and why; and trying them again once the cause is mended."""

from django.db import transaction
from django.db.models import Max, QuerySet
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, User
from responses.models import Confirmation

State = Confirmation.State


def given_up() -> QuerySet[Confirmation]:
    """The confirmations that are not tried any more, the newest response first, each with `last_try_at`."""
    return _with_last_try(State.FAILED)


def being_tried() -> QuerySet[Confirmation]:
    """Those that did not go yet and are tried again by themselves."""
    return _with_last_try(State.WAITING).exclude(reason="")


def _with_last_try(state: str) -> QuerySet[Confirmation]:
    found = Confirmation.objects.filter(state=state).select_related("response").defer("response__choices", "response__texts")
    return found.annotate(last_try_at=Max("tries__at")).order_by("-response_id")


def try_again(*, actor: User, only: int | None = None) -> int:
    """Have what was given up tried again from the beginning: one confirmation by its primary key, or all. Gives how many.

    Where there is no address any more there is nothing to try. What is being tried already is left as it is.
    """
    with transaction.atomic():
        # Locked, so that a button pressed twice, or by two people, does it once.
        found = Confirmation.objects.select_for_update(of=("self",)).filter(state=State.FAILED).exclude(response__contact__email="")
        wanted = list((found.filter(pk=only) if only is not None else found).select_related("response").order_by("pk"))
        for confirmation in wanted:
            confirmation.state, confirmation.attempts = State.WAITING, 0
            confirmation.due_at = confirmation.tried_again_at = Now()
            confirmation.save(update_fields=["state", "attempts", "due_at", "tried_again_at"])
            record(action=Action.CONFIRMATION_RETRIED, actor=actor, subject=confirmation.response.reference)
    return len(wanted)
