"""Where a batch is, what can go wrong with reading it, and what was found there."""

from __future__ import annotations

import csv
import struct
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from typing import IO

MANIFEST = "manifest.json"
# How reading a file, or a damaged zip, can fail.
UNREADABLE = (
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
)
# An answer may be longer than Python's limit for a cell.
csv.field_size_limit(2**31 - 1)


class Place:
    """A batch as it was received: a folder or a zip file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.zip = None if path.is_dir() else zipfile.ZipFile(path)

    def names(self) -> list[str]:
        """List every file in it. Raises ValueError for a zip file with two files of one name."""
        if self.zip:
            every = self.zip.namelist()
            names = sorted(name for name in every if not name.endswith("/"))
            if odd := sorted({name for name in every if name.rstrip("/") in names} - set(names)):
                raise ValueError(f"it has a folder with a file's name: {', '.join(odd)}")
            if twice := [name for name, times in Counter(names).items() if times > 1]:
                # One program reads the first of them and another the last.
                raise ValueError(f"it has two files of one name: {', '.join(twice)}")
            return names
        return sorted(
            str(path.relative_to(self.path).as_posix())
            for path in self.path.rglob("*")
            if path.is_file()
        )

    def open(self, name: str) -> IO[bytes]:
        return self.zip.open(name) if self.zip else (self.path / name).open("rb")


class Findings:
    """Prints what holds and what does not, and counts what does not."""

    def __init__(self) -> None:
        self.wrong = 0

    def holds(self, words: str) -> None:
        print(f"  holds:        {words}")

    def fails(self, words: str) -> None:
        self.wrong += 1
        print(f"  DOES NOT HOLD: {words}")


def find_places(paths: list[Path]) -> list[Path]:
    """Return each batch in `paths`: a path that is a batch, or the batches in a folder."""
    found = []
    for path in paths:
        inside = (
            sorted(
                one for one in path.iterdir() if one.suffix == ".zip" or (one / MANIFEST).is_file()
            )
            if path.is_dir()
            else []
        )
        found += [path] if not inside or (path / MANIFEST).is_file() else inside
    return found
