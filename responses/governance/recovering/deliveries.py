"""What was delivered and acknowledged after the backup that was restored."""

import logging
from dataclasses import asdict
from datetime import datetime

from django.core.files.storage import storages
from django.db import transaction
from django.db.models.functions import Now

from consult.auditing import record
from consult.files import CHUNK_BYTES, measure
from consult.models import Action
from responses.exporting.acknowledging import acknowledge, enter_in_ledger, locked_delivery
from responses.exporting.batches import folder_of
from responses.exporting.high_water import DELIVERED, ENCRYPTED, Seen
from responses.governance.outside import Line, Outside
from responses.models import Batch, Delivery, LedgerEntry

log = logging.getLogger(__name__)


def settle_deliveries(outside: Outside) -> tuple[list[str], list[str]]:
    """Record as delivered what is complete at the destination, and as acknowledged what the journal
    says was, if the database does not know. Returns their names.

    The next delivery run takes up an acknowledgement that is at the destination.
    """
    delivered, acknowledged = [], []
    places = {seen.name: seen for seen in outside.batches if seen.place == DELIVERED}
    written = Batch.objects.filter(written_at__isnull=False).select_related("consultation")
    for batch in written.order_by("pk"):
        name = folder_of(batch)
        if (seen := places.get(name)) and _settle_delivery(batch, seen):
            delivered.append(name)
        if (line := outside.acknowledged.get(name)) and _settle_acknowledgement(batch, line):
            acknowledged.append(name)
    return delivered, acknowledged


def is_acknowledged_since(batch: Batch, delivery: Delivery | None, line: Line) -> bool:
    """Tell whether the journal says that a batch was acknowledged, and its delivery does not
    know.
    """
    if line["manifest_sha256"] != batch.manifest_sha256:
        return False
    if delivery is None or delivery.state == Delivery.State.ACKNOWLEDGED:
        return delivery is None
    at, sent_at = datetime.fromisoformat(line["acknowledged_at"]), delivery.last_delivered_at
    # If it was sent again after that, nobody has acknowledged this sending.
    return delivery.sendings == 0 or (sent_at is not None and at > sent_at)


def _settle_delivery(batch: Batch, seen: Seen) -> bool:
    if not seen.encrypted and seen.manifest_sha256 != batch.manifest_sha256:
        return False  # The integrity check names it.
    known = Delivery.objects.filter(batch=batch).first()
    if known is not None and known.delivered_at is not None:
        return False
    try:
        files = _files_at_destination(batch, encrypted=seen.encrypted)
    except OSError as trouble:
        log.warning("%s at the destination cannot be read: %s", seen.name, trouble)
        return False
    with transaction.atomic():
        delivery = locked_delivery(batch)
        if delivery.delivered_at is not None:
            return False
        delivery.state, delivery.files, delivery.leased_until = (
            Delivery.State.DELIVERED,
            files,
            None,
        )
        # The acknowledgement that is there is for this delivery, and its notice was sent.
        delivery.received_before, delivery.reason, delivery.attempts = None, "", 0
        delivery.delivered_at = delivery.last_delivered_at = delivery.told_at = Now()
        delivery.save(
            update_fields=[
                *["state", "files", "leased_until", "received_before", "reason", "attempts"],
                *["delivered_at", "last_delivered_at", "told_at"],
            ]
        )
        enter_in_ledger(batch, LedgerEntry.Event.DELIVERED)
        record(
            action=Action.BATCH_DELIVERED, actor=None, subject=folder_of(batch), files=len(files)
        )
    return True


def _files_at_destination(batch: Batch, *, encrypted: bool) -> list[dict[str, object]]:
    """Return what was delivered, as it is at the destination."""
    if not encrypted:
        return [{key: file[key] for key in ("name", "bytes", "sha256")} for file in batch.files]
    found = []
    for file in batch.files:
        name = f"{file['name']}{ENCRYPTED}"
        with storages[DELIVERED].open(f"{folder_of(batch)}/{name}", "rb") as there:
            found.append({"name": name} | asdict(measure(there.chunks(CHUNK_BYTES))))
    return found


def _settle_acknowledgement(batch: Batch, line: Line) -> bool:
    delivery = Delivery.objects.filter(batch=batch).first()
    if not is_acknowledged_since(batch, delivery, line):
        return False
    acknowledge(batch=batch, actor=None, at=datetime.fromisoformat(line["acknowledged_at"]))
    return True
