"""Delivers every written batch to the place where MOPAC collects it: checks it there, announces it,
and asks until it is acknowledged.

As with emails, the database says which batches are waiting: a worker claims one, copies its files
and records the result. A try that was cut off starts again and skips what is already there.
"""

import logging
import time
from dataclasses import asdict
from datetime import timedelta
from functools import partial

import pyrage
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from consult.auditing import record
from consult.jobs import apart, trouble_recorded
from consult.leases import LeaseLost, claim, give_back, renewer
from consult.models import Action, User
from responses.exporting.acknowledging import (
    SentAgainSince,
    enter_in_ledger,
    locked_delivery,
    note_earlier_acknowledgement,
    queue_delivery,
    record_trouble,
    take_up_acknowledgements,
)
from responses.exporting.batches import folder_of
from responses.exporting.carrying import Delivered, HandedOverBefore, carry
from responses.exporting.destinations import destination
from responses.exporting.downloading import refuse_removed
from responses.exporting.high_water import has_destination
from responses.exporting.notices import send_due_notices
from responses.exporting.storing import HandedOverAlready, StoredDifferently
from responses.models import Batch, Delivery

log = logging.getLogger(__name__)

JOB = "responses.deliver_due_batches"
# Between tries. The last one repeats for as long as it takes: a batch is never given up.
PAUSES = [timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=20)]
# Renewed while bytes flow, so that another worker soon takes over from one that died, however long
# a batch takes.
LEASE = timedelta(minutes=4)
RENEW_SECONDS = 20
# A run ends before its task would be stopped.
RUN_FOR_SECONDS = 1800
FORESEEN = (OSError, StoredDifferently, HandedOverAlready, pyrage.RecipientError)


class NoDestination(Exception):
    """No setting says where to deliver batches."""


def deliver_due_batches() -> list[Batch]:
    """Deliver what is due, read acknowledgements, and send the notices that are due. Returns the
    batches that were delivered.

    Trouble with one batch is recorded on its row, and the others go on. Several workers may run it
    at once.
    """
    delivered: list[Batch] = []
    if has_destination():
        unsent = Batch.objects.filter(written_at__isnull=False, delivery=None)
        for batch in unsent.select_related("consultation").order_by("pk"):
            with apart(job=JOB, row=folder_of(batch)):
                queue_delivery(batch)
        stop_at = time.monotonic() + RUN_FOR_SECONDS
        try:
            while time.monotonic() < stop_at and (delivery := claim_due()):
                with trouble_recorded(partial(_record_unforeseen, delivery)):
                    if _deliver(delivery):
                        delivered.append(delivery.batch)
            take_up_acknowledgements()
        finally:
            destination().close()
    send_due_notices()
    return delivered


def claim_due(*, lease: timedelta = LEASE) -> Delivery | None:
    """Claim the earliest due delivery: no other worker gets it before the lease runs out."""
    # A batch that was taken back is sent once it is written again.
    due = Delivery.objects.filter(due_at__lte=Now(), batch__written_at__isnull=False)
    due = due.select_related("batch__consultation")
    due = due.order_by("batch__consultation_id", "batch__number")
    return next(iter(claim(due, limit=1, lease=lease)), None)


def _deliver(delivery: Delivery) -> bool:
    """Copy one batch and record the result."""
    try:
        note_earlier_acknowledgement(delivery)
        files = carry(delivery, flows=renewer(delivery, lease=LEASE, every_seconds=RENEW_SECONDS))
    except HandedOverBefore:
        # Nothing there is overwritten: the next batch recalls what was erased.
        files = []
    except LeaseLost:
        log.info("%s is in another worker's hands", delivery)
        return False
    except FORESEEN as trouble:
        destination().close()
        _record_failure(delivery, _in_words(trouble))
        return False
    return _record_delivered(delivery, files)


def _record_delivered(delivery: Delivery, files: list[Delivered]) -> bool:
    with transaction.atomic():
        current = (
            Delivery.objects.select_for_update(of=("self",))
            .select_related("batch__consultation")
            .get(pk=delivery.pk)
        )
        # A worker that delivers second, after the first one's lease ran out, has copied the same
        # bytes: once is enough.
        if current.state != Delivery.State.WAITING:
            return False
        if current.batch.manifest_sha256 != delivery.batch.manifest_sha256:
            files = []  # Taken back during delivery: what arrived is not what will be written.
        current.state, current.leased_until, current.reason, current.attempts = (
            Delivery.State.DELIVERED,
            None,
            "",
            0,
        )
        current.files, current.last_delivered_at = [asdict(file) for file in files], Now()
        fields = ["state", "leased_until", "reason", "attempts", "files", "last_delivered_at"]
        if current.delivered_at is None:
            current.delivered_at = Now()
            fields.append("delivered_at")
        current.save(update_fields=fields)
        enter_in_ledger(current.batch, "delivered")
        record(
            action=Action.BATCH_DELIVERED,
            actor=None,
            subject=folder_of(current.batch),
            files=len(files),
        )
    return True


def _record_unforeseen(delivery: Delivery, trouble: str) -> None:
    _record_failure(delivery, f"Unexpected trouble ({trouble}); the worker's log says more.")


def _record_failure(delivery: Delivery, reason: str) -> None:
    log.warning("%s did not succeed; another try follows: %s", delivery, reason)
    # If the lease was lost meanwhile, another worker has it, and that one's result counts.
    pause = PAUSES[min(delivery.attempts, len(PAUSES) - 1)]
    with transaction.atomic():
        if give_back(delivery, due_at=Now() + pause, attempts=F("attempts") + 1, reason=reason):
            record_trouble(delivery.batch)


def _in_words(trouble: Exception) -> str:
    """Return why it was not delivered, in one line fit for the page, without our own paths."""
    words = str(trouble)
    if isinstance(trouble, OSError):
        words = (
            trouble.strerror or (words if not trouble.filename else "") or type(trouble).__name__
        )
    return " ".join(words.split())[:300]


def send_again(*, batch: Batch, actor: User, sending: int | None = None) -> Delivery:
    """Deliver a batch once more: the same number and the same files. Recorded on the trail.

    A delivery that is under way is left as it is. `sending` is the sending that the caller saw:
    raises SentAgainSince if there was another. Raises NotWritten, NoDestination and FilesRemoved.
    """
    if not has_destination():
        raise NoDestination
    with transaction.atomic():
        # Removing its files locks this row too: either they are gone, or this delivery keeps them.
        delivery = locked_delivery(batch)
        if sending is not None and sending != delivery.sendings:
            raise SentAgainSince
        refuse_removed(batch)
        if delivery.state != Delivery.State.WAITING or delivery.reason:
            delivery.state, delivery.due_at = Delivery.State.WAITING, Now()
            delivery.attempts, delivery.reason = 0, ""
            delivery.sendings += 1
            emptied = [
                "told_at",
                "chased_at",
                "acknowledged_at",
                "acknowledged_by",
                "received_before",
            ]
            for name in emptied:
                setattr(delivery, name, None)
            delivery.save(
                update_fields=["state", "due_at", "attempts", "reason", "sendings", *emptied]
            )
            record(action=Action.BATCH_SENT_AGAIN, actor=actor, subject=folder_of(batch))
    return delivery
