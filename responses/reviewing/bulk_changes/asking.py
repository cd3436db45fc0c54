"""Bulk changes: what one would do, asking for it, and asking to undo it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, User
from responses.models import BulkChange, BulkItem, Response
from responses.reviewing.bulk_changes.judging import fitting, judged, what
from responses.reviewing.reviews import check_reason

State = BulkChange.State
NOTE_MAX_CHARS = 5000
UNDOABLE = [State.WAITING, State.RUNNING, State.DONE, State.FAILED]
AT_WORK = [State.WAITING, State.RUNNING, State.UNDOING]
ERASED_MEANWHILE = "One of its responses was erased, so nothing was changed. Check it again."


class NothingToChange(ValueError):
    """None of the responses that fit would be changed."""


class NotUndoable(Exception):
    """It has been undone, or is being undone."""


@dataclass(frozen=True)
class Forecast:
    """What a change would do now: how many responses fit, how many would be changed, and how many
    would be left as they are, by reason.
    """

    at: datetime
    highest: int
    fitting: int
    changes: int
    left: dict[str, int]


def forecast(change: BulkChange) -> Forecast:
    """Count what `change`, which nobody has asked for yet, would do. Exact, for this moment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp(), coalesce(max(id), 0) FROM responses_response")
        now, highest = cursor.fetchone()
    found = Counter(
        dict(
            judged(change, fitting(change).filter(id__lte=highest))
            .values_list("why")
            .annotate(Count("id"))
        )
    )
    changes = found.pop("", 0)
    return Forecast(now, highest, changes + found.total(), changes, dict(found))


def sample(change: BulkChange, *, size: int) -> list[Response]:
    """Return the newest of the responses that would be changed."""
    return list(
        judged(change, fitting(change))
        .filter(why="")
        .select_related("review")
        .order_by("-id")[:size]
    )


def ask_for_change(*, change: BulkChange, seen: Forecast) -> BulkChange:
    """Ask for `change` to be made, as someone saw it in a forecast. Recorded on the trail.

    Asking twice with one key is asking once. Raises NothingToChange, and ReasonMissing if responses
    would be set aside without a reason.
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
        # Two clicks at once: the second waits here and finds the change of the first.
        User.objects.select_for_update(no_key=True).get(pk=change.by_id)
        asked = BulkChange.objects.filter(key=change.key, by=change.by).first()
        if asked:
            return asked
        change.save(force_insert=True)
        # Which filters, but not what was searched for: that may be someone's name.
        filters = sorted({name for name, _ in parse_qsl(change.query)})
        record(
            action=Action.BULK_ASKED,
            actor=change.by,
            subject=str(change),
            filters=filters,
            responses=seen.changes,
            **what(change),
        )
    return change


def ask_to_undo(*, change: BulkChange, by: User) -> None:
    """Ask for a change to be undone, even one that has not finished. Recorded on the trail. Raises
    NotUndoable.
    """
    with transaction.atomic():
        # A worker that is making the change finishes its current lot first.
        locked = BulkChange.objects.select_for_update(no_key=True).get(pk=change.pk)
        if locked.state not in UNDOABLE:
            raise NotUndoable
        BulkChange.objects.filter(pk=locked.pk).update(
            state=State.UNDOING, undo_by=by, undo_asked_at=Now(), attempts=0, failure=""
        )
        record(
            action=Action.BULK_UNDO_ASKED, actor=by, subject=str(locked), responses=locked.changed
        )


def hold_changes_about(versions: QuerySet[Response]) -> list[BulkChange]:
    """Return the changes that have one of `versions`, which are about to be erased, or that are
    waiting and would include them. Those under way are locked, so that a worker finishes its
    current lot first.
    """
    at_work = BulkChange.objects.select_for_update(no_key=True, of=("self",)).filter(
        state__in=AT_WORK
    )
    waiting = [
        change.pk
        for change in at_work.select_related("by", "code", "campaign").order_by("pk")
        if change.state == State.WAITING and fitting(change).filter(pk__in=versions).exists()
    ]
    items = BulkItem.objects.filter(response__in=versions).values("bulk")
    return list(BulkChange.objects.filter(Q(pk__in=items) | Q(pk__in=waiting)).order_by("pk"))


def forget_words_in(changes: Iterable[BulkChange]) -> None:
    """Remove what staff wrote and searched for in changes that had something that was erased.

    One that was waiting is stopped, because it cannot be made without what it searched for. One
    that is under way goes on with the others.
    """
    for change in changes:
        query = urlencode([pair for pair in parse_qsl(change.query) if pair[0] != "word"])
        left: dict[str, str] = {"note": "", "query": query}
        if change.state == State.WAITING:
            left |= {"state": State.FAILED, "failure": ERASED_MEANWHILE}
        elif change.state == State.RUNNING and change.note:
            left["note"] = "Erased."
        BulkChange.objects.filter(pk=change.pk).update(**left)
