"""Where a batch is recovered from: the storage for batches, the destination, a folder or a zip."""

import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from django.core.files import File
from django.core.files.storage import storages

from consult.files import CHUNK_BYTES, measure
from responses.exporting.formats.tables import LINES
from responses.exporting.high_water import DELIVERED, STORED, Seen
from responses.exporting.manifests import MANIFEST, FileEntry
from responses.exporting.pack import PROGRAM
from responses.exporting.signing import SIGNATURE
from responses.exporting.verifying.ed25519 import signature_holds
from responses.governance.outside import Outside
from responses.models import SigningKey

WORKPLACE = "consult-recover-"
Opener = Callable[[str], IO[bytes] | File]


class CannotRecover(Exception):
    """A batch cannot be recovered; the message says why, and what to do."""


@dataclass(frozen=True)
class Fetched:
    """A batch's files in a folder of ours, each as its manifest says, and the same batch as the
    destination has it, if it does.
    """

    folder: Path
    manifest: dict[str, Any]
    files: list[FileEntry]
    delivered: Seen | None = None

    @property
    def number(self) -> int:
        return int(self.manifest["batch"])

    @property
    def name(self) -> str:
        return f"{self.manifest['consultation']}/batch-{self.number:04}"

    @property
    def manifest_sha256(self) -> str:
        return next(file.sha256 for file in self.files if file.name == MANIFEST)

    @property
    def forms(self) -> list[str]:
        """Return the hash of its manifest, and of those that it replaced."""
        return [self.manifest_sha256, *self.manifest.get("made_again_instead_of", [])]

    @property
    def sealed_at(self) -> datetime:
        return datetime.fromisoformat(self.manifest["sealed_at"])

    def lines(self) -> Iterator[dict[str, Any]]:
        """Yield what `responses.jsonl` says, one response at a time."""
        with (self.folder / LINES).open(encoding="utf-8", newline="\n") as file:
            yield from map(json.loads, file)


def number_in(where: str) -> int:
    """Return the number of the batch that is there, so that the earliest can be recovered first;
    0 if it cannot be read, which `fetched` reports.
    """
    path = Path(where)
    try:
        if path.is_dir():
            return int(json.loads((path / MANIFEST).read_bytes())["batch"])
        if path.is_file():
            with zipfile.ZipFile(path) as packed:
                return int(json.loads(packed.read(MANIFEST))["batch"])
        return int(where.rpartition("-")[2])
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return 0


@contextmanager
def fetched(where: str, outside: Outside) -> Iterator[Fetched]:
    """Return the files of a batch, which is a name like `slug/batch-0008`, a folder or a zip.

    Raises CannotRecover if they are not there, not as their manifest says, or not signed by us.
    """
    with TemporaryDirectory(prefix=WORKPLACE) as temporary:
        yield _fetch(where, Path(temporary), outside)


def _fetch(where: str, folder: Path, outside: Outside) -> Fetched:
    path = Path(where)
    if path.is_dir():
        manifest, files = _copy(lambda name: (path / name).open("rb"), folder, where)
    elif path.is_file():
        try:
            with zipfile.ZipFile(path) as packed:
                manifest, files = _copy(partial(_from_zip, packed), folder, where)
        except zipfile.BadZipFile as trouble:
            raise CannotRecover(f"{where} is not a zip file.") from trouble
    else:
        places = [seen for seen in outside.batches if seen.name == where]
        manifest, files = _copy_from(places, folder, where)
    _check_signature(folder, where)
    batch = Fetched(folder, manifest, files)
    same = [
        seen
        for seen in outside.batches
        if (seen.place, seen.name) == (DELIVERED, batch.name)
        and seen.manifest_sha256 in {"", batch.manifest_sha256}
    ]
    return replace(batch, delivered=same[0] if same else None)


def _copy_from(places: list[Seen], folder: Path, where: str) -> tuple[Any, list[FileEntry]]:
    """Copy from the first place that has all of it."""
    trouble = CannotRecover(
        f"There is no batch “{where}” in the storage for batches or at the destination. Give its "
        "folder or its zip file."
    )
    for place in sorted(places, key=lambda seen: seen.place != STORED):
        if place.encrypted:
            trouble = CannotRecover(
                f"{where} is encrypted to its receiver in {place.at}. Ask the receiver for its "
                "files, and give the folder or the zip file."
            )
            continue
        try:
            return _copy(partial(_from_storage, place), folder, where)
        except CannotRecover as reason:
            trouble = reason
    raise trouble


def _from_storage(place: Seen, name: str) -> File:
    return storages[place.place].open(f"{place.name}/{name}", "rb")


def _from_zip(packed: zipfile.ZipFile, name: str) -> IO[bytes]:
    try:
        return packed.open(name)
    except KeyError as reason:
        raise FileNotFoundError(name) from reason


def _copy(opener: Opener, folder: Path, where: str) -> tuple[dict[str, Any], list[FileEntry]]:
    """Copy the manifest, the files that it lists, and those beside them, checking each."""
    try:
        entries = [_copy_one(opener, MANIFEST, folder)]
        manifest = json.loads((folder / MANIFEST).read_bytes())
        listed = [FileEntry(**entry) for entry in manifest["files"]]
        for entry in listed:
            if _within(entry.name) is None:
                raise CannotRecover(f"{where} names the file {entry.name}, which is no place.")
            arrived = _copy_one(opener, entry.name, folder)
            if (arrived.bytes, arrived.sha256) != (entry.bytes, entry.sha256):
                raise CannotRecover(f"{entry.name} of {where} is not what its manifest names.")
    except OSError as trouble:
        raise CannotRecover(f"A file of {where} cannot be read: {trouble}.") from trouble
    except (ValueError, KeyError, TypeError) as trouble:
        raise CannotRecover(f"The manifest of {where} cannot be understood.") from trouble
    beside = []
    for name in (SIGNATURE, PROGRAM):
        try:
            beside.append(_copy_one(opener, name, folder))
        except FileNotFoundError:
            continue  # Without a key there is no signature, and the program can be had elsewhere.
    return manifest, [*listed, *entries, *beside]


def _within(name: str) -> Path | None:
    """Return a file's name as a relative path, unless it leads out of the folder."""
    path = Path(name)
    return None if path.is_absolute() or ".." in path.parts else path


def _copy_one(opener: Opener, name: str, folder: Path) -> FileEntry:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    with opener(name) as source, (folder / name).open("wb") as target:
        there = measure(_copied(source, target))
    return FileEntry(name, there.bytes, None, there.sha256)


def _copied(source: IO[bytes] | File, target: IO[bytes]) -> Iterator[bytes]:
    while piece := source.read(CHUNK_BYTES):
        target.write(piece)
        yield piece


def _check_signature(folder: Path, where: str) -> None:
    """Raise CannotRecover if this service signs its batches, and did not sign this one."""
    keys = set(SigningKey.objects.values_list("public_key", flat=True))
    if not keys:
        return
    try:
        said = json.loads((folder / SIGNATURE).read_bytes())
        public, signature = bytes.fromhex(said["public_key"]), bytes.fromhex(said["signature"])
    except (OSError, ValueError, KeyError, TypeError) as trouble:
        raise CannotRecover(f"{where} has no signature that can be read.") from trouble
    manifest = (folder / MANIFEST).read_bytes()
    if public.hex() not in keys or not signature_holds(public, manifest, signature):
        raise CannotRecover(f"{where} was not signed by this service.")
