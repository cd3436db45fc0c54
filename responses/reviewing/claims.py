"""Who has what in hand: what one reviewer was given, nobody else is given meanwhile."""

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from consult.models import User
from responses.models import Claim, Response

# After this long without a sign of life, someone else may be given it.
LEASE = timedelta(minutes=10)


def take_first(
    candidates: QuerySet[Response], *, by: User, question: str = "", after: int = 0
) -> Response | None:
    """Return the first of `candidates` after a response's id, or else the first of all, that nobody
    else has in hand, and take it in hand. None if there is none.

    What `by` had in hand for the same `question` is given back: one thing at a time.
    """
    others = in_hand().filter(response=OuterRef("pk")).exclude(by=by)
    free = candidates.filter(~Exists(others)).order_by("pk")
    while found := free.filter(pk__gt=after).first() or free.first():
        # Two people at once: one of them is told no, and looks for the next.
        if take(response=found, question=question, by=by):
            return found
    return None


def take(*, response: Response, by: User, question: str = "") -> bool:
    """Take a response in hand for LEASE, or for as long again, to read it or, with `question`, to
    code that answer of it. Whichever it is, nobody else has any of it meanwhile.

    Returns whether `by` has it now; someone else may.
    """
    until = Now() + LEASE
    held = Claim.objects.filter(response=response)
    mine = held.filter(Q(by=by) | Q(until__lt=Now())).update(by=by, question=question, until=until)
    if not mine:
        claim, _new = Claim.objects.get_or_create(
            response=response, defaults={"by": by, "question": question, "until": until}
        )
        if claim.by_id != by.pk:
            return False
    Claim.objects.filter(by=by, question=question).exclude(response=response).delete()
    return True


def held_by(response: Response) -> User | None:
    """Return who has it in hand now."""
    claim = in_hand().filter(response=response).first()
    return claim.by if claim else None


def who_has(responses: QuerySet[Response], *, but: User) -> list[User]:
    """Return who, `but` one, has any of these in hand now."""
    people = in_hand().filter(response__in=responses.order_by().values("pk")).exclude(by=but)
    return list(User.objects.filter(pk__in=people.order_by().values("by")).order_by("username"))


def in_hand() -> QuerySet[Claim]:
    """Return what someone has in hand now: who is here, and with what."""
    found = Claim.objects.filter(until__gte=Now())
    return found.select_related("by", "response").order_by("by__username", "pk")
