"""Measuring files as they are read, and putting them in place whole."""

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Measured:
    """A file's size in bytes, and its SHA-256."""

    bytes: int
    sha256: str


def measure(pieces: Iterable[bytes], *, flows: Callable[[], None] = lambda: None) -> Measured:
    """Measure what comes in pieces, calling `flows` after each, to renew a lease."""
    size, digest = 0, hashlib.sha256()
    for piece in pieces:
        size += len(piece)
        digest.update(piece)
        flows()
    return Measured(size, digest.hexdigest())


def measure_path(path: Path) -> Measured:
    """Measure a file on this machine."""
    with path.open("rb") as file:
        return measure(iter(lambda: file.read(CHUNK_BYTES), b""))


def put_in_place(aside: Path, path: Path, *, once: bool = False) -> None:
    """Rename `aside` to `path` so that a power cut leaves the whole file or none.

    With `once`, raises FileExistsError if something is there already.
    """
    sync(aside)
    if once:
        _put_once(aside, path)
    else:
        aside.replace(path)
    sync(path.parent)


def _put_once(aside: Path, path: Path) -> None:
    # Not by a rename, which would replace what another worker put there at this moment.
    try:
        path.hardlink_to(aside)
    except FileExistsError:
        raise
    except OSError:
        # A network drive without hard links: the closest it can get.
        if path.exists():
            raise FileExistsError(path) from None
        aside.replace(path)
    else:
        aside.unlink()


def sync(path: Path) -> None:
    """Flush a file, or the names in a folder, to the disk before going on."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
