"""Where batches are delivered: a folder, object storage that speaks S3, or SFTP (in `sftp`), as
Django's STORAGES wants them.

Each has `aside`, the name to write under first, and `put_in_place`, which renames it to the real
one: a reader sees a whole file or none. Every error is an OSError, whichever library raised it.
"""

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, cast

import paramiko
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files import File
from django.core.files.storage import FileSystemStorage, storages
from storages.backends.s3 import S3Storage

from consult.files import put_in_place

CONNECT_SECONDS = 15
SILENT_SECONDS = 60
MISSING = {"404", "NoSuchKey"}
IN_MEMORY_BYTES = 8 << 20


class Destination(Protocol):
    """What delivering asks of a place, besides what every storage of Django's can do."""

    def aside(self, name: str) -> str:
        """Return the name to write under first."""

    def exists(self, name: str) -> bool: ...

    def save(self, name: str, content: File) -> str: ...

    def save_once(self, name: str, content: File) -> None:
        """Write under a name from `aside`; may raise FileExistsError."""

    def put_in_place(self, aside: str, name: str, *, once: bool) -> None:
        """Make `aside` the real file. `once`: raises FileExistsError where something is there."""

    def close(self) -> None: ...


def destination() -> Destination:
    """Return where batches are delivered. Raises InvalidStorageError where the setting is empty."""
    return cast("Destination", storages["delivery"])


@contextmanager
def plainly() -> Iterator[None]:
    """Turn any library's error into an OSError with the same words."""
    try:
        yield
    except (paramiko.SSHException, EOFError, Boto3Error, BotoCoreError, ClientError) as trouble:
        raise ConnectionError(str(trouble) or "the connection was cut") from trouble


class Folder(FileSystemStorage):
    """A folder, which may be a network drive."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_overwrite=True, **options)

    def aside(self, name: str) -> str:
        return f"{name}.part"

    def save_once(self, name: str, content: File) -> None:
        """Write aside: `put_in_place` refuses."""
        self.save(name, content)

    def put_in_place(self, aside: str, name: str, *, once: bool) -> None:
        """Rename so that a power cut leaves the whole file or none.

        `once`: raises FileExistsError where something is there.
        """
        put_in_place(Path(self.path(aside)), Path(self.path(name)), once=once)

    def close(self) -> None:
        """Nothing is open."""


class ObjectStorage(S3Storage):
    """Object storage that speaks S3.

    An object exists once all of it has arrived, so nothing needs a temporary name.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(
            file_overwrite=True,
            default_acl=None,
            max_memory_size=IN_MEMORY_BYTES,
            # One thread: passing on the bytes also renews the lease, over one database connection.
            transfer_config=TransferConfig(use_threads=False),
            client_config=Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=SILENT_SECONDS,
                retries={"max_attempts": 2},
                s3={"addressing_style": "path"},
            ),
            **options,
        )

    def aside(self, name: str) -> str:
        return name

    def save_once(self, name: str, content: File) -> None:
        """Write unless something is there: the storage decides. Raises FileExistsError."""
        key = posixpath.join(self.location, name).lstrip("/")
        with plainly():
            try:
                self.bucket.Object(key).put(Body=content, IfNoneMatch="*")
            except ClientError as trouble:
                if trouble.response["Error"]["Code"] in {"PreconditionFailed", "412"}:
                    raise FileExistsError(17, f"There is another {name} already") from trouble
                raise

    def put_in_place(self, aside: str, name: str, *, once: bool) -> None:
        """It is there already."""

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with plainly():
            folders, files = super().listdir(path)
        return folders, files

    def get_modified_time(self, name: str) -> datetime:
        try:
            with plainly():
                return super().get_modified_time(name)
        except ConnectionError as trouble:
            cause = trouble.__cause__
            if isinstance(cause, ClientError) and cause.response["Error"]["Code"] in MISSING:
                raise FileNotFoundError(name) from trouble
            raise

    def _save(self, name: str, content: File) -> str:
        with plainly():
            return super()._save(name, content)

    def _open(self, name: str, mode: str = "rb") -> File:
        with plainly():
            opened = super()._open(name, mode)
            # Fetched right here, onto the disk if it is large, so that errors show here too.
            opened.file.seek(0)
            return opened

    def exists(self, name: str) -> bool:
        with plainly():
            return bool(super().exists(name))

    def close(self) -> None:
        """The library keeps its own connections."""
