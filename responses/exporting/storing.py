"""The storage for exports: whole files are put there and read back, and nothing that was handed
over is overwritten.
"""

import shutil
import time
from contextlib import suppress
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from django.core.files import File
from django.core.files.storage import FileSystemStorage, storages

from consult.files import CHUNK_BYTES, Measured, measure, put_in_place
from responses.exporting.manifests import FileEntry

WORKPLACE = "consult-batch-"
LEFTOVER_SECONDS = 24 * 3600


class StoredDifferently(Exception):
    """What the storage returns is not what it was given."""


class HandedOverAlready(Exception):
    """Something else was handed over under this name; the message says what to do."""


def stored(name: str) -> Measured | None:
    """Return the size and SHA-256 of the storage's file `name`, or None if there is none."""
    try:
        with storages["exports"].open(name, "rb") as file:
            return measure(file.chunks(CHUNK_BYTES))
    except FileNotFoundError:
        return None


def store(source: Path, name: str, entry: FileEntry, *, once: bool = False) -> None:
    """Put a file into the storage for exports, and read it back to check that it arrived. A file
    that is already there as it should be stays.

    `once`: a different file that is there stays too. Raises OSError, StoredDifferently or, for
    `once`, HandedOverAlready.
    """
    wanted = Measured(entry.bytes, entry.sha256)
    there = stored(name)
    if there == wanted:
        return
    if there and once:
        raise _another(name)
    # Another worker may be putting one there right now: then its content decides.
    with suppress(FileExistsError):
        _save(source, name, once=once)
    if (found := stored(name)) != wanted:
        if found and once:
            raise _another(name)
        size = found.bytes if found else 0
        raise StoredDifferently(
            f"{entry.name} came back as {size:,} bytes that are not the {entry.bytes:,} bytes "
            "stored."
        )


def _another(name: str) -> HandedOverAlready:
    return HandedOverAlready(
        f"The storage has another {name}. See “After a restore” in docs/operations.md."
    )


def _save(source: Path, name: str, *, once: bool) -> None:
    """Raises OSError, and FileExistsError if something is there already and it may only be
    stored `once`.
    """
    storage: Any = storages["exports"]
    with source.open("rb") as file:
        if once and hasattr(storage, "save_once"):
            # One of responses.exporting.destinations: the storage itself decides who was first.
            storage.save_once(storage.aside(name), File(file))
            storage.put_in_place(storage.aside(name), name, once=True)
            return
        if isinstance(storage, FileSystemStorage):
            # A reader of the folder sees a whole file or none.
            aside = Path(storage.path(storage.save(f"{name}.part", File(file))))
            path = Path(storage.path(name))
            put_in_place(aside, path, once=once)
            return
        if storage.exists(name):
            if once:
                raise FileExistsError(17, f"There is another {name} already")
            # Remove what an earlier try left, or some storages choose another name.
            storage.delete(name)
        storage.save(name, File(file))


def remove_leftovers() -> None:
    """Remove what workers killed on this machine left half made: it holds people's answers and
    takes up space.
    """
    for folder in Path(gettempdir()).glob(f"{WORKPLACE}*"):
        # Nobody can still be using it, since a task ends within an hour. Another worker may remove
        # its own while we look.
        with suppress(FileNotFoundError):
            if time.time() - folder.stat().st_mtime > LEFTOVER_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
