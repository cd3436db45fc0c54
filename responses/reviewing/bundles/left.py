"""Rows of bundles that could not be received: what they say stays, is corrected, and goes in time.

While a row is no response it holds what a person said, with their name and address.
"""

from collections.abc import Iterable
from datetime import date
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import QuerySet

from consult.auditing import record
from consult.models import Action, User
from consult.staff.drafts import remove_drafts_about
from responses.models import Bundle, BundleRow, Confirmation, Response
from responses.responding.submitting import Submission
from responses.reviewing.transcribing import transcribe_response

OVER = {Bundle.State.UNDOING, Bundle.State.UNDONE}


class RowIsOver(Exception):
    """Nothing can be made of the row: it is received, or its words are gone, or its bundle is being
    received or undone.
    """


def rows_held() -> QuerySet[BundleRow]:
    """Return the rows that still hold what a person said, because no response was made of them."""
    return BundleRow.objects.filter(response=None).exclude(fields={})


def rows_left(bundle: Bundle) -> QuerySet[BundleRow]:
    """Return the rows of a bundle that were left as they are, each with its reason."""
    return bundle.rows.exclude(why="").order_by("number")


def may_be_received(row: BundleRow) -> bool:
    """Whether someone can correct the row and try it again."""
    return bool(row.why and row.fields and not row.response_id and row.bundle.state not in OVER)


def receive_corrected(
    *, row: BundleRow, submission: Submission, received_on: date, late_reason: str, by: User
) -> Response:
    """Receive a row as someone has corrected it. It takes the row's own key, so that it can never
    be two responses. Raises RowIsOver, and anything that `transcribe_response` raises.
    """
    with transaction.atomic():
        held = BundleRow.objects.select_for_update(of=("self",)).select_related("bundle", "message")
        locked = held.get(pk=row.pk)
        if not may_be_received(locked):
            raise RowIsOver
        made = transcribe_response(
            submission=submission,
            received_on=received_on,
            late_reason=late_reason,
            by=by,
            message=locked.message,
        ).response
        note_received(locked, made)
    return made


def key_of(row: BundleRow) -> UUID:
    """Return the submission key of a row's response, however often it is tried."""
    return uuid5(row.bundle.key, str(row.number))


def note_received(row: BundleRow, response: Response) -> None:
    """Note which response a row became. What it said is the response's alone from now on."""
    if row.bundle.kind == Bundle.Kind.IMPORTED:
        # The other system has told them.
        Confirmation.objects.filter(response=response).update(state=Confirmation.State.NOT_WANTED)
    BundleRow.objects.filter(pk=row.pk).update(response=response, fields={}, why="")


def forget_rows(rows: Iterable[int], *, actor: User | None, why: str) -> int:
    """Remove what rows say of which no response was made, and what staff were typing about them.
    Returns how many. A row that is received at this moment is skipped: it has a reference now.
    """
    with transaction.atomic():
        held = rows_held().filter(pk__in=rows).select_for_update(of=("self",)).order_by("pk")
        gone = [row.pk for row in held]
        BundleRow.objects.filter(pk__in=gone).update(
            fields={}, sheet="", why="What it said was removed."
        )
        remove_drafts_about([f"rows/{pk}" for pk in gone])
        if gone:
            record(action=Action.ROWS_REMOVED, actor=actor, why=why, rows=gone)
    return len(gone)
