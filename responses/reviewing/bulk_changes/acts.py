"""How each kind of change is made to responses whose reviews are locked, and how it is undone."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Now

from consult.models import Action, AuditEntry, User
from responses.models import BulkChange, BulkItem, Reading, Review, ReviewStep
from responses.reviewing.campaigns_many import add_many, remove_many
from responses.reviewing.coding_many import (
    give_code_to_many,
    put_back_taken,
    take_back_given,
    take_code_off_many,
)

Act = BulkChange.Act


def write_steps(
    change: BulkChange,
    reviews: Sequence[Review],
    *,
    by: User,
    note: str,
    to_state: str,
    in_bulk: bool,
) -> None:
    """Record a step that names the change in the history of each review: a note
    if the state stays.
    """
    moves = change.act == Act.MOVE
    ReviewStep.objects.bulk_create(
        (
            ReviewStep(
                review=row,
                by=by,
                from_state=row.state,
                to_state=to_state if moves else row.state,
                note=note,
                bulk=change,
            )
            for row in reviews
        ),
        batch_size=2000,
    )
    if moves:
        rows = Review.objects.filter(pk__in=[row.pk for row in reviews])
        rows.update(
            state=to_state, version=F("version") + 1, changed_at=Now(), decided_in_bulk=in_bulk
        )


def touched(
    change: BulkChange, items: Sequence[BulkItem], reviews: dict[int, Review]
) -> dict[int, str]:
    """Return the responses that were changed again since, which are not put back, and why."""
    found = {
        item.response_id: "superseded" for item in items if reviews[item.response_id].superseded
    }
    if change.act == Act.MOVE:
        found |= {
            item.response_id: "moved-since"
            for item in items
            if reviews[item.response_id].version != item.version + 1
        }
    elif change.act != Act.CAMPAIGN:
        since: QuerySet[Any] = Reading.objects.filter(
            response=OuterRef("response"), last_at__gte=OuterRef("changed_at")
        )
        if change.code:
            since = AuditEntry.objects.filter(
                subject=OuterRef("response__reference"),
                action=Action.ANSWER_CODED,
                at__gte=OuterRef("changed_at"),
                details__question=change.code.question,
            )
        rows = change.items.filter(Exists(since), pk__in=[item.pk for item in items])
        found |= dict.fromkeys(rows.values_list("response_id", flat=True), "moved-since")
    return found


def _move(change: BulkChange, items: Sequence[BulkItem], reviews: dict[int, Review]) -> set[int]:
    return {item.response_id for item in items}  # The steps record the move itself.


def _mark_read(
    change: BulkChange, items: Sequence[BulkItem], reviews: dict[int, Review]
) -> set[int]:
    Review.objects.filter(pk__in=[reviews[item.response_id].pk for item in items]).update(
        marked_read_at=Now()
    )
    return {item.response_id for item in items}


def _give_code(
    change: BulkChange, items: Sequence[BulkItem], reviews: dict[int, Review]
) -> set[int]:
    assert change.code is not None  # noqa: S101
    if change.code.retired:
        return set()
    given = give_code_to_many(
        code=change.code, responses=[item.response_id for item in items], by=change.by
    )
    for item in items:
        if item.response_id in given:
            item.rows = [given[item.response_id]]
    return set(given)


def _take_code_off(
    change: BulkChange, items: Sequence[BulkItem], reviews: dict[int, Review]
) -> set[int]:
    assert change.code is not None  # noqa: S101
    ended = take_code_off_many(
        code=change.code, responses=[item.response_id for item in items], by=change.by
    )
    for item in items:
        item.rows = ended.get(item.response_id, [])
    return set(ended)


def _put_into_campaign(
    change: BulkChange, items: Sequence[BulkItem], reviews: dict[int, Review]
) -> set[int]:
    assert change.campaign is not None  # noqa: S101
    return set(
        add_many(
            campaign=change.campaign, responses=[item.response_id for item in items], by=change.by
        )
    )


def _move_back(
    change: BulkChange, items: Sequence[BulkItem], reviews: dict[int, Review], by: User
) -> set[int]:
    return {item.response_id for item in items}


def _mark_unread(
    change: BulkChange, items: Sequence[BulkItem], reviews: dict[int, Review], by: User
) -> set[int]:
    Review.objects.filter(pk__in=[reviews[item.response_id].pk for item in items]).update(
        marked_read_at=None
    )
    return {item.response_id for item in items}


def _take_given_back(
    change: BulkChange, items: Sequence[BulkItem], reviews: dict[int, Review], by: User
) -> set[int]:
    codings = [pk for item in items for pk in item.rows]
    take_back_given(codings=codings)
    return {item.response_id for item in items}


def _give_taken_back(
    change: BulkChange, items: Sequence[BulkItem], reviews: dict[int, Review], by: User
) -> set[int]:
    put_back_taken(codings=[pk for item in items for pk in item.rows])
    return {item.response_id for item in items}


def _take_out_of_campaign(
    change: BulkChange, items: Sequence[BulkItem], reviews: dict[int, Review], by: User
) -> set[int]:
    assert change.campaign is not None  # noqa: S101
    return set(
        remove_many(campaign=change.campaign, responses=[item.response_id for item in items], by=by)
    )


# How each act is made on responses whose reviews are locked, and how it is undone. Each returns the
# responses that it changed.
DO: dict[
    BulkChange.Act, Callable[[BulkChange, Sequence[BulkItem], dict[int, Review]], set[int]]
] = {
    Act.MOVE: _move,
    Act.READ: _mark_read,
    Act.CODE: _give_code,
    Act.UNCODE: _take_code_off,
    Act.CAMPAIGN: _put_into_campaign,
}
UNDO: dict[
    BulkChange.Act, Callable[[BulkChange, Sequence[BulkItem], dict[int, Review], User], set[int]]
] = {
    Act.MOVE: _move_back,
    Act.READ: _mark_unread,
    Act.CODE: _take_given_back,
    Act.UNCODE: _give_taken_back,
    Act.CAMPAIGN: _take_out_of_campaign,
}
