"""Copies a batch's files to the destination: each is checked there, the manifest goes last, and
nothing that was handed over is overwritten.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyrage
from django.conf import settings
from django.core.files import File
from django.core.files.storage import storages

from consult.files import CHUNK_BYTES, Measured, measure, measure_path
from responses.exporting.batches import folder_of
from responses.exporting.destinations import destination
from responses.exporting.high_water import ENCRYPTED
from responses.exporting.manifests import MANIFEST
from responses.exporting.storing import WORKPLACE, HandedOverAlready, StoredDifferently
from responses.models import Delivery


@dataclass(frozen=True)
class Delivered:
    """One file as it is at the destination."""

    name: str
    bytes: int
    sha256: str


class HandedOverBefore(Exception):
    """The destination has the batch as it was before it was taken back: it had arrived, but nobody
    could record that.
    """


class Watched(File):
    """A file that is measured while it is read, and that reports that bytes are flowing."""

    def __init__(self, file: Any, *, flows: Callable[[], None]) -> None:
        super().__init__(file)
        self.source, self.flows, self.digest, self.count = file, flows, sha256(), 0

    def read(self, size: int = -1) -> bytes:
        piece: bytes = self.source.read(size)
        self.digest.update(piece)
        self.count += len(piece)
        self.flows()
        return piece

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        while piece := self.read(chunk_size or CHUNK_BYTES):
            yield piece


def carry(delivery: Delivery, *, flows: Callable[[], None]) -> list[Delivered]:
    """Copy every file of the batch to the destination, the manifest last: a folder without one is
    incomplete.

    `flows` is called while bytes flow. Raises OSError, StoredDifferently, pyrage.RecipientError,
    HandedOverBefore, and HandedOverAlready if the destination has another complete batch with this
    number.
    """
    batch, encrypted = delivery.batch, bool(settings.DELIVERY_AGE_RECIPIENTS)
    complete = _is_complete(delivery, encrypted=encrypted, flows=flows)
    arrived = []
    for entry in sorted(batch.files, key=lambda file: file["name"] == MANIFEST):
        name = f"{folder_of(batch)}/{entry['name']}"
        # If another manifest arrives meanwhile, the first one stays.
        once = entry["name"] == MANIFEST and not complete
        with storages["exports"].open(name, "rb") as stored:
            if not encrypted:
                arrived.append(_put(stored, entry, name, flows, once=once))
                continue
            with TemporaryDirectory(prefix=WORKPLACE) as folder:
                path = Path(folder, "encrypted.age")
                sealed = _encrypt(stored, entry, path, flows)
                with path.open("rb") as file:
                    arrived.append(_put(file, sealed, f"{name}{ENCRYPTED}", flows, once=once))
    return arrived


def _is_complete(delivery: Delivery, *, encrypted: bool, flows: Callable[[], None]) -> bool:
    """Whether the batch is there already, manifest included. Raises HandedOverAlready if that
    manifest is, or may be, a different one.
    """
    batch, name = delivery.batch, f"{MANIFEST}{ENCRYPTED if encrypted else ''}"
    there = _measured(f"{folder_of(batch)}/{name}", flows)
    if there is None:
        return False
    ours = {file["sha256"] for file in delivery.files if file["name"] == name}
    if not encrypted:
        ours.add(batch.manifest_sha256)
    if there.sha256 in ours:
        return True
    if batch.instead_of and (encrypted or there.sha256 in batch.instead_of):
        raise HandedOverBefore
    raise HandedOverAlready(
        f"The destination has another {folder_of(batch)}/{name}, and nothing handed over is "
        "overwritten. See “After a restore” in docs/operations.md."
    )


def _encrypt(
    stored: File, entry: dict[str, Any], path: Path, flows: Callable[[], None]
) -> dict[str, Any]:
    """Encrypt one of our files to MOPAC's keys, on our own disk. age encrypts differently every
    time.
    """
    recipients = [pyrage.x25519.Recipient.from_str(key) for key in settings.DELIVERY_AGE_RECIPIENTS]
    source = Watched(stored, flows=flows)
    with path.open("wb") as sealed:
        pyrage.encrypt_io(source, sealed, recipients)
    _refuse_damaged(source, entry)
    return {"name": f"{entry['name']}{ENCRYPTED}"} | asdict(measure_path(path))


def _put(
    file: Any, entry: dict[str, Any], name: str, flows: Callable[[], None], *, once: bool
) -> Delivered:
    """Copy one file and check what arrived.

    A file that an earlier try left whole is not copied again. `once`: a file that is there by then
    stays.
    """
    place = destination()
    wanted = Measured(entry["bytes"], entry["sha256"])
    if _measured(name, flows) != wanted:
        aside = place.aside(name)
        source = Watched(file, flows=flows)
        for _piece in source.chunks():
            pass  # Read in full before a byte leaves.
        _refuse_damaged(source, entry)
        file.seek(0)
        # Some libraries read a file twice, for their own checksum; only the last time counts.
        if once:
            place.save_once(aside, Watched(file, flows=flows))
        else:
            place.save(aside, Watched(file, flows=flows))
        if _measured(aside, flows) != wanted:
            raise StoredDifferently(f"{entry['name']} did not arrive as it was sent.")
        place.put_in_place(aside, name, once=once)
    return Delivered(entry["name"], wanted.bytes, wanted.sha256)


def _refuse_damaged(source: Watched, entry: dict[str, Any]) -> None:
    """Refuse our own file if it is not what was written: a damaged one is not delivered."""
    if (source.count, source.digest.hexdigest()) != (entry["bytes"], entry["sha256"]):
        raise StoredDifferently(
            f"{entry['name']} is not what was written. Run `manage.py reconcile`."
        )


def _measured(name: str, flows: Callable[[], None]) -> Measured | None:
    """Return the size and SHA-256 of the destination's file `name`, or None if there is none."""
    try:
        with storages["delivery"].open(name, "rb") as file:
            return measure(file.chunks(CHUNK_BYTES), flows=flows)
    except FileNotFoundError:
        return None
