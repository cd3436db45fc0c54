"""What must be known after restoring a backup, kept outside the database: the journal of what was
received, and the marks of what was erased.

Both are in the storage for files. The journal is lines of JSON that are only ever added: for each
version of a response what a batch and a receipt need, whether its email was sent, and which batches
were acknowledged. No answers, no name, no address. Anyone who can read it could open receipts, so
only its owner can read its files.
"""

import json
import logging
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from consult.files import sync
from consult.models import Consultation
from responses.models import Confirmation, Delivery, EqualityHolder, LedgerEntry, Response

log = logging.getLogger(__name__)

FOLDER = "journal"
# One empty file for each erased reference.
ERASURES = "erasures"
ARRIVALS = {
    LedgerEntry.Event.RECEIVED,
    LedgerEntry.Event.AMENDED,
    LedgerEntry.Event.WITHDRAWN,
    LedgerEntry.Event.ERASED,
}
RECEIVED, CONFIRMED, GIVEN_UP = "received", "confirmed", "given-up"
ACKNOWLEDGED, EQUALITY = "acknowledged", "equality"


def note_in_journal(*, response: Response, event: LedgerEntry.Event) -> None:
    """Have the journal record that a version arrived, or that its email was sent, once that is
    committed.

    This happens after the commit and before anyone is told: what is cut off in between was never
    called received, and the next integrity check adds its line. Decision 25 explains why.
    """
    if event in ARRIVALS:
        transaction.on_commit(lambda: _append_or_say_so([received_line(response)]))
    elif event == LedgerEntry.Event.CONFIRMED:
        transaction.on_commit(partial(_append_or_say_so, [confirmed_line(response)]))


def received_line(response: Response) -> dict[str, Any]:
    """Return the journal's line for a version: what its receipt needs, and how to name it."""
    email = response.confirmation
    return {
        "event": RECEIVED,
        "consultation": response.consultation.slug,
        "edition": response.edition.number,
        "reference": response.reference,
        "version": response.version,
        "act": str(response.act),
        "channel": str(response.channel),
        "received_at": response.received_at.astimezone(UTC).isoformat(),
        "submission_key": str(response.submission_key),
        "receipt_hash": response.receipt_hash,
        "digest": response.digest,
        "message_id": email.message_id,
        "email_wanted": email.state != Confirmation.State.NOT_WANTED,
    }


def confirmed_line(response: Response) -> dict[str, Any]:
    """Return the line that says a version's email was sent.

    After a restore another version may get its number, but none its Message-ID.
    """
    return {
        "event": CONFIRMED,
        "reference": response.reference,
        "version": response.version,
        "message_id": response.confirmation.message_id,
    }


def note_acknowledged(*, batch: str, delivery: Delivery) -> None:
    """Have the journal record that a batch, by name, was acknowledged, once that is committed."""
    if delivery.acknowledged_at is None:
        return
    said = {
        "event": ACKNOWLEDGED,
        "batch": batch,
        "manifest_sha256": delivery.batch.manifest_sha256,
        "acknowledged_at": delivery.acknowledged_at.astimezone(UTC).isoformat(),
    }
    transaction.on_commit(partial(_append_or_say_so, [said]))


def note_equality_holders(consultation: Consultation) -> None:
    """Add a line with everyone who has answered the equality questions, without their answers, when
    answers are handed over.

    All in one line, so that none shows when someone answered. Raises OSError.
    """
    holders = EqualityHolder.objects.filter(consultation=consultation).order_by("holder_hash")
    said = list(holders.values_list("holder_hash", flat=True))
    line = {"event": EQUALITY, "consultation": consultation.slug, "holders": said}
    append_to_journal([line])


def append_to_journal(lines: Iterable[dict[str, Any]]) -> None:
    """Add lines, and return once they are on the disk. Raises OSError.

    Each begins on a new line, so that one cut off by a power failure spoils no other.
    """
    at = datetime.now(UTC).isoformat()
    said = "".join(f"\n{json.dumps({**line, 'at': at})}\n" for line in lines).encode()
    if not said:
        return
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{datetime.now(UTC):%Y-%m-%d}.jsonl"
    new = not path.exists()
    # One write for all: several processes write at once.
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, said)
        os.fsync(handle)
    finally:
        os.close(handle)
    if new:
        sync(folder)


def read_journal() -> Iterator[dict[str, Any]]:
    """Return every line, oldest first, skipping any cut off by a power failure."""
    folder = _folder()
    for path in sorted(folder.glob("*.jsonl")) if folder.exists() else []:
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.strip():
                    try:
                        yield json.loads(line)
                    except json.JSONDecodeError:
                        log.warning("%s has a line that cannot be read.", path.name)


def keep_erasure_mark(reference: str) -> None:
    """Mark a reference as erased, for as long as the storage for files exists."""
    if not default_storage.exists(f"{ERASURES}/{reference}"):
        default_storage.save(f"{ERASURES}/{reference}", ContentFile(b""))


def erasure_marks() -> set[str]:
    """Return the references that were erased, including those that a backup brought back."""
    try:
        return set(default_storage.listdir(ERASURES)[1])
    except FileNotFoundError:
        return set()


def _append_or_say_so(lines: list[dict[str, Any]]) -> None:
    # A full or broken disk for the journal must not turn a received response into an error.
    try:
        append_to_journal(lines)
    except OSError as trouble:
        log.warning(
            "The journal could not be written (%s); the next integrity check adds what is missing.",
            trouble.strerror or type(trouble).__name__,
        )


def _folder() -> Path:
    return Path(default_storage.path(FOLDER))
