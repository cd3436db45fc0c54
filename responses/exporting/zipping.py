"""One zip of many files, written a piece at a time: all the files of a batch."""

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
COMPRESSED_ALREADY = (
    *(".xlsx", ".parquet", ".docx", ".pptx", ".odt", ".zip"),
    *(".pdf", ".jpg", ".png", ".gif", ".heic", ".mp3", ".ogg"),
)


def make_zip(
    batch: Batch, files: Sequence[FileEntry], folder: Path, *, tick: Callable[[int, int], None]
) -> FileEntry:
    """Put all the files into one zip beside them. It is kept whole, so that a download that was cut
    off can continue.
    """

    def open_one(name: str) -> File:
        # Files that an earlier try made are only in the storage.
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
    """Yield a zip of `files` a piece at a time, as they are read; it is never stored whole.

    The same files give the same bytes.
    """
    sink = _Sink()
    with ZipFile(sink, "w") as made:
        for file in files:
            # A fixed date: the time of making is not part of what it holds.
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
    """Return how many pieces their zip comes in: one for every so many bytes read, and one at
    the end.
    """
    return sum(-(-file.bytes // CHUNK_BYTES) for file in files) + 1


class _Sink(io.RawIOBase):
    """What a zip is written to: it passes on what it gets, and cannot go back."""

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
