"""What the makers of a pack's files take, and how a finished file is described."""

from collections.abc import Callable
from pathlib import Path

from consult.files import measure_path
from responses.exporting.columns.entries import Entry
from responses.exporting.manifests import FileEntry

# For each finished file, by its name in the pack, how many rows it has; None if it has none. In the
# order of the manifest.
Rows = dict[str, int | None]
Take = Callable[[Entry], None]
# Called with how many rows have been written.
Tick = Callable[[int], None]


def describe(folder: Path, name: str, *, rows: int | None) -> FileEntry:
    """Return a file's entry in the manifest, by its name in the folder."""
    measured = measure_path(folder / name)
    return FileEntry(name, measured.bytes, rows, measured.sha256)


def write_whole(folder: Path, name: str, content: bytes) -> FileEntry:
    """Write a small file, and describe it."""
    (folder / name).write_bytes(content)
    return describe(folder, name, rows=None)
