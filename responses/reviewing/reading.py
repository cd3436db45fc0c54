"""The one door for reading a response, and the rule that an action applies to the version that was
read.

A respondent may change a response at any moment. So every form about one carries the number of the
version that its page showed, `as_shown` turns it into that version, and each rule holds it with
`hold_as_shown` while it writes.
"""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, User
from responses.models import Reading, Response, Review

# After this long, someone who opened a response has moved on to another.
RECENTLY = timedelta(minutes=10)


class ChangedSinceOpened(Exception):
    """The page did not show what the respondent says now. `newest` is the version that does."""

    def __init__(self, newest: Response) -> None:
        super().__init__(newest.reference)
        self.newest = newest


def open_response(
    *, reference: str, reader: User, version: int | None = None, question: str = ""
) -> Response:
    """Open one response, its newest version or the one asked for, with everything that belongs to
    it; with `question`, only the answer to that is shown.

    Records who had which version on the screen, and adds it to the trail. Raises
    Response.DoesNotExist.
    """
    with transaction.atomic():
        found = Response.objects.select_related(
            "consultation", "edition", "contact", "confirmation", "review"
        ).filter(reference=reference)
        response = found.latest("version") if version is None else found.get(version=version)
        Reading.objects.update_or_create(
            response=response, by=reader, question=question, defaults={"last_at": Now()}
        )
        Review.objects.filter(response=response, first_read_at__isnull=True).update(
            first_read_at=Now(), first_read_by=reader
        )
        details = {"question": question} if question else {}
        record(
            action=Action.RESPONSE_READ,
            actor=reader,
            subject=reference,
            version=response.version,
            **details,
        )
    return response


def open_answers(*, responses: Sequence[Response], question: str, reader: User) -> None:
    """Record that the answers of all these to one question are on the screen at once: each of them
    is opened, and in the trail, as if by itself.
    """
    with transaction.atomic():
        Reading.objects.bulk_create(
            [
                Reading(response=one, by=reader, question=question, last_at=Now())
                for one in responses
            ],
            update_conflicts=True,
            unique_fields=["response", "by", "question"],
            update_fields=["last_at"],
        )
        unread = Review.objects.filter(response__in=responses, first_read_at__isnull=True)
        held = unread.select_for_update(of=("self",)).order_by("response")
        found = list(held.values_list("pk", flat=True))
        Review.objects.filter(pk__in=found).update(first_read_at=Now(), first_read_by=reader)
        for one in responses:
            record(
                action=Action.RESPONSE_READ,
                actor=reader,
                subject=one.reference,
                version=one.version,
                question=question,
            )


def opened_recently(*, response: Response, reader: User) -> list[Reading]:
    """Return who else had this version on the screen recently, each once, the latest first: they
    may be about to decide.
    """
    newest: dict[int, Reading] = {}
    found = Reading.objects.filter(response=response, last_at__gt=Now() - RECENTLY)
    for reading in found.exclude(by=reader).select_related("by").order_by("-last_at"):
        newest.setdefault(reading.by_id, reading)
    return list(newest.values())


def opened_by(responses: list[Response], reader: User) -> set[int]:
    """Return the ids of those versions that `reader` had on the screen."""
    mine = Reading.objects.filter(response__in=[one.pk for one in responses], by=reader)
    return set(mine.values_list("response_id", flat=True))


def newest_version(reference: str) -> Response:
    """Return what the respondent says now. Raises Response.DoesNotExist."""
    found = Response.objects.select_related(
        "consultation", "edition", "contact", "confirmation", "review"
    ).filter(reference=reference)
    return found.latest("version")


def as_shown(*, reference: str, shown: str) -> Response:
    """Return the version that a page showed, by the number in its form.

    Raises Response.DoesNotExist, and ChangedSinceOpened if there is a newer one or the form has no
    number.
    """
    newest = newest_version(reference)
    if shown != str(newest.version):
        raise ChangedSinceOpened(newest)
    return newest


def hold_as_shown(response: Response) -> Review:
    """Keep the respondent from changing `response`, the version on someone's page, until this
    transaction ends. Returns its review, locked.

    Raises ChangedSinceOpened if there is a newer version already or it was erased: nothing is added
    to that.
    """
    # An amendment writes the row of the version that it replaces: one of the two waits here.
    review = Review.objects.select_for_update(of=("self",)).get(response=response)
    if review.superseded or response.act == Response.Act.ERASED:
        raise ChangedSinceOpened(newest_version(response.reference))
    return review


def saw_an_earlier_version(*, response: Response, reader: User) -> bool:
    """Tell whether `reader` has had an earlier version of `response` on the screen, but not this
    one.
    """
    seen = Reading.objects.filter(response__reference=response.reference, by=reader).aggregate(
        version=Max("response__version")
    )["version"]
    return seen is not None and seen < response.version
