"""Reading one response after another: the next one that is nobody's, and what it means that one
was considered.
"""

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from consult.models import User
from responses.models import CodedAnswer, Coding, Response, Review, ReviewStep
from responses.reviewing.claims import take_first
from responses.reviewing.filters import Filter
from responses.reviewing.matching import matching
from responses.reviewing.reviews import move_review

SAYS_SOMETHING = [Response.Act.SENT, Response.Act.AMENDED]
TO_READ = [Review.State.UNREAD, Review.State.READING]


def left_to_read(wanted: Filter, *, reader: User) -> QuerySet[Response]:
    """Return the responses that fit and on which nobody has decided, in the order of arrival."""
    found = matching(wanted, reader=reader).filter(
        act__in=SAYS_SOMETHING, review__superseded=False, review__state__in=TO_READ
    )
    return found.order_by("pk")


def take_next(wanted: Filter, *, reader: User, after: int = 0) -> Response | None:
    """Return the next response to read after one's id, and take it in hand for `reader`: nobody
    else is given it meanwhile. None if none is left that is free.
    """
    return take_first(left_to_read(wanted, reader=reader), by=reader, after=after)


def decide(*, review: Review, to_state: str, note: str, version: int, by: User) -> ReviewStep:
    """Move a review as `move_review` does. Of a response that was considered, each answer in which
    `by` coded a passage counts as gone through too, and none as seen with another alone.

    Raises what `move_review` does.
    """
    with transaction.atomic():
        step = move_review(review=review, to_state=to_state, note=note, version=version, by=by)
        if to_state == Review.State.CONSIDERED:
            through = CodedAnswer.objects.filter(
                response=OuterRef("response"), question=OuterRef("question"), by=by
            )
            mine = CodedAnswer.objects.filter(response=review.response, by=by)
            mine.update(seen_with=None)
            coded = Coding.objects.filter(response=review.response, by=by, removed_at=None)
            questions = coded.filter(~Exists(through)).order_by().values_list("question", flat=True)
            CodedAnswer.objects.bulk_create(
                (
                    CodedAnswer(response=review.response, question=question, by=by)
                    for question in sorted(set(questions))
                ),
                ignore_conflicts=True,
            )
    return step
