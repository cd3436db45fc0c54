"""Acknowledgements that MOPAC has a batch: from staff, or from a file next to the batch."""

import logging
from datetime import UTC, datetime, timedelta
from functools import partial

from django.core.files.storage import storages
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from consult.auditing import record
from consult.jobs import trouble_recorded
from consult.models import Action, User
from responses.exporting.batches import folder_of, forms_of
from responses.exporting.high_water import MOST_RECEIVED_BYTES, RECEIVED
from responses.journal import note_acknowledged
from responses.models import Batch, Delivery

log = logging.getLogger(__name__)

CHASE_AFTER = timedelta(days=3)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# Once for each response and event, even if a batch is sent again.
ENTER_IN_LEDGER = """
    INSERT INTO responses_ledgerentry (response_id, event, digest, batch_number)
    SELECT response.id, %s, response.digest, %s
    FROM responses_batchmember AS member
        JOIN responses_response AS response ON response.id = member.response_id
    WHERE member.batch_id = %s
      AND NOT EXISTS (SELECT FROM responses_ledgerentry AS entry
          WHERE entry.response_id = response.id AND entry.event = %s)
    ORDER BY member."row"
"""


class SentAgainSince(Exception):
    """The batch was sent again after the delivery that is being acknowledged."""


class NotWritten(Exception):
    """The batch has no files yet, so there is nothing to deliver or acknowledge."""


def acknowledge(
    *,
    batch: Batch,
    actor: User | None,
    sending: int | None = None,
    at: datetime | None = None,
) -> Delivery:
    """Record that MOPAC has a batch. `by` is who said so, or None if a file did.

    `at` is when that was recorded before a backup was restored; by default, now. A second
    acknowledgement changes nothing. A batch that was downloaded can be acknowledged too. `sending`
    is the one that the caller saw: raises SentAgainSince if the batch was sent again after that.
    Raises NotWritten.
    """
    with transaction.atomic():
        delivery = locked_delivery(batch)
        if sending is not None and sending != delivery.sendings:
            raise SentAgainSince
        if delivery.state != Delivery.State.ACKNOWLEDGED:
            delivery.state, delivery.acknowledged_at, delivery.acknowledged_by = (
                Delivery.State.ACKNOWLEDGED,
                at or Now(),
                actor,
            )
            delivery.leased_until, delivery.reason = None, ""
            delivery.save(
                update_fields=[
                    "state",
                    "acknowledged_at",
                    "acknowledged_by",
                    "leased_until",
                    "reason",
                ]
            )
            delivery.refresh_from_db(fields=["acknowledged_at"])
            note_acknowledged(batch=folder_of(batch), delivery=delivery)
            enter_in_ledger(batch, "acknowledged")
            record(
                action=Action.BATCH_ACKNOWLEDGED,
                actor=actor,
                subject=folder_of(batch),
                manifest_sha256=batch.manifest_sha256,
            )
    return delivery


def locked_delivery(batch: Batch) -> Delivery:
    """Return the delivery of a written batch, locked, and create it if there is none. Raises
    NotWritten.
    """
    if batch.written_at is None:
        raise NotWritten
    with transaction.atomic():
        queue_delivery(batch)
        return Delivery.objects.select_for_update().get(batch=batch)


def queue_delivery(batch: Batch) -> None:
    """Queue a written batch for delivery. Doing it twice has no effect."""
    with transaction.atomic():
        _delivery, new = Delivery.objects.get_or_create(batch=batch)
        if new:
            record(action=Action.DELIVERY_QUEUED, actor=None, subject=folder_of(batch))


def enter_in_ledger(batch: Batch, event: str) -> None:
    """Record in the ledger that a batch's responses were delivered or acknowledged."""
    with connection.cursor() as cursor:
        cursor.execute(ENTER_IN_LEDGER, [event, batch.number, batch.pk, event])


def note_earlier_acknowledgement(delivery: Delivery) -> None:
    """Record, before each sending, which acknowledgement is already there: it is not for this one.

    Raises OSError.
    """
    if delivery.received_before is None:
        found = _received_at(delivery.batch) or NEVER
        with transaction.atomic():
            Delivery.objects.filter(pk=delivery.pk).update(received_before=found)
            record(action=Action.DELIVERY_BEGUN, actor=None, subject=folder_of(delivery.batch))
        delivery.received_before = found


def take_up_acknowledgements() -> None:
    """Look next to each delivered batch for the file with which MOPAC acknowledges it. One that
    cannot be read is noted, and the others are looked for; a destination that does not answer ends
    the run.
    """
    delivered = Delivery.objects.filter(state=Delivery.State.DELIVERED)
    for delivery in delivered.select_related("batch__consultation").order_by("pk"):
        with trouble_recorded(partial(_note_unreadable, delivery)):
            try:
                _take_up(delivery)
            except OSError as trouble:
                reason = trouble.strerror or type(trouble).__name__
                if not _destination_answers():
                    log.warning(
                        "The destination could not be asked for acknowledgements: %s", reason
                    )
                    return
                _note_unreadable(delivery, reason)


def _destination_answers() -> bool:
    try:
        storages["delivery"].exists(f"none{RECEIVED}")
    except OSError:
        return False
    return True


def _take_up(delivery: Delivery) -> None:
    batch = delivery.batch
    received_at = _received_at(batch)
    if received_at is None or received_at <= (delivery.received_before or NEVER):
        return
    with storages["delivery"].open(_received(batch), "rb") as file:
        said = next(file.chunks(MOST_RECEIVED_BYTES), b"")
    # The hash shows that this batch is the one that arrived.
    if any(sha256.encode() in said.lower() for sha256 in forms_of(batch)):
        acknowledge(batch=batch, actor=None)
    else:
        _note(
            delivery,
            f"The file {_received(batch)} does not have the SHA-256 of this batch's manifest.",
        )


def _received(batch: Batch) -> str:
    return f"{folder_of(batch)}{RECEIVED}"


def _received_at(batch: Batch) -> datetime | None:
    """Return when the acknowledgement at the destination was written, by the destination's
    clock.
    """
    try:
        return storages["delivery"].get_modified_time(_received(batch))
    except FileNotFoundError:
        return None


def _note_unreadable(delivery: Delivery, trouble: str) -> None:
    _note(delivery, f"Its acknowledgement could not be read ({trouble}).")


def _note(delivery: Delivery, reason: str) -> None:
    still = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.DELIVERED)
    with transaction.atomic():
        if still.exclude(reason=reason).update(reason=reason):
            record_trouble(delivery.batch)


def record_trouble(batch: Batch) -> None:
    """Record on the trail that something keeps a batch from moving on: its row says what.

    Call it in the transaction that writes that row.
    """
    record(action=Action.DELIVERY_TROUBLE, actor=None, subject=folder_of(batch))


def unacknowledged() -> Q:
    """Return the deliveries that have waited so long for an acknowledgement that someone should
    ask.
    """
    return Q(state=Delivery.State.DELIVERED, last_delivered_at__lt=Now() - CHASE_AFTER)
