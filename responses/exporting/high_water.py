"""What was handed over, as recorded outside the database, so that after restoring a backup no batch
number is used twice and nothing handed over is overwritten.

Before a batch's manifest is stored, a mark named by its number and its manifest's SHA-256 is added
to the storage for batches and to the storage for files. It lists the batch's responses, by
reference. A mark is removed only with a manifest that was never handed over
(responses.exporting.taking_back). The folders of batches, in the storage and at the destination,
are evidence too; `responses.exporting.lost_batches` reads what lost ones hold.
"""

import json
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.db.models import Max

from consult.files import CHUNK_BYTES, measure
from consult.models import Consultation
from responses.exporting.destinations import destination
from responses.exporting.manifests import MANIFEST
from responses.journal import note_equality_holders
from responses.models import Batch

log = logging.getLogger(__name__)

STORED, DELIVERED, FILES = "exports", "delivery", "default"
PLACES = {STORED: "the storage for batches", DELIVERED: "the destination"}
MARKS = "batches-handed-over"
FOLDER = re.compile(r"batch-([0-9]{4,9})")
MARK = re.compile(r"batch-([0-9]{4,9})\.([0-9a-f]{64})")
# What MOPAC puts beside the batch's folder, with the manifest's SHA-256 in it.
RECEIVED = ".received"
MOST_RECEIVED_BYTES = 10_000
ENCRYPTED = ".age"


class CannotTell(Exception):
    """Not every place can say which numbers were used, and the others may be out of date."""


@dataclass(frozen=True)
class Seen:
    """A batch as one place has it: a folder with a manifest, or a mark.

    `manifest_sha256` is empty if the manifest is encrypted.
    """

    place: str
    consultation: str
    number: int
    manifest_sha256: str
    encrypted: bool = False
    acknowledged: bool = False

    @property
    def name(self) -> str:
        """Return its folder, which has the same name in every place."""
        return f"{self.consultation}/batch-{self.number:04}"

    @property
    def at(self) -> str:
        """Return the place in words."""
        return PLACES[self.place]


def has_destination() -> bool:
    """Tell whether batches are delivered anywhere; if not, they are downloaded."""
    return DELIVERED in settings.STORAGES


def mark_handed_over(batch: Batch, manifest_sha256: str) -> None:
    """Record outside the database that a batch is about to have a manifest, and what it holds.
    Doing it again changes nothing.
    """
    name = mark_of(batch.consultation, number=batch.number, manifest_sha256=manifest_sha256)
    holds = json.dumps(
        {
            "references": sorted(set(batch.members.values_list("response__reference", flat=True))),
            "equality": batch.equality_answers.exists() or batch.equality_recalls.exists(),
        }
    )
    for place in (STORED, FILES):
        if not storages[place].exists(name):
            storages[place].save(name, ContentFile(holds.encode()))
    if batch.equality_answers.exists():
        note_equality_holders(batch.consultation)


def mark_of(consultation: Consultation, *, number: int, manifest_sha256: str) -> str:
    """Return where the mark of a batch is, in the storage for batches and in the one for files."""
    return f"{_marks_of(consultation)}/batch-{number:04}.{manifest_sha256}"


def forget_marks(batch: Batch, manifests: Sequence[str]) -> None:
    """Remove the marks of manifests that were stored and never handed over. Raises OSError."""
    for sha256 in manifests:
        name = mark_of(batch.consultation, number=batch.number, manifest_sha256=sha256)
        for place in (STORED, FILES):
            with suppress(FileNotFoundError):
                storages[place].delete(name)


def handed_over_after(consultation: Consultation, *, number: int) -> list[Seen]:
    """Return the batches after `number` that were handed over, or may have been, by number.

    If a place does not answer, the others are enough as long as they know every batch that the
    database says was written. Raises CannotTell if they do not.
    """
    slug, found, unreadable = consultation.slug, list[Seen](), list[str]()
    for place in (STORED, FILES):
        try:
            found += _marks(place, consultation)
        except OSError as trouble:
            unreadable.append(f"{place}: {trouble.strerror or type(trouble).__name__}")
    marked = {seen.number for seen in found}
    for place in [STORED, DELIVERED] if has_destination() else [STORED]:
        try:
            found += list_batches(place, consultation=slug, after=number)
        except OSError as trouble:
            unreadable.append(f"{place}: {trouble.strerror or type(trouble).__name__}")
    if unreadable:
        written = Batch.objects.filter(consultation=consultation, written_at__isnull=False)
        newest = written.aggregate(number=Max("number"))["number"] or 0
        if newest and newest not in marked:
            raise CannotTell("; ".join(unreadable))
        log.warning("Not every place could be asked which batches it has: %s", unreadable)
    return _by_number(seen for seen in found if seen.number > number)


def _by_number(found: Iterator[Seen]) -> list[Seen]:
    """Return one batch for each number: if several places know it, the first that has its
    manifest's hash.
    """
    best: dict[int, Seen] = {}
    for seen in found:
        known = best.get(seen.number)
        if known is None or not known.manifest_sha256:
            best[seen.number] = seen
    return [best[number] for number in sorted(best)]


def list_batches(place: str, *, consultation: str = "", after: int = 0) -> list[Seen]:
    """Return the batches after number `after` that have a manifest in STORED or DELIVERED, of one
    consultation or of all. Raises OSError.
    """
    storage = storages[place]
    try:
        slugs = [consultation] if consultation else _names(storage, "")[0]
        return [seen for slug in slugs for seen in _folders(place, storage, slug, after)]
    finally:
        if place == DELIVERED:
            destination().close()


def _marks_of(consultation: Consultation) -> str:
    """Return where a consultation's marks are.

    Another service with the same plan, in the same place, has its own.
    """
    published_at = consultation.published_at or consultation.opens_at
    return f"{MARKS}/{consultation.slug}-{published_at.astimezone(UTC):%Y%m%dT%H%M%S%f}"


def _marks(place: str, consultation: Consultation) -> Iterator[Seen]:
    for name in _names(storages[place], _marks_of(consultation))[1]:
        if said := MARK.fullmatch(name):
            yield Seen(place, consultation.slug, int(said[1]), said[2])


def _folders(place: str, storage: Storage, slug: str, after: int) -> Iterator[Seen]:
    folders, files = _names(storage, slug)
    for folder in sorted(folders):
        said = FOLDER.fullmatch(folder)
        if not said or int(said[1]) <= after:
            continue
        there = _names(storage, f"{slug}/{folder}")[1]
        encrypted = f"{MANIFEST}{ENCRYPTED}" in there
        if not encrypted and MANIFEST not in there:
            continue  # Still being written, or abandoned: without a manifest it is not a batch.
        sha256 = "" if encrypted else _sha256(storage, f"{slug}/{folder}/{MANIFEST}")
        yield Seen(place, slug, int(said[1]), sha256, encrypted, f"{folder}{RECEIVED}" in files)


def _names(storage: Storage, folder: str) -> tuple[list[str], list[str]]:
    """Return the folders and the files in a folder; none if it does not exist."""
    with suppress(FileNotFoundError):
        folders, files = storage.listdir(folder)
        return folders, files
    return [], []


def _sha256(storage: Storage, name: str) -> str:
    with storage.open(name, "rb") as file:
        return measure(file.chunks(CHUNK_BYTES)).sha256
