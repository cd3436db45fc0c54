"""One zip of many files, a piece at a time: all of a batch's."""

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from django.core.files import File
from django.core.files.storage import storages

from responses.exporting.batches import folder_of
from responses.exporting.formats.makers import describe
from responses.exporting.manifests import FileEntry
from responses.models import Batch

PACK = "pack.zip"
CHUNK_BYTES = 1 << 20
COMPRESSED_ALREADY = (".xlsx", ".parquet")


def make_zip(
    batch: Batch, files: Sequence[FileEntry], folder: Path, *, tick: Callable[[int, int], None]
) -> FileEntry:
    """Put all the files together as one zip beside them: kept as a whole, so that a download of it
    can go on where it was cut.
    """

    def open_one(name: str) -> File:
        # What an earlier try made is in the storage alone.
        if (folder / name).exists():
            return File((folder / name).open("rb"))
        return storages["exports"].open(f"{folder_of(batch)}/{name}", "rb")

    total = pieces_of(files)
    with (folder / PACK).open("wb") as packed:
        for done, piece in enumerate(zip_chunks(files, open_one=open_one), 1):
            packed.write(piece)
            tick(done, total)
    return describe(folder, PACK, rows=None)


def zip_chunks(files: Sequence[FileEntry], *, open_one: Callable[[str], File]) -> Iterator[bytes]:
    """One zip of `files`, a piece at a time, as they are read: it stands nowhere as a whole.

    The same files give the same bytes.
    """
    sink = _Sink()
    with ZipFile(sink, "w") as made:
        for file in files:
            # A fixed date: when it was made is no part of what it holds.
            entry = ZipInfo(file.name, date_time=(1980, 1, 1, 0, 0, 0))
            stored = file.name.endswith(COMPRESSED_ALREADY)
            entry.compress_type = ZIP_STORED if stored else ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.file_size = file.bytes
            with open_one(file.name) as source, made.open(entry, "w") as target:
                while chunk := source.read(CHUNK_BYTES):
                    target.write(chunk)
                    yield sink.take()
    yield sink.take()


def pieces_of(files: Sequence[FileEntry]) -> int:
    """How many pieces their zip comes in: one for each so many bytes read, and one at its end."""
    return sum(-(-file.bytes // CHUNK_BYTES) for file in files) + 1


class _Sink(io.RawIOBase):
    """Where a zip is written to: it hands on what came, and cannot go back."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # ZipFile writes bytes alone
        self._held.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self._held = b"".join(self._held), []
        return taken
