"""A place for batches at which a worker stops half way through a file, for as long as a
test likes.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from django.core.files import File
from django.core.files.storage import FileSystemStorage


class StallingStorage(FileSystemStorage):
    """A folder like any other, but the file whose name stands in STALLING_AT comes only half, until
    the name is gone from there.
    """

    def __init__(self) -> None:
        super().__init__(location=os.environ["STALLING_DIR"], allow_overwrite=True)

    def _save(self, name: str, content: File) -> str:
        return super()._save(name, HalfWay(content, name))


class HalfWay(File):
    """A file that is read in two halves, with the stall between them."""

    def __init__(self, content: File, name: str) -> None:
        super().__init__(content.file, name)

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        everything = self.file.read()
        yield everything[: len(everything) // 2]
        note, name = Path(os.environ["STALLING_AT"]), Path(self.name).name.removesuffix(".part")
        while note.read_text() in {f"stop at {name}", f"stopped at {name}"}:
            note.write_text(f"stopped at {name}")
            time.sleep(0.05)
        yield everything[len(everything) // 2 :]
