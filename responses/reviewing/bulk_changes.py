"""Changing all responses that fit a filter: counted first, then changed by a worker, each by the
rule that changes one, and undone.

A worker decides once which responses a change is about, then changes some hundreds at a time: each
time one transaction, which holds the row of the change, with all that follows from it. Whatever
dies between two of them loses nothing, and nothing is done twice. A response that somebody else
moves meanwhile is left as they left it, also when the change is undone.
"""

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db import DatabaseError, connection, transaction
from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, AuditEntry, User
from responses.models import (
    BulkChange,
    BulkItem,
    CampaignMember,
    Coding,
    Response,
    Review,
    ReviewStep,
)
from responses.reviewing.campaigns import add_many, remove_many
from responses.reviewing.coding import (
    give_code_to_many,
    put_back_taken,
    take_back_given,
    take_code_off_many,
)
from responses.reviewing.filters import matching, read_filter
from responses.reviewing.reviews import MOVES, check_reason

log = logging.getLogger(__name__)

Act, State, Item = BulkChange.Act, BulkChange.State, BulkItem.State
NOTE_MAX_CHARS = 5000
# Changed in one transaction, which keeps colleagues and respondents from these responses for about
# a second at most. Each lot that goes into a campaign is one step of the campaign's, which people
# read and undo.
AT_ONCE = {Act.MOVE: 500, Act.READ: 500, Act.CODE: 500, Act.UNCODE: 500, Act.CAMPAIGN: 2000}
# A run ends before its task would be ended for it; the next one goes on.
RUN_FOR_SECONDS = 1200
MOST_ATTEMPTS = 3
UNDONE_NOTE = "Undone."
UNDOABLE = [State.WAITING, State.RUNNING, State.DONE, State.FAILED]
AT_WORK = [State.WAITING, State.RUNNING, State.UNDOING]

TAKE = """
    WITH found (id, version, from_state, why) AS MATERIALIZED (FOUND), taken AS (
        INSERT INTO responses_bulkitem (bulk_id, response_id, version, from_state, state, why, rows)
        SELECT %s, id, version, from_state, 'waiting', '', '[]' FROM found
            WHERE why = '' ORDER BY id
    )
    SELECT why, count(*) FROM found GROUP BY why
"""


class NothingToChange(ValueError):
    """No response that fits would be changed."""


class NotUndoable(Exception):
    """It is being undone, or was."""


@dataclass(frozen=True)
class Forecast:
    """What a change would do now: how many responses fit, how many would be changed, and how many
    be left as they are, by the reason.
    """

    at: datetime
    highest: int
    fitting: int
    changes: int
    left: dict[str, int]


def forecast(change: BulkChange) -> Forecast:
    """Count what `change`, which nobody has asked for yet, would do. Exact, at this moment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp(), coalesce(max(id), 0) FROM responses_response")
        now, highest = cursor.fetchone()
    found = Counter(
        dict(
            _judged(change, _fitting(change).filter(id__lte=highest))
            .values_list("why")
            .annotate(Count("id"))
        )
    )
    changes = found.pop("", 0)
    return Forecast(now, highest, changes + found.total(), changes, dict(found))


def sample(change: BulkChange, *, size: int) -> list[Response]:
    """The newest of the responses that would be changed."""
    return list(
        _judged(change, _fitting(change))
        .filter(why="")
        .select_related("review")
        .order_by("-id")[:size]
    )


def ask_for_change(*, change: BulkChange, seen: Forecast) -> BulkChange:
    """Have `change` carried out, as somebody saw it in a forecast.

    On the trail. Asking twice with one key is asking once.

    Raises ReasonMissing where responses would be set aside without a word, and NothingToChange.
    """
    check_reason(to_state=change.to_state, note=change.note)
    if not seen.changes:
        raise NothingToChange
    change.looked_at, change.highest, change.seen, change.seen_changes = (
        seen.at,
        seen.highest,
        seen.fitting,
        seen.changes,
    )
    with transaction.atomic():
        # Two clicks at once: the second waits here, and finds the first's.
        User.objects.select_for_update(no_key=True).get(pk=change.by_id)
        asked = BulkChange.objects.filter(key=change.key, by=change.by).first()
        if asked:
            return asked
        change.save(force_insert=True)
        # Which filters, and not what was looked for: that may be somebody's name.
        filters = sorted({name for name, _ in parse_qsl(change.query)})
        record(
            action=Action.BULK_ASKED,
            actor=change.by,
            subject=str(change),
            filters=filters,
            responses=seen.changes,
            **_what(change),
        )
    return change


def ask_to_undo(*, change: BulkChange, by: User) -> None:
    """Have a change undone, also one that is not through. On the trail. Raises NotUndoable."""
    with transaction.atomic():
        # A worker that has it in hand ends its lot first.
        locked = BulkChange.objects.select_for_update(no_key=True).get(pk=change.pk)
        if locked.state not in UNDOABLE:
            raise NotUndoable
        BulkChange.objects.filter(pk=locked.pk).update(
            state=State.UNDOING, undo_by=by, undo_asked_at=Now(), attempts=0, failure=""
        )
        record(
            action=Action.BULK_UNDO_ASKED, actor=by, subject=str(locked), responses=locked.changed
        )


def forget_words_about(versions: QuerySet[Response]) -> None:
    """Remove what staff wrote and looked for in changes that are over and had one of `versions`,
    which are being erased.
    """
    for change in (
        BulkChange.objects.filter(items__response__in=versions)
        .exclude(state__in=AT_WORK)
        .distinct()
    ):
        query = urlencode([pair for pair in parse_qsl(change.query) if pair[0] != "word"])
        BulkChange.objects.filter(pk=change.pk).update(note="", query=query)


def make_due_changes() -> None:
    """Carry out and undo what was asked for, the earliest first.

    May run any number of times at once.
    """
    ends_at = time.monotonic() + RUN_FOR_SECONDS
    while time.monotonic() < ends_at and _do_a_lot():
        pass


def _do_a_lot() -> bool:
    """One transaction's worth of work. Whether there was any."""
    pk = None
    try:
        with transaction.atomic():
            # Whoever holds the row has the change in hand, for as long as this lot takes or its
            # process lives.
            due = BulkChange.objects.select_for_update(
                skip_locked=True, no_key=True, of=("self",)
            ).filter(state__in=AT_WORK)
            change = (
                due.select_related("by", "undo_by", "code", "campaign")
                .order_by("attempts", "pk")
                .first()
            )
            if change is None:
                return False
            pk = change.pk
            {State.WAITING: _take, State.RUNNING: _change_a_lot, State.UNDOING: _undo_a_lot}[
                State(change.state)
            ](change)
    except DatabaseError as trouble:
        if pk is None:
            raise
        log.warning("change %s: a lot failed: %s", pk, type(trouble).__name__)
        _note_failure(pk)
        return False  # The next look tries again.
    return True


def _note_failure(pk: int) -> None:
    with transaction.atomic():
        change = BulkChange.objects.select_for_update(no_key=True).get(pk=pk)
        change.attempts += 1
        if change.attempts >= MOST_ATTEMPTS:
            change.state = State.FAILED
            change.failure = (
                "The database refused it several times. What was changed so far can be undone."
            )
        change.save(update_fields=["attempts", "state", "failure"])


def _fitting(change: BulkChange) -> QuerySet[Response]:
    wanted, _ = read_filter(parse_qsl(change.query))
    return matching(wanted, reader=change.by).order_by()


def _judged(change: BulkChange, found: QuerySet[Response]) -> QuerySet[Any]:
    """`found`, each with `why` it has to be left as it is; "" where it is to be changed."""
    return found.annotate(why=Case(*_reasons(change), default=Value(""), output_field=CharField()))


def _reasons(change: BulkChange) -> list[When]:
    reasons = [When(review__superseded=True, then=Value("superseded"))]
    if change.act == Act.MOVE:
        reasons.append(When(review__state=change.to_state, then=Value("same-state")))
        closed = [
            state
            for state, moves in MOVES.items()
            if change.to_state not in moves and state != change.to_state
        ]
        return [
            *reasons,
            *(When(review__state=state, then=Value(f"from-{state.value}")) for state in closed),
        ]
    if change.act == Act.READ:
        return [*reasons, When(review__first_read_at__isnull=False, then=Value("opened"))]
    if change.campaign:
        inside = CampaignMember.objects.filter(campaign=change.campaign, response=OuterRef("pk"))
        says = Q(
            consultation=change.campaign.consultation_id,
            act__in=[Response.Act.SENT, Response.Act.AMENDED],
        )
        return [
            *reasons,
            When(~says, then=Value("says-nothing")),
            When(Exists(inside), then=Value("member")),
        ]
    code = change.code
    assert code is not None  # noqa: S101  # what is left is about a code; this tells the type checker
    mine = Coding.objects.filter(response=OuterRef("pk"), code=code, by=change.by, removed_at=None)
    if change.act == Act.UNCODE:
        return [*reasons, When(~Exists(mine), then=Value("not-coded"))]
    answers = Q(consultation=code.consultation_id, texts__has_key=code.question)
    return [
        *reasons,
        When(~answers, then=Value("no-answer")),
        When(Exists(mine.filter(start=None)), then=Value("coded")),
    ]


def _take(change: BulkChange) -> None:
    """Decide which responses it is about: what fits now and fitted, as it is now, when it was
    looked at.
    """
    found = _fitting(change).filter(
        id__lte=change.highest, review__changed_at__lte=change.looked_at
    )
    columns = _judged(change, found).values("pk", "review__version", "review__state", "why")
    sql, values = columns.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(TAKE.replace("FOUND", sql), [*values, change.pk])
        counts = Counter(dict(cursor.fetchall()))
    change.total = counts.pop("", 0)
    change.left = dict(counts)
    change.state, change.attempts = State.RUNNING, 0
    if change.total > change.seen_changes:
        # Something else made responses fit meanwhile. Nobody agreed to these.
        change.items.all().delete()
        change.state, change.total, change.left = State.FAILED, 0, {}
        change.failure = (
            "More responses fit by now than when you looked. Nothing was changed. Look again."
        )
    change.save(update_fields=["state", "total", "left", "attempts", "failure"])


def _change_a_lot(change: BulkChange) -> None:
    items = _next(change, Item.WAITING)
    if not items:
        change.state = State.DONE
        change.save(update_fields=["state"])
        BulkChange.objects.filter(pk=change.pk).update(ended_at=Now())
        record(
            action=Action.BULK_CHANGED,
            actor=change.by,
            subject=str(change),
            changed=change.changed,
            left=change.left,
            **_what(change),
        )
        return
    reviews = _lock_reviews(items)
    ids = [item.response_id for item in items]
    why = dict(
        _judged(change, Response.objects.filter(pk__in=ids)).order_by().values_list("pk", "why")
    )
    for item in items:
        moved = change.act == Act.MOVE and reviews[item.response_id].version != item.version
        item.why = "moved-since" if moved else why[item.response_id]
    chosen = [item for item in items if not item.why]
    done = DO[Act(change.act)](change, chosen, reviews) if chosen else set()
    for item in chosen:
        if item.response_id not in done:
            item.why = "moved-since"
    changed = [item for item in chosen if not item.why]
    _write_steps(
        change,
        [reviews[item.response_id] for item in changed],
        by=change.by,
        note=change.note,
        to_state=change.to_state,
    )
    if change.code:
        BulkItem.objects.bulk_update(changed, ["rows", "answered"])
    _settle(changed, Item.CHANGED)
    _settle([item for item in items if item.why], Item.LEFT)
    change.changed += len(changed)
    change.left = dict(Counter(change.left) + Counter(item.why for item in items if item.why))
    change.attempts = 0
    change.save(update_fields=["changed", "left", "attempts"])


def _undo_a_lot(change: BulkChange) -> None:
    by = change.undo_by
    assert by is not None  # noqa: S101  # who asked is written with the state; this tells the type checker
    items = _next(change, Item.CHANGED)
    if not items:
        change.state = State.UNDONE
        change.save(update_fields=["state"])
        BulkChange.objects.filter(pk=change.pk).update(undone_at=Now())
        record(
            action=Action.BULK_UNDONE,
            actor=by,
            subject=str(change),
            put_back=change.undone,
            kept=change.kept,
        )
        return
    reviews = _lock_reviews(items)
    touched = _touched(change, items, reviews)
    for item in items:
        item.why = touched.get(item.response_id, "")
    chosen = [item for item in items if not item.why]
    back = UNDO[Act(change.act)](change, chosen, reviews, by) if chosen else set()
    for item in chosen:
        if item.response_id not in back:
            item.why = "moved-since"
    undone = [item for item in chosen if not item.why]
    by_state: dict[str, list[Review]] = defaultdict(list)
    for item in undone:
        by_state[item.from_state].append(reviews[item.response_id])
    for state, rows in by_state.items():
        _write_steps(change, rows, by=by, note=UNDONE_NOTE, to_state=state)
    _settle(undone, Item.UNDONE)
    _settle([item for item in items if item.why], Item.KEPT)
    change.undone += len(undone)
    change.kept += len(items) - len(undone)
    change.attempts = 0
    change.save(update_fields=["undone", "kept", "attempts"])


def _next(change: BulkChange, state: BulkItem.State) -> list[BulkItem]:
    return list(
        change.items.filter(state=state).order_by("response_id")[: AT_ONCE[Act(change.act)]]
    )


def _lock_reviews(items: Sequence[BulkItem]) -> dict[int, Review]:
    # All in one order, so that two changes to the same responses wait for each other and never in a
    # circle.
    rows = (
        Review.objects.select_for_update(no_key=True)
        .filter(response_id__in=[item.response_id for item in items])
        .order_by("pk")
    )
    return {review.response_id: review for review in rows}


def _write_steps(
    change: BulkChange, reviews: Sequence[Review], *, by: User, note: str, to_state: str
) -> None:
    """A step in the history of each review, which names the change; where it moves no state, a
    note.
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
        rows.update(state=to_state, version=F("version") + 1, changed_at=Now())


def _settle(items: Sequence[BulkItem], state: BulkItem.State) -> None:
    by_reason: dict[str, list[int]] = defaultdict(list)
    for item in items:
        by_reason[item.why].append(item.pk)
    for why, pks in by_reason.items():
        BulkItem.objects.filter(pk__in=pks).update(state=state, why=why)
    if state == Item.CHANGED:
        BulkItem.objects.filter(pk__in=[item.pk for item in items]).update(changed_at=Now())


def _move(change: BulkChange, items: Sequence[BulkItem], reviews: dict[int, Review]) -> set[int]:
    return {item.response_id for item in items}  # The steps carry the move itself.


def _mark_read(
    change: BulkChange, items: Sequence[BulkItem], reviews: dict[int, Review]
) -> set[int]:
    chosen = Review.objects.filter(
        pk__in=[reviews[item.response_id].pk for item in items], first_read_at=None
    )
    chosen.update(first_read_at=Now(), first_read_by=change.by)
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
            coding, item.answered = given[item.response_id]
            item.rows = [coding]
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


def _touched(
    change: BulkChange, items: Sequence[BulkItem], reviews: dict[int, Review]
) -> dict[int, str]:
    """Which responses somebody was at since they were changed, and so are not put back, and why."""
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
        action = Action.RESPONSE_READ if change.act == Act.READ else Action.ANSWER_CODED
        since = AuditEntry.objects.filter(
            subject=OuterRef("response__reference"), action=action, at__gte=OuterRef("changed_at")
        )
        if change.code:
            since = since.filter(details__question=change.code.question)
        rows = change.items.filter(Exists(since), pk__in=[item.pk for item in items])
        found |= dict.fromkeys(rows.values_list("response_id", flat=True), "moved-since")
    return found


def _move_back(
    change: BulkChange, items: Sequence[BulkItem], reviews: dict[int, Review], by: User
) -> set[int]:
    return {item.response_id for item in items}


def _mark_unread(
    change: BulkChange, items: Sequence[BulkItem], reviews: dict[int, Review], by: User
) -> set[int]:
    Review.objects.filter(pk__in=[reviews[item.response_id].pk for item in items]).update(
        first_read_at=None, first_read_by=None
    )
    return {item.response_id for item in items}


def _take_given_back(
    change: BulkChange, items: Sequence[BulkItem], reviews: dict[int, Review], by: User
) -> set[int]:
    codings = [pk for item in items for pk in item.rows]
    take_back_given(codings=codings, through=[item.answered for item in items if item.answered])
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


# How each act is done to some responses whose reviews are locked, and undone; each gives those that
# it changed.
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


def _what(change: BulkChange) -> dict[str, object]:
    """What the trail says of a change."""
    details = {
        "what": change.act,
        "to_state": change.to_state,
        "code": change.code_id,
        "campaign": change.campaign_id,
    }
    return {name: value for name, value in details.items() if value}
