"""What is known outside the database: by the storage for batches, by the destination, and by the
journal.

A backup that was put back knows less than they do. Read before the database is, so that whatever
they name was committed by then.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.core.files.storage import Storage, storages

from responses.exporting.high_water import RECEIVED as ACKNOWLEDGEMENT
from responses.exporting.high_water import has_destination
from responses.exporting.manifests import MANIFEST
from responses.journal import (
    CONFIRMED,
    GIVEN_UP,
    RECEIVED,
    append_to_journal,
    confirmed_line,
    erasure_marks,
    read_journal,
    received_line,
)
from responses.models import Confirmation, Response

FOLDER = re.compile(r"batch-([0-9]{4,9})")
SEALED = ".age"
AT_ONCE = 2000
PLACES = {"exports": "the storage for batches", "delivery": "the destination"}
Version = tuple[str, int]


@dataclass(frozen=True)
class Seen:
    """A batch as one place has it.

    `manifest_sha256` is empty where the manifest is not there, or is encrypted.
    """

    storage: str
    name: str
    manifest_sha256: str = ""
    encrypted: bool = False
    acknowledged: bool = False

    @property
    def place(self) -> str:
        return PLACES[self.storage]


@dataclass
class Outside:
    """All that is known outside. `unreachable` says why, by place."""

    batches: list[Seen] = field(default_factory=list)
    unreachable: dict[str, str] = field(default_factory=dict)
    received: dict[Version, dict[str, Any]] = field(default_factory=dict)
    confirmed: dict[Version, str] = field(default_factory=dict)
    given_up: set[Version] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)

    @property
    def awaited(self) -> dict[Version, dict[str, Any]]:
        """What the journal says was received and nobody gave up."""
        return {key: line for key, line in self.received.items() if key not in self.given_up}


def look_outside() -> Outside:
    """Read the journal and the marks of erasures, and list both places."""
    found = Outside(erased=erasure_marks())
    for line in read_journal():
        version = (line["reference"], line["version"])
        match line["event"]:
            case event if event == RECEIVED:
                found.received[version] = line
            case event if event == CONFIRMED:
                found.confirmed[version] = line["at"]
            case event if event == GIVEN_UP:
                found.given_up.add(version)
    for storage in ["exports", "delivery"] if has_destination() else ["exports"]:
        try:
            found.batches += list_batches(storage)
        except OSError as trouble:
            found.unreachable[PLACES[storage]] = trouble.strerror or str(trouble)
    return found


def complete_journal(outside: Outside) -> int:
    """Add what the journal did not get when it happened: it could not be written, or the process
    was cut off just after the commit. How many lines. Raises OSError.
    """
    lines: list[dict[str, Any]] = []
    every = Response.objects.select_related("consultation", "edition", "confirmation")
    for response in every.order_by("pk").iterator(chunk_size=AT_ONCE):
        version = (response.reference, response.version)
        if not hasattr(response, "confirmation"):
            continue  # The integrity check says so.
        if version not in outside.received:
            lines.append(received_line(response))
        sent = response.confirmation.state == Confirmation.State.SENT
        if sent and version not in outside.confirmed:
            lines.append(confirmed_line(response))
    append_to_journal(lines)
    return len(lines)


def list_batches(storage: str) -> list[Seen]:
    """The batches that have a folder in one of the two storages. Raises OSError."""
    place = storages[storage]
    try:
        return sorted(_batches_of(storage, place), key=lambda seen: seen.name)
    finally:
        if storage == "delivery":
            place.close()  # type: ignore[attr-defined]  # one of responses.exporting.destinations


def _batches_of(storage: str, place: Storage) -> Iterator[Seen]:
    for consultation in _names(place, "")[0]:
        folders, files = _names(place, consultation)
        for folder in folders:
            if not FOLDER.fullmatch(folder):
                continue
            name = f"{consultation}/{folder}"
            there = _names(place, name)[1]
            encrypted = f"{MANIFEST}{SEALED}" in there
            if not encrypted and MANIFEST not in there:
                continue  # Being written, or left half-way: it is no batch without a manifest.
            yield Seen(
                storage=storage,
                name=name,
                manifest_sha256="" if encrypted else _sha256(place, f"{name}/{MANIFEST}"),
                encrypted=encrypted,
                acknowledged=f"{folder}{ACKNOWLEDGEMENT}" in files,
            )


def _names(place: Storage, folder: str) -> tuple[list[str], list[str]]:
    """The folders and the files in a folder; none where it is not there."""
    with suppress(FileNotFoundError):
        folders, files = place.listdir(folder)
        return folders, files
    return [], []


def _sha256(place: Storage, name: str) -> str:
    with place.open(name, "rb") as file:
        digest = hashlib.sha256()
        for piece in file.chunks():
            digest.update(piece)
    return digest.hexdigest()
