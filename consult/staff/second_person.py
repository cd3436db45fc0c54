"""Acts that no single person should do: another one has to confirm them first.

Only if SECOND_PERSON is on. The rule of such an act calls `require_second_person` in its
transaction, so there is no way round it. `consult.staff.access.staff_only` turns any refusal into a
request; confirming it carries it out.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, Right, SecondPersonRequest, TwoPersonAct, User

State = SecondPersonRequest.State
# What someone needs in order to confirm an act: the right to do it themselves.
RIGHTS_TO_CONFIRM = {
    TwoPersonAct.CHANGE_RIGHTS: Right.MANAGE_STAFF,
    TwoPersonAct.TAKE_CONTACTS: Right.TAKE_CONTACTS,
    TwoPersonAct.HAND_OVER: Right.ANSWER_REQUESTS,
    TwoPersonAct.ERASE: Right.ANSWER_REQUESTS,
    TwoPersonAct.PUBLISH: Right.PUBLISH_RESPONSES,
}
# How long a confirmation is good for, and how long a request waits for one.
GOOD_FOR = timedelta(days=1)


class SecondPersonNeeded(Exception):
    """Another person has to confirm this act first."""

    def __init__(self, *, act: TwoPersonAct, subject: str, details: dict[str, object]) -> None:
        super().__init__(f"{act}: {subject}")
        self.act, self.subject, self.details = act, subject, details


class NotYoursToDecide(Exception):
    """It was this person's own request, or they do not have the right that it needs."""


class DecidedAlready(Exception):
    """Someone else decided it first, or it waited too long."""


def require_second_person(
    *,
    act: TwoPersonAct,
    actor: User | None,
    subject: str,
    once: bool = True,
    details: dict[str, object] | None = None,
) -> None:
    """Raise SecondPersonNeeded unless another person has confirmed exactly this in the last day.

    Call it in the transaction of the act: a confirmation is used up by the act that succeeds or, if
    not `once`, is good for the whole day, as for a download that is continued. `actor` is None if
    the service or someone at the machine itself acts: neither needs a second person.
    """
    if not settings.SECOND_PERSON or actor is None:
        return
    details = details or {}
    same = {"act": act, "subject": subject, "details": details, "asked_by": actor}
    with transaction.atomic():
        confirmed = _recent().filter(**same, state=State.CONFIRMED)
        for request in confirmed.select_for_update(of=("self",)):
            if may_confirm(request.decided_by, act):
                if once:
                    request.state = State.USED
                    request.save(update_fields=["state"])
                return
    raise SecondPersonNeeded(act=act, subject=subject, details=details)


def may_confirm(user: User | None, act: str) -> bool:
    return user is not None and user.may(RIGHTS_TO_CONFIRM[TwoPersonAct(act)])


def confirms_anything(user: User) -> bool:
    """Whether this person can confirm any act of others."""
    return any(may_confirm(user, act) for act in TwoPersonAct)


def ask_second_person(*, needed: SecondPersonNeeded, actor: User) -> SecondPersonRequest:
    """Return the request that others can confirm: the same one, while it waits."""
    wanted = {"act": needed.act, "subject": needed.subject, "details": needed.details}
    with transaction.atomic():
        # Two clicks at once: the second waits here and finds the first one's request.
        User.objects.select_for_update(no_key=True).get(pk=actor.pk)
        waiting = _recent().filter(**wanted, asked_by=actor, state=State.WAITING).first()
        if waiting:
            return waiting
        request = SecondPersonRequest.objects.create(**wanted, asked_by=actor)
        record(
            action=Action.SECOND_PERSON_ASKED,
            actor=actor,
            subject=needed.subject,
            act=needed.act,
            **needed.details,
        )
    return request


def decide(*, pk: int, confirm: bool, actor: User, because: str = "") -> SecondPersonRequest:
    """Confirm or refuse someone else's request, `because` of what is on the trail then.

    Raises NotYoursToDecide and DecidedAlready.
    """
    with transaction.atomic():
        request = (
            _recent().select_for_update(of=("self",)).filter(pk=pk, state=State.WAITING).first()
        )
        if request is None:
            raise DecidedAlready
        if request.asked_by == actor or not may_confirm(actor, request.act):
            raise NotYoursToDecide
        request.state = State.CONFIRMED if confirm else State.REFUSED
        request.decided_by, request.decided_at = actor, Now()
        request.save(update_fields=["state", "decided_by", "decided_at"])
        record(
            action=Action.SECOND_PERSON_CONFIRMED if confirm else Action.SECOND_PERSON_REFUSED,
            actor=actor,
            subject=request.subject,
            act=request.act,
            asked_by=request.asked_by.get_username(),
            **({"because": because} if because else {}),
            **request.details,
        )
    return request


def to_decide(user: User) -> list[SecondPersonRequest]:
    """Return the requests of others that are waiting for someone like this person, newest first."""
    waiting = _recent().filter(state=State.WAITING).exclude(asked_by=user)
    return [request for request in waiting if may_confirm(user, request.act)]


def asked_by(user: User) -> QuerySet[SecondPersonRequest]:
    """Return what this person asked for in the last day, newest first."""
    return _recent().filter(asked_by=user)


def _recent() -> QuerySet[SecondPersonRequest]:
    return SecondPersonRequest.objects.select_related("asked_by", "decided_by").filter(
        asked_at__gt=Now() - GOOD_FOR
    )
