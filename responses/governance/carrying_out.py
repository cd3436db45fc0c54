"""What a second person confirms is carried out at once: as it was asked for, once, or not at all.

Only what ends on someone's screen or disk, such as a one-time password or a file, waits for the
one who asked: nobody else may see it.
"""

from collections.abc import Callable

from django.db import transaction

from consult.models import Consultation, SecondPersonRequest, TwoPersonAct, User
from consult.staff.accounts import (
    ContactsNotGranted,
    LastAdministrator,
    change_staff,
    create_staff,
    reset_password,
)
from consult.staff.second_person import (
    NotYoursToDecide,
    SecondPersonNeeded,
    decide,
    may_confirm,
)
from responses.deciding.outcomes import NothingDecided, publish_outcomes
from responses.governance.erasing import ErasedAlready, NoSuchReference, erase_response
from responses.governance.erasing_unsent import erase_unsent
from responses.governance.personal_data import NothingAboutThem
from responses.reviewing.petitions import forget_organisers
from responses.reviewing.publication import publish_set

State = SecondPersonRequest.State
# What makes a request one that cannot be carried out any more.
OVERTAKEN = (
    SecondPersonNeeded,
    ContactsNotGranted,
    LastAdministrator,
    ErasedAlready,
    NoSuchReference,
    NothingAboutThem,
    NothingDecided,
    User.DoesNotExist,
    Consultation.DoesNotExist,
)


class ChangedSinceAsked(Exception):
    """What it is about was changed since it was asked for, so nothing was done."""


def confirm_request(*, pk: int, actor: User) -> SecondPersonRequest:
    """Confirm someone's request and carry it out, as the person who asked for it.

    One transaction, so that it happens as it was asked for or not at all: if anything about it was
    changed since, the request counts as refused. Raises ChangedSinceAsked, NotYoursToDecide and
    DecidedAlready.
    """
    try:
        with transaction.atomic():
            request = decide(pk=pk, confirm=True, actor=actor)
            if not may_confirm(request.asked_by, request.act) or not request.asked_by.is_active:
                # The one who asked could not do it any more.
                raise _overtaken(request)
            if not for_their_eyes(request):
                CARRY_OUT[TwoPersonAct(request.act)](request)
                request.refresh_from_db()
                if request.state != State.USED:
                    # It is so already: someone else has done it.
                    raise _overtaken(request)
    except OVERTAKEN as reason:
        decide(pk=pk, confirm=False, actor=actor, because="changed since it was asked for")
        raise ChangedSinceAsked from reason
    return request


def _overtaken(request: SecondPersonRequest) -> SecondPersonNeeded:
    return SecondPersonNeeded(act=TwoPersonAct(request.act), subject=request.subject, details={})


def for_their_eyes(request: SecondPersonRequest) -> bool:
    """Whether only the one who asked may see what comes of it."""
    secret = {"new account", "new one-time password"}
    return request.act in {TwoPersonAct.TAKE_CONTACTS, TwoPersonAct.HAND_OVER} or bool(
        secret & request.details.keys()
    )


def makes_password(request: SecondPersonRequest) -> bool:
    return request.act == TwoPersonAct.CHANGE_RIGHTS and for_their_eyes(request)


def make_password(*, pk: int, actor: User) -> tuple[User, str]:
    """Create the account, or the one-time password, that was confirmed for `actor`.

    Returns the account and its password. Raises NotYoursToDecide if there is no such request, and
    SecondPersonNeeded if it was done already.
    """
    request = SecondPersonRequest.objects.filter(pk=pk, asked_by=actor).first()
    if request is None or request.state != State.CONFIRMED or not makes_password(request):
        raise NotYoursToDecide
    if "new account" in request.details:
        return create_staff(username=request.subject, role=request.details["role"], actor=actor)
    user = User.objects.get(username=request.subject)
    phone_too = request.details["forget the phone"]
    return user, reset_password(user=user, actor=actor, phone_too=phone_too)


def _change_rights(request: SecondPersonRequest) -> None:
    details = request.details
    change_staff(
        user=User.objects.get(username=request.subject),
        role=details["role"],
        is_active=details["is_active"],
        takes_contacts=details["takes_contacts"],
        actor=request.asked_by,
    )


def _erase(request: SecondPersonRequest) -> None:
    details = request.details
    if "petitions" in details:
        asked_by = request.asked_by
        forget_organisers(details["petitions"], actor=asked_by, why=details["why"])
    elif "drafts" in details:
        erase_unsent(
            drafts=details["drafts"],
            letters=details["letters"],
            rows=details.get("rows", []),
            actor=request.asked_by,
            why=details["why"],
        )
    else:
        erase_response(reference=request.subject, actor=request.asked_by, why=details["why"])


def _publish(request: SecondPersonRequest) -> None:
    consultation = Consultation.objects.get(slug=request.subject)
    if "decisions" in request.details:
        publish_outcomes(consultation=consultation, by=request.asked_by)
    else:
        publish_set(consultation=consultation, by=request.asked_by)


CARRY_OUT: dict[TwoPersonAct, Callable[[SecondPersonRequest], None]] = {
    TwoPersonAct.CHANGE_RIGHTS: _change_rights,
    TwoPersonAct.ERASE: _erase,
    TwoPersonAct.PUBLISH: _publish,
}
