"""When the next batch is due, and sealing and writing those that are."""

import logging
from datetime import datetime
from functools import partial

from django.db import transaction

from consult.clock import latest_daily, next_daily
from consult.jobs import trouble_recorded
from consult.models import Consultation
from responses.exporting.batches import seal, take_turn, waiting
from responses.exporting.high_water import CannotTell
from responses.exporting.lost_batches import look_for_lost
from responses.exporting.writing import (
    BatchNotWritten,
    BeingWritten,
    record_failure,
    write_batch,
)
from responses.models import Batch
from responses.responding.equality import to_hand_over, to_recall

log = logging.getLogger(__name__)


def seal_due_batches(*, now: datetime | None = None) -> list[Batch]:
    """Seal what is due at `now`, by default the database's time, and write every batch that is
    waiting to be written. Returns the batches that were sealed.

    A batch is due once a day at the consultation's hour in London, from opening until a batch
    sealed after the end of the grace period holds everything. One batch makes up for days on which
    nothing ran. Trouble with one consultation's is recorded, and the others go on.
    """
    sealed = []
    published = Consultation.objects.filter(published_at__isnull=False).order_by("pk")
    for consultation in published:
        with trouble_recorded(partial(_log_unsealed, consultation)):
            if batch := _seal_if_due(consultation, now):
                sealed.append(batch)
    # Writing the newest also writes the earlier ones.
    for batch in (
        Batch.objects.filter(written_at=None)
        .order_by("consultation_id", "-number")
        .distinct("consultation_id")
    ):
        with trouble_recorded(partial(_record_unforeseen, batch)):
            _write(batch)
    return sealed


def _log_unsealed(consultation: Consultation, trouble: str) -> None:
    # The doctor reports that it is due.
    log.error("%s has no batch now; another try follows: %s", consultation.slug, trouble)


def _record_unforeseen(batch: Batch, trouble: str) -> None:
    record_failure(batch, f"Unexpected trouble ({trouble}); the worker's log says more.")


def _seal_if_due(consultation: Consultation, now: datetime | None) -> Batch | None:
    with transaction.atomic():
        current = take_turn(consultation)
        if not is_due(consultation=current, now=now or current.now):
            return None
    try:
        lost = look_for_lost(consultation)
    except CannotTell as reason:
        log.warning("%s has no batch now; another try follows: %s", consultation.slug, reason)
        return None
    with transaction.atomic():
        current = take_turn(consultation)
        # Asked again when it is our turn: two runs at once must not seal the same day twice.
        due = is_due(consultation=current, now=now or current.now)
        return seal(current, None, lost) if due else None


def _write(batch: Batch) -> None:
    try:
        write_batch(batch=batch, wait=False)
    except BatchNotWritten as reason:
        log.warning("%s could not be written; another try follows: %s", batch, reason)
    except BeingWritten:
        log.info("%s is being written by another worker", batch)


def is_due(*, consultation: Consultation, now: datetime) -> bool:
    """Tell whether a daily batch of a published consultation is due at `now`."""
    at = due_at(consultation=consultation, now=now)
    return at is not None and at <= now


def due_at(*, consultation: Consultation, now: datetime) -> datetime | None:
    """When the next daily batch of a published consultation is due, which may be before `now`, or
    None if none is to come.

    None is as things are now: a response that arrives or is withdrawn later is due at the next
    hour.
    """
    last = Batch.objects.filter(consultation=consultation).order_by("-number").first()
    since = (
        last.sealed_at
        if last
        else max(consultation.opens_at, consultation.published_at or consultation.opens_at)
    )
    at = latest_daily(consultation.batch_hour, now=now)
    if at <= since:
        at = next_daily(consultation.batch_hour, after=max(since, now))
    final = consultation.withdrawn_at is not None or (
        last is not None and last.sealed_at >= consultation.grace_ends_at
    )
    if not final or waiting(consultation).exists():
        return at
    more = to_hand_over(consultation, now=max(at, now)).exists() or to_recall(consultation).exists()
    return at if more else None
