"""Receives, and undoes, the bundles that staff loaded: each row a response of its own.

A worker takes some rows at a time. Each lot is one transaction, which locks the row of the bundle.
If anything dies between two lots, nothing is lost and nothing is done twice.
"""

import logging
import time
from collections.abc import Callable
from datetime import date
from random import Random
from uuid import uuid5

from django.db import transaction
from django.db.models.functions import Now

from consult.auditing import record
from consult.jobs import ROW_TROUBLE
from consult.models import Action, User
from responses.answers import read_answers
from responses.contacts import read_contact
from responses.models import Bundle, BundleRow, Message, Response, Transcription
from responses.responding.amending import ChangedMeanwhile, withdraw_response
from responses.responding.submitting import ConsultationClosed, Submission
from responses.reviewing.bundles.left import key_of, note_received
from responses.reviewing.transcribing import (
    MessageDecided,
    ReasonMissing,
    plan_to_key,
    transcribe_response,
)

log = logging.getLogger(__name__)
State = Bundle.State
AT_ONCE = 100
RUN_FOR_SECONDS = 1200
# Of how many rows of a bundle a second person keys one again, and how many at most.
SAMPLE_OF, SAMPLE_MOST = 20, 25


class CannotBeUndone(Exception):
    """It is not received yet, or is undone already."""


def receive_due_bundles() -> None:
    """Receive and undo what is to be, the earliest first. Several workers may run it at once."""
    ends_at = time.monotonic() + RUN_FOR_SECONDS
    while time.monotonic() < ends_at and _do_a_lot():
        pass


def _do_a_lot() -> bool:
    with transaction.atomic():
        due = Bundle.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
        bundle = due.filter(state__in=[State.WAITING, State.UNDOING]).order_by("pk").first()
        if bundle is None:
            return False
        receiving = bundle.state == State.WAITING
        rows = bundle.rows.select_related("message", "response", "bundle__by").filter(why="")
        if receiving:
            rows = rows.filter(response=None)
        else:
            rows = rows.filter(response__isnull=False, undone=False)
        # Erasing what a row says waits for this, and then finds a response.
        lot = list(rows.select_for_update(of=("self",))[:AT_ONCE])
        for row in lot:
            _do(_receive if receiving else _undo, row)
        if not lot:
            _end(bundle)
        # Rows that are left, and the end of a bundle, have no other act.
        record(
            action=Action.BUNDLE_RECEIVED,
            actor=None,
            subject=str(bundle),
            rows=len(lot),
            undone=not receiving,
        )
    return True


def _do(work: Callable[[BundleRow], None], row: BundleRow) -> None:
    """Do one row's work. What it raises is noted at the row, and stops no other."""
    try:
        with transaction.atomic():
            work(row)
    except MessageDecided:
        _leave(row, "Someone has decided on its message meanwhile.")
    except ConsultationClosed:
        _leave(row, "The consultation was withdrawn.")
    except ChangedMeanwhile:
        _leave(row, "Its sender has changed or withdrawn it since. It stays as they left it.")
    except ROW_TROUBLE as trouble:
        log.warning("row %s of %s failed: %s", row.number, row.bundle, type(trouble).__name__)
        _leave(row, f"It could not be taken: {type(trouble).__name__}.")


def _leave(row: BundleRow, why: str) -> None:
    # Its file, or its message, still says what it said; here nobody could find or erase it.
    BundleRow.objects.filter(pk=row.pk).update(why=why, fields={})


def _end(bundle: Bundle) -> None:
    undone = bundle.state == State.UNDOING
    bundle.state = State.UNDONE if undone else State.DONE
    bundle.save(update_fields=["state"])
    if undone:
        Bundle.objects.filter(pk=bundle.pk).update(undone_at=Now())


def _receive(row: BundleRow) -> None:
    bundle, said = row.bundle, row.fields
    plan = plan_to_key(bundle.edition)
    submission = Submission(
        edition=bundle.edition,
        submission_key=key_of(row),
        answers=read_answers(plan, said["raw"]),
        contact=read_contact(said["raw"]),
        started_at=bundle.at,
        channel=said["channel"],
    )
    response = transcribe_response(
        submission=submission,
        received_on=date.fromisoformat(said["received_on"]),
        late_reason=said["late_reason"],
        by=bundle.by,
        message=row.message,
    ).response
    note_received(row, response)


def undo_bundle(*, bundle: Bundle, reason: str, by: User) -> None:
    """Have every response of a bundle withdrawn, by a worker; none is edited or deleted.

    What its sender changed or withdrew since stays as they left it. Messages wait for a decision
    again. Raises ReasonMissing and CannotBeUndone.
    """
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        found = Bundle.objects.filter(pk=bundle.pk, state=State.DONE)
        if not found.update(state=State.UNDOING, undo_by=by, undo_reason=reason.strip()[:300]):
            raise CannotBeUndone
        record(action=Action.BUNDLE_UNDONE, actor=by, subject=f"bundle {bundle.pk}")


def _undo(row: BundleRow) -> None:
    response = Response.objects.select_related("edition").get(bundle_row=row)
    withdraw_response(
        earlier=response,
        submission_key=uuid5(row.bundle.key, f"undo {row.number}"),
        started_at=row.bundle.at,
        timing=Response.Timing(response.timing),
        tell=row.bundle.kind != Bundle.Kind.IMPORTED,
    )
    if row.message:
        Transcription.objects.filter(response=response).update(message=None)
        Message.objects.filter(pk=row.message.pk).update(
            state=Message.State.WAITING,
            reason=row.bundle.undo_reason,
            decided_by=None,
            decided_at=None,
        )
    BundleRow.objects.filter(pk=row.pk).update(undone=True)


def sample_of(bundle: Bundle) -> list[BundleRow]:
    """Return the rows that a second person is asked to key again: drawn by lot, and always the
    same.
    """
    numbers = list(bundle.rows.exclude(response=None).values_list("number", flat=True))
    size = min(-(-len(numbers) // SAMPLE_OF), SAMPLE_MOST)
    drawn = Random(bundle.key.int).sample(numbers, size)  # noqa: S311  # for fairness, not secrecy
    rows = bundle.rows.filter(number__in=drawn)
    return list(rows.select_related("response__transcription__second_keying"))
