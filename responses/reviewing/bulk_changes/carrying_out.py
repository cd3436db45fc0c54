"""Makes, and undoes, the bulk changes that were asked for.

A worker decides once which responses a change is about, then changes some hundreds at a time. Each
lot is one transaction, which locks the row of the change and includes everything that follows from
it. If anything dies between two lots, nothing is lost and nothing is done twice. A response that
someone else moves meanwhile stays as they left it, even when the change is undone.
"""

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models.functions import Now

from consult.auditing import record
from consult.jobs import ROW_TROUBLE
from consult.models import Action
from responses.models import BulkChange, BulkItem, Response, Review
from responses.reviewing.bulk_changes.acts import DO, UNDO, touched, write_steps
from responses.reviewing.bulk_changes.asking import AT_WORK
from responses.reviewing.bulk_changes.judging import fitting, judged, what

log = logging.getLogger(__name__)

Act, State, Item = BulkChange.Act, BulkChange.State, BulkItem.State
# Changed in one transaction, which keeps colleagues and respondents from these responses for about
# a second at most. Each lot that goes into a campaign is one step of the campaign's, which people
# read and undo.
AT_ONCE = {Act.MOVE: 500, Act.READ: 500, Act.CODE: 500, Act.UNCODE: 500, Act.CAMPAIGN: 2000}
# A run ends before its task would be stopped; the next one continues.
RUN_FOR_SECONDS = 1200
MOST_ATTEMPTS = 3
UNDONE_NOTE = "Undone."

TAKE = """
    WITH found (id, version, from_state, why) AS MATERIALIZED (FOUND), taken AS (
        INSERT INTO responses_bulkitem (bulk_id, response_id, version, from_state, state, why, rows)
        SELECT %s, id, version, from_state, 'waiting', '', '[]' FROM found
            WHERE why = '' ORDER BY id
    )
    SELECT why, count(*) FROM found GROUP BY why
"""


def make_due_changes() -> None:
    """Make and undo what was asked for, the earliest first.

    Several workers may run it at once. If the content of one response raises, the lots become
    smaller until it is found; then that response is left as it is, and its item says so.
    """
    ends_at = time.monotonic() + RUN_FOR_SECONDS
    while time.monotonic() < ends_at and _do_a_lot():
        pass


def _do_a_lot() -> bool:
    """Do one transaction's worth of work. Returns whether there was any."""
    pk = None
    try:
        with transaction.atomic():
            # The worker that holds the row makes the change, for as long as this lot takes or its
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
            work = {State.WAITING: _take, State.RUNNING: _change_a_lot, State.UNDOING: _undo_a_lot}
            work[State(change.state)](change)
            actor = change.undo_by or change.by
            record(action=Action.BULK_LOT_DONE, actor=actor, subject=f"part of {change}")
    except ROW_TROUBLE as trouble:
        if pk is None:
            raise
        log.warning("change %s: a lot failed: %s", pk, type(trouble).__name__)
        _note_trouble(pk)
    return True


def _size(change: BulkChange) -> int:
    """How many responses the next lot has: a quarter of the last one after each failure."""
    return max(AT_ONCE[Act(change.act)] >> (2 * change.attempts), 1)


def _note_trouble(pk: int) -> None:
    """Record that a lot failed: on the response if it had only one, otherwise so that the next lot
    is smaller.
    """
    with transaction.atomic():
        change = BulkChange.objects.select_for_update(no_key=True).get(pk=pk)
        record(action=Action.BULK_LOT_DONE, actor=None, subject=f"part of {change}")
        work = {State.RUNNING: Item.WAITING, State.UNDOING: Item.CHANGED}.get(State(change.state))
        items = _next(change, work) if work else []
        if len(items) == 1:
            items[0].why = "trouble"
            if work == Item.WAITING:
                _settle(items, Item.LEFT)
                change.left = dict(Counter(change.left) + Counter({"trouble": 1}))
            else:
                _settle(items, Item.KEPT)
                change.kept += 1
        else:
            change.attempts += 1
        if not work and change.attempts >= MOST_ATTEMPTS:
            change.state = State.FAILED
            change.failure = "The database refused it several times. Nothing was changed."
        change.save(update_fields=["attempts", "state", "failure", "left", "kept"])


def _take(change: BulkChange) -> None:
    """Decide which responses it is about: those that fit now, and fitted in their present version
    when someone looked.
    """
    found = fitting(change).filter(id__lte=change.highest, review__changed_at__lte=change.looked_at)
    columns = judged(change, found).values("pk", "review__version", "review__state", "why")
    sql, values = columns.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(TAKE.replace("FOUND", sql), [*values, change.pk])
        counts = Counter(dict(cursor.fetchall()))
    change.total = counts.pop("", 0)
    change.left = dict(counts)
    change.state, change.attempts = State.RUNNING, 0
    if change.total > change.seen_changes:
        # Responses have come to fit since. Nobody agreed to change those.
        change.items.all().delete()
        change.state, change.total, change.left = State.FAILED, 0, {}
        change.failure = "More responses match now than before, so nothing was changed. Look again."
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
            **what(change),
        )
        return
    reviews = _lock_reviews(items)
    ids = [item.response_id for item in items]
    why = dict(
        judged(change, Response.objects.filter(pk__in=ids)).order_by().values_list("pk", "why")
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
    write_steps(
        change,
        [reviews[item.response_id] for item in changed],
        by=change.by,
        note=change.note,
        to_state=change.to_state,
        in_bulk=True,
    )
    for item in changed:
        item.was_in_bulk = reviews[item.response_id].decided_in_bulk
    BulkItem.objects.bulk_update(changed, ["rows", "was_in_bulk"])
    _settle(changed, Item.CHANGED)
    _settle([item for item in items if item.why], Item.LEFT)
    change.changed += len(changed)
    change.left = dict(Counter(change.left) + Counter(item.why for item in items if item.why))
    change.attempts = max(change.attempts - 1, 0)
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
    since = touched(change, items, reviews)
    for item in items:
        item.why = since.get(item.response_id, "")
    chosen = [item for item in items if not item.why]
    back = UNDO[Act(change.act)](change, chosen, reviews, by) if chosen else set()
    for item in chosen:
        if item.response_id not in back:
            item.why = "moved-since"
    undone = [item for item in chosen if not item.why]
    before: dict[tuple[str, bool], list[Review]] = defaultdict(list)
    for item in undone:
        before[item.from_state, item.was_in_bulk].append(reviews[item.response_id])
    for (state, in_bulk), rows in before.items():
        write_steps(change, rows, by=by, note=UNDONE_NOTE, to_state=state, in_bulk=in_bulk)
    _settle(undone, Item.UNDONE)
    _settle([item for item in items if item.why], Item.KEPT)
    change.undone += len(undone)
    change.kept += len(items) - len(undone)
    change.attempts = max(change.attempts - 1, 0)
    change.save(update_fields=["undone", "kept", "attempts"])


def _next(change: BulkChange, state: BulkItem.State) -> list[BulkItem]:
    return list(change.items.filter(state=state).order_by("response_id")[: _size(change)])


def _lock_reviews(items: Sequence[BulkItem]) -> dict[int, Review]:
    # All in one order, so that two changes to the same responses wait for each other and never
    # deadlock.
    rows = (
        Review.objects.select_for_update(no_key=True)
        .filter(response_id__in=[item.response_id for item in items])
        .order_by("pk")
    )
    return {review.response_id: review for review in rows}


def _settle(items: Sequence[BulkItem], state: BulkItem.State) -> None:
    by_reason: dict[str, list[int]] = defaultdict(list)
    for item in items:
        by_reason[item.why].append(item.pk)
    for why, pks in by_reason.items():
        BulkItem.objects.filter(pk__in=pks).update(state=state, why=why)
    if state == Item.CHANGED:
        BulkItem.objects.filter(pk__in=[item.pk for item in items]).update(changed_at=Now())
