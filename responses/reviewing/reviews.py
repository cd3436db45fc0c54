"""Reviewing responses: paging through them, and moving one through its states.

Nothing here changes a response.
"""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, User
from responses.models import Response, Review, ReviewStep
from responses.reviewing.filters import Filter, written
from responses.reviewing.matching import Found
from responses.reviewing.reading import hold_as_shown

PAGE = 50
COUNT_CAP = 10_000

State = Review.State
# The moves that each state allows.
MOVES = {
    State.UNREAD: [State.READING, State.CONSIDERED, State.SET_ASIDE],
    State.READING: [State.CONSIDERED, State.SET_ASIDE, State.UNREAD],
    State.CONSIDERED: [State.READING],
    State.SET_ASIDE: [State.READING],
}


class ReviewMovedOn(Exception):
    """Someone else moved it since this page was opened. `last` is their step."""

    def __init__(self, last: ReviewStep) -> None:
        super().__init__(f"moved by {last.by}")
        self.last = last


class NotAMove(ValueError):
    """The transition table does not allow this move."""


class ReasonMissing(ValueError):
    """Setting a response aside, or adding a note, needs words."""


@dataclass(frozen=True)
class Page:
    """One page of the list.

    `newer` and `older` are the ids to continue from, None at the ends; `count` is capped.
    """

    rows: list[Response]
    newer: int | None
    older: int | None
    count: int
    capped: bool


def turn_page(found: Found, *, before: int | None = None, after: int | None = None) -> Page:
    """Return the newest page of `found`, or the one `before` (older than) or `after` (newer than) a
    response's id. No OFFSET.
    """
    if after is not None:
        chosen = list(_with_reviews(found.newer_than(after))[: PAGE + 1])
        more_newer, more_older = len(chosen) > PAGE, True
        chosen = chosen[:PAGE][::-1]
    else:
        chosen = list(
            _with_reviews(found.responses if before is None else found.older_than(before))[
                : PAGE + 1
            ]
        )
        more_newer, more_older = before is not None, len(chosen) > PAGE
        chosen = chosen[:PAGE]
    count = found.responses.order_by()[: COUNT_CAP + 1].count()
    return Page(
        rows=chosen,
        newer=chosen[0].pk if chosen and more_newer else None,
        older=chosen[-1].pk if chosen and more_older else None,
        count=min(count, COUNT_CAP),
        capped=count > COUNT_CAP,
    )


def _with_reviews(rows: QuerySet[Response]) -> QuerySet[Response]:
    return rows.select_related("review", "consultation")


def neighbours(found: Found, response: Response) -> tuple[str | None, str | None]:
    """Return the references of the next newer and next older response in `found`."""
    newer = found.newer_than(response.pk).values_list("reference", flat=True).first()
    older = found.older_than(response.pk).values_list("reference", flat=True).first()
    return newer, older


def note_list_read(*, reader: User, wanted: Filter) -> None:
    """Record on the trail that someone looked at the list, and through which filters."""
    record(
        action=Action.LIST_READ, actor=reader, filters=sorted({name for name, _ in written(wanted)})
    )


def move_review(*, review: Review, to_state: str, note: str, version: int, by: User) -> ReviewStep:
    """Move a review to another state, with a note: the one door.

    Records the step and the trail, and increments the version.

    Raises NotAMove, ReasonMissing if it is set aside without a reason, ChangedSinceOpened if the
    respondent changed the response, and ReviewMovedOn if `version` is no longer the review's.
    """
    with transaction.atomic():
        # Two reviewers at once: the second waits here, then sees that the version has changed.
        current = hold_as_shown(review.response)
        if current.version != version:
            raise ReviewMovedOn(current.steps.select_related("by").latest("id"))
        if to_state not in MOVES[State(current.state)]:
            raise NotAMove(to_state)
        check_reason(to_state=to_state, note=note)
        step = ReviewStep.objects.create(
            review=current, by=by, from_state=current.state, to_state=to_state, note=note
        )
        current.state, current.version = to_state, current.version + 1
        current.decided_in_bulk = False
        current.save(update_fields=["state", "version", "decided_in_bulk"])
        Review.objects.filter(pk=current.pk).update(changed_at=Now())
        record(
            action=Action.REVIEW_CHANGED,
            actor=by,
            subject=review.response.reference,
            from_state=step.from_state,
            to_state=to_state,
        )
        return step


def check_reason(*, to_state: str, note: str) -> None:
    """Raise ReasonMissing if a response would be set aside without a reason."""
    if to_state == State.SET_ASIDE and not note.strip():
        raise ReasonMissing


def add_note(*, review: Review, note: str, by: User) -> ReviewStep:
    """Add a note to a response. Two notes at once both stay.

    Raises ReasonMissing if it is empty, and ChangedSinceOpened.
    """
    if not note.strip():
        raise ReasonMissing
    with transaction.atomic():
        current = hold_as_shown(review.response)
        record(action=Action.NOTE_ADDED, actor=by, subject=review.response.reference)
        return ReviewStep.objects.create(
            review=current, by=by, from_state=current.state, to_state=current.state, note=note
        )
