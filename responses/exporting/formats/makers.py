"""What the makers of a pack's files take, and what they say of a file that is made."""

from collections.abc import Callable
from pathlib import Path

from consult.files import measure_path
from responses.exporting.columns.entries import Entry
from responses.exporting.manifests import FileEntry

# Of each file made, by its name in the pack, the rows that it has; None for a file that has none.
# In the order of the manifest.
Rows = dict[str, int | None]
Take = Callable[[Entry], None]
# Is told how many rows are written.
Tick = Callable[[int], None]


def describe(folder: Path, name: str, *, rows: int | None) -> FileEntry:
    """A file's entry in the manifest, by its name in the folder."""
    measured = measure_path(folder / name)
    return FileEntry(name, measured.bytes, rows, measured.sha256)


def write_whole(folder: Path, name: str, content: bytes) -> FileEntry:
    """Write a small file, and describe it."""
    (folder / name).write_bytes(content)
    return describe(folder, name, rows=None)
