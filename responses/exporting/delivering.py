"""Delivery: every written batch to where MOPAC takes it from, checked there, announced,
acknowledged, and chased until it is.

Which batches still have to go stands in the database, as with emails: whoever comes by claims one
for a while, carries its files, and records how that went. A try that was cut begins again and
leaves what is there already where it is.
"""

import hashlib
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyrage
from django.conf import settings
from django.core.files import File
from django.core.files.storage import storages
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from consult.auditing import record
from consult.clock import in_words
from consult.files import CHUNK_BYTES, Measured, measure, measure_path
from consult.leases import LeaseLost, claim, give_back, renewer
from consult.models import Action, User
from responses.exporting.batches import WORKPLACE, StoredDifferently, folder_of, refuse_removed
from responses.exporting.manifests import MANIFEST
from responses.models import Batch, Delivery

log = logging.getLogger(__name__)

# Between tries; the last one repeats, for as long as it takes: a batch is never given up.
PAUSES = [timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=20)]
# Renewed while bytes flow, so that what a killed worker had in hand is free again soon, however
# long a batch takes.
LEASE = timedelta(minutes=4)
RENEW_SECONDS = 20
# A run ends before its task would be ended for it.
RUN_FOR_SECONDS = 1800
CHASE_AFTER = timedelta(days=3)
# What MOPAC puts beside the batch's folder, with the manifest's SHA-256 in it.
RECEIVED = ".received"
MOST_RECEIVED_BYTES = 10_000

# Once for each response and event, however often a batch is sent again.
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


class NotWritten(Exception):
    """The batch has no files yet: there is nothing to deliver or to acknowledge."""


class NoDestination(Exception):
    """No place is set where batches are delivered to."""


@dataclass(frozen=True)
class Delivered:
    """One file as it stands at the destination."""

    name: str
    bytes: int
    sha256: str


class Watched(File):
    """A file that is measured while it is read, and that lets somebody know that bytes flow."""

    def __init__(self, file: Any, *, flows: Callable[[], None]) -> None:
        super().__init__(file)
        self.flows, self.digest, self.count = flows, hashlib.sha256(), 0

    def read(self, size: int = -1) -> bytes:
        piece: bytes = self.file.read(size)  # type: ignore[union-attr]
        self.digest.update(piece)
        self.count += len(piece)
        self.flows()
        return piece

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        while piece := self.read(chunk_size or CHUNK_BYTES):
            yield piece


def has_destination() -> bool:
    """Whether batches are delivered anywhere; where not, they are downloaded."""
    return "delivery" in settings.STORAGES


def deliver_due_batches() -> list[Batch]:
    """Deliver what is due, take up acknowledgements, and send the notices that are due.

    Gives the batches that were delivered.

    May run any number of times at once.
    """
    delivered: list[Batch] = []
    if has_destination():
        unsent = Batch.objects.filter(written_at__isnull=False, delivery=None).order_by("pk")
        Delivery.objects.bulk_create(
            [Delivery(batch=batch) for batch in unsent], ignore_conflicts=True
        )
        stop_at = time.monotonic() + RUN_FOR_SECONDS
        try:
            while time.monotonic() < stop_at and (delivery := claim_due()):
                if _deliver(delivery):
                    delivered.append(delivery.batch)
            _take_up_acknowledgements()
        finally:
            storages["delivery"].close()  # type: ignore[attr-defined]  # one of responses.exporting.destinations
    _tell()
    return delivered


def claim_due(*, lease: timedelta = LEASE) -> Delivery | None:
    """Take the earliest delivery that is due in hand: nobody else gets it before the lease has run
    out.
    """
    due = Delivery.objects.filter(due_at__lte=Now()).select_related("batch__consultation")
    due = due.order_by("batch__consultation_id", "batch__number")
    return next(iter(claim(due, limit=1, lease=lease)), None)


def _deliver(delivery: Delivery) -> bool:
    """Carry one batch and record how that went."""
    try:
        files = _carry(delivery)
    except LeaseLost:
        log.info("%s is in another worker's hands", delivery)
        return False
    except (OSError, StoredDifferently, pyrage.RecipientError) as trouble:
        storages["delivery"].close()  # type: ignore[attr-defined]
        _record_failure(delivery, _in_words(trouble))
        return False
    return _record_delivered(delivery, files)


def _carry(delivery: Delivery) -> list[Delivered]:
    """Put every file of the batch in its place at the destination, the manifest last: a folder
    without it is not complete.
    """
    batch = delivery.batch
    flows = renewer(delivery, lease=LEASE, every_seconds=RENEW_SECONDS)
    arrived = []
    for entry in sorted(batch.files, key=lambda file: file["name"] == MANIFEST):
        name = f"{folder_of(batch)}/{entry['name']}"
        with storages["exports"].open(name, "rb") as stored:
            if not settings.DELIVERY_AGE_RECIPIENTS:
                arrived.append(_put(stored, entry, name, entry["name"], flows))
                continue
            with TemporaryDirectory(prefix=WORKPLACE) as folder:
                path = Path(folder, "sealed.age")
                sealed = _encrypt(stored, entry, path, flows)
                with path.open("rb") as file:
                    arrived.append(_put(file, sealed, f"{name}.age", sealed["name"], flows))
    return arrived


def _encrypt(
    stored: File, entry: dict[str, Any], path: Path, flows: Callable[[], None]
) -> dict[str, Any]:
    """Encrypt a file of ours, to MOPAC's keys, onto our own disk. age encrypts differently every
    time.
    """
    recipients = [pyrage.x25519.Recipient.from_str(key) for key in settings.DELIVERY_AGE_RECIPIENTS]
    source = Watched(stored, flows=flows)
    with path.open("wb") as sealed:
        pyrage.encrypt_io(source, sealed, recipients)
    _hold(source, entry)
    return {"name": f"{entry['name']}.age"} | asdict(measure_path(path))


def _put(
    file: Any, entry: dict[str, Any], name: str, label: str, flows: Callable[[], None]
) -> Delivered:
    """Put one file in its place and check what arrived.

    What an earlier try left whole is not carried again.
    """
    place: Any = storages["delivery"]
    wanted = Measured(entry["bytes"], entry["sha256"])
    if _measured(name, flows) != wanted:
        aside = place.aside(name)
        source = Watched(file, flows=flows)
        for _piece in source.chunks():
            pass  # Read through before a byte leaves.
        _hold(source, entry)
        file.seek(0)
        # Some libraries read a file twice, for a checksum of their own, so that this time nothing
        # is counted.
        place.save(aside, Watched(file, flows=flows))
        if _measured(aside, flows) != wanted:
            raise StoredDifferently(f"{label} did not arrive as it was sent.")
        place.put_in_place(aside, name)
    return Delivered(label, wanted.bytes, wanted.sha256)


def _hold(source: Watched, entry: dict[str, Any]) -> None:
    """What was read of our own file must be what was written once: a damaged one is not
    handed on.
    """
    if (source.count, source.digest.hexdigest()) != (entry["bytes"], entry["sha256"]):
        raise StoredDifferently(
            f"{entry['name']} is not what was written. Run `manage.py reconcile`."
        )


def _measured(name: str, flows: Callable[[], None]) -> Measured | None:
    """The size and SHA-256 of what the destination has under `name`; None where there
    is nothing.
    """
    try:
        with storages["delivery"].open(name, "rb") as file:
            return measure(file.chunks(CHUNK_BYTES), flows=flows)
    except FileNotFoundError:
        return None


def _record_delivered(delivery: Delivery, files: list[Delivered]) -> bool:
    with transaction.atomic():
        current = (
            Delivery.objects.select_for_update(of=("self",))
            .select_related("batch__consultation")
            .get(pk=delivery.pk)
        )
        # Whoever delivers second, after the first's lease ran out, carried the same bytes: once is
        # enough.
        if current.state != Delivery.State.WAITING:
            return False
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
        _enter_in_ledger(current.batch, "delivered")
        record(
            action=Action.BATCH_DELIVERED,
            actor=None,
            subject=folder_of(current.batch),
            files=len(files),
        )
    return True


def _record_failure(delivery: Delivery, reason: str) -> None:
    log.warning("%s did not succeed; another try follows: %s", delivery, reason)
    # Where the lease was lost meanwhile, another worker has it in hand, and what comes of that
    # counts.
    pause = PAUSES[min(delivery.attempts, len(PAUSES) - 1)]
    give_back(delivery, due_at=Now() + pause, attempts=F("attempts") + 1, reason=reason)


def _enter_in_ledger(batch: Batch, event: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(ENTER_IN_LEDGER, [event, batch.number, batch.pk, event])


def _in_words(trouble: Exception) -> str:
    """Why it did not go, in words fit for the page: one line, and no path of ours."""
    words = str(trouble)
    if isinstance(trouble, OSError):
        words = (
            trouble.strerror or (words if not trouble.filename else "") or type(trouble).__name__
        )
    return " ".join(words.split())[:300]


def send_again(*, batch: Batch, actor: User) -> Delivery:
    """Deliver a batch once more: the same number, the same files.

    An act of its own, on the trail.

    What is being delivered already is left as it is. Raises NotWritten, NoDestination and
    FilesRemoved.
    """
    if not has_destination():
        raise NoDestination
    with transaction.atomic():
        # Whoever removes its files holds the row too: either they are gone, or this delivery keeps
        # them.
        delivery = _locked(batch)
        refuse_removed(batch)
        if delivery.state != Delivery.State.WAITING or delivery.reason:
            delivery.state, delivery.due_at, delivery.attempts, delivery.reason = (
                Delivery.State.WAITING,
                Now(),
                0,
                "",
            )
            delivery.told_at = delivery.chased_at = delivery.acknowledged_at = (
                delivery.acknowledged_by
            ) = None
            delivery.save(
                update_fields=[
                    *[
                        "state",
                        "due_at",
                        "attempts",
                        "reason",
                        "told_at",
                        "chased_at",
                        "acknowledged_at",
                        "acknowledged_by",
                    ],
                ]
            )
            record(action=Action.BATCH_SENT_AGAIN, actor=actor, subject=folder_of(batch))
    return delivery


def acknowledge(*, batch: Batch, actor: User | None) -> Delivery:
    """Note that MOPAC has a batch: who said so, or None where a file did.

    Once is enough, and twice changes nothing.

    A batch that was downloaded may be acknowledged as one that was delivered. Raises NotWritten.
    """
    with transaction.atomic():
        delivery = _locked(batch)
        if delivery.state != Delivery.State.ACKNOWLEDGED:
            delivery.state, delivery.acknowledged_at, delivery.acknowledged_by = (
                Delivery.State.ACKNOWLEDGED,
                Now(),
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
            _enter_in_ledger(batch, "acknowledged")
            record(
                action=Action.BATCH_ACKNOWLEDGED,
                actor=actor,
                subject=folder_of(batch),
                manifest_sha256=batch.manifest_sha256,
            )
    return delivery


def _locked(batch: Batch) -> Delivery:
    if batch.written_at is None:
        raise NotWritten
    Delivery.objects.bulk_create([Delivery(batch=batch)], ignore_conflicts=True)
    return Delivery.objects.select_for_update().get(batch=batch)


def _take_up_acknowledgements() -> None:
    """Look beside each delivered batch for the file by which MOPAC says that it is there."""
    for delivery in (
        Delivery.objects.filter(state=Delivery.State.DELIVERED)
        .select_related("batch__consultation")
        .order_by("pk")
    ):
        batch = delivery.batch
        try:
            with storages["delivery"].open(f"{folder_of(batch)}{RECEIVED}", "rb") as file:
                said = next(file.chunks(MOST_RECEIVED_BYTES), b"")
        except FileNotFoundError:
            continue
        except OSError as trouble:
            log.warning(
                "The destination could not be asked for acknowledgements: %s", _in_words(trouble)
            )
            return
        # The hash says that what arrived is this batch and no other.
        if batch.manifest_sha256.encode() in said.lower():
            acknowledge(batch=batch, actor=None)
        else:
            reason = (
                f"The file {folder_of(batch)}{RECEIVED} does not have the SHA-256 of this "
                "batch's manifest."
            )
            Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.DELIVERED).exclude(
                reason=reason
            ).update(reason=reason)


def unacknowledged() -> Q:
    """Which deliveries have waited so long for an acknowledgement that somebody should ask."""
    return Q(state=Delivery.State.DELIVERED, last_delivered_at__lt=Now() - CHASE_AFTER)


def _tell() -> None:
    """Send the notices that are due: one for each delivery, and a reminder every few days until it
    is acknowledged.
    """
    if not settings.DELIVERY_NOTICES:
        return
    told = Q(
        state__in=[Delivery.State.DELIVERED, Delivery.State.ACKNOWLEDGED],
        delivered_at__isnull=False,
        told_at=None,
    )
    again = unacknowledged() & (Q(chased_at=None) | Q(chased_at__lt=Now() - CHASE_AFTER))
    while _tell_one(told | again):
        pass


def _tell_one(due: Q) -> bool:
    """Send one notice.

    False where none is due, or the mail server is in trouble: the next run tries again.
    """
    with transaction.atomic():
        # Two workers at once: each takes another row, and a row that was told of is not due any
        # more.
        rows = Delivery.objects.select_for_update(skip_locked=True, of=("self",)).select_related(
            "batch__consultation"
        )
        delivery = rows.filter(due).order_by("pk").first()
        if delivery is None:
            return False
        reminder = delivery.told_at is not None
        try:
            build_notice(delivery, reminder=reminder).send()
        except OSError as trouble:
            log.warning(
                "The notice of %s could not be sent; another try follows: %s",
                delivery,
                type(trouble).__name__,
            )
            return False
        if reminder:
            delivery.chased_at = Now()
        else:
            delivery.told_at = Now()
        delivery.save(update_fields=["chased_at" if reminder else "told_at"])
    return True


def build_notice(delivery: Delivery, *, reminder: bool) -> EmailMessage:
    """The email that says what is there: counts and hashes, and nothing that a respondent wrote."""
    batch = delivery.batch
    name = {"number": batch.number, "title": batch.consultation.title}
    subject = (
        _("Please acknowledge batch %(number)s of “%(title)s”")
        if reminder
        else _("Batch %(number)s of “%(title)s” is there")
    )
    inside = defaultdict(list)
    for file in delivery.files:
        inside[file["name"].rpartition("/")[0].partition("/")[0]].append(file["bytes"])
    words = {
        "batch": batch,
        "listed": [file for file in delivery.files if "/" not in file["name"]],
        # A line for each folder, so that the email can be read: the manifest has the hash of every
        # file.
        "folders": [
            {"folder": f"{name}/", "files": len(sizes), "bytes": sum(sizes)}
            for name, sizes in inside.items()
            if name
        ],
        "reminder": reminder,
        "folder": folder_of(batch),
        "received": f"{folder_of(batch)}{RECEIVED}",
        "delivered": in_words(delivery.last_delivered_at or delivery.delivered_at),  # type: ignore[arg-type]  # it was delivered
        "page": f"{settings.SITE_URL}{reverse('batch-list')}",
    }
    return EmailMessage(
        subject=" ".join((subject % name).split()),
        body=render_to_string("emails/delivered.txt", words),
        to=settings.DELIVERY_NOTICES,
        headers={"Auto-Submitted": "auto-generated"},
    )
