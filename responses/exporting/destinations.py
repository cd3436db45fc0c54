"""Where batches are delivered to: a folder, object storage that speaks S3, or SFTP, as Django's
STORAGES wants them.

Each has `aside`, the name to write under first, and `put_in_place`, which makes it the real one:
whoever looks sees a whole file or none. Trouble on the way is an OSError, whichever library it came
from.
"""

import posixpath
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paramiko
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage
from storages.backends.s3 import S3Storage

from consult.files import put_in_place

CONNECT_SECONDS = 15
SILENT_SECONDS = 60
IN_MEMORY_BYTES = 8 << 20


@contextmanager
def _plainly() -> Iterator[None]:
    """Let every trouble of the way there be an OSError, with its own words."""
    try:
        yield
    except (paramiko.SSHException, EOFError, Boto3Error, BotoCoreError, ClientError) as trouble:
        raise ConnectionError(str(trouble) or "the connection was cut") from trouble


class Folder(FileSystemStorage):
    """A folder, for example one that a network drive stands behind."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_overwrite=True, **options)

    def aside(self, name: str) -> str:
        return f"{name}.part"

    def put_in_place(self, aside: str, name: str) -> None:
        """Rename so that a power cut leaves the whole file or none."""
        put_in_place(Path(self.path(aside)), Path(self.path(name)))

    def close(self) -> None:
        """Nothing is open."""


class ObjectStorage(S3Storage):
    """Object storage that speaks S3.

    An object is there once all of it has arrived, so that nothing is written aside.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(
            file_overwrite=True,
            default_acl=None,
            max_memory_size=IN_MEMORY_BYTES,
            # One thread: whoever hands over the bytes also renews the lease, on one database
            # connection.
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

    def put_in_place(self, aside: str, name: str) -> None:
        """It is there already."""

    def _save(self, name: str, content: File) -> str:
        with _plainly():
            return super()._save(name, content)

    def _open(self, name: str, mode: str = "rb") -> File:
        with _plainly():
            opened = super()._open(name, mode)
            # Fetched here and now, onto the disk where it is large, so that trouble shows here too.
            opened.file.seek(0)
            return opened

    def exists(self, name: str) -> bool:
        with _plainly():
            return bool(super().exists(name))

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        with _plainly():
            folders, files = super().listdir(name)
        return folders, files

    def close(self) -> None:
        """The library keeps its own connections."""


class Sftp(Storage):
    """A folder on another machine, by SFTP.

    Only a host whose key is in `known_hosts` is spoken to.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        user: str,
        location: str,
        password: str = "",
        key_file: str = "",
        known_hosts: str = "",
    ) -> None:
        self.host, self.port, self.user, self.location = host, port, user, location
        self.password, self.key_file, self.known_hosts = password, key_file, known_hosts
        self._ssh: paramiko.SSHClient | None = None
        self._open_session: paramiko.SFTPClient | None = None

    def _session(self) -> paramiko.SFTPClient:
        if self._open_session is None:
            self._ssh = paramiko.SSHClient()
            self._ssh.set_missing_host_key_policy(paramiko.RejectPolicy())
            if self.known_hosts:
                self._ssh.load_host_keys(self.known_hosts)
            else:
                self._ssh.load_system_host_keys()
            self._ssh.connect(
                self.host,
                self.port,
                self.user,
                password=self.password or None,
                key_filename=self.key_file or None,
                allow_agent=False,
                look_for_keys=False,
                timeout=CONNECT_SECONDS,
                banner_timeout=CONNECT_SECONDS,
                auth_timeout=CONNECT_SECONDS,
            )
            self._open_session = self._ssh.open_sftp()
            if channel := self._open_session.get_channel():
                channel.settimeout(SILENT_SECONDS)
        return self._open_session

    def close(self) -> None:
        """Hang up; the next use connects again."""
        if self._ssh is not None:
            self._ssh.close()
        self._ssh = self._open_session = None

    def _path(self, name: str) -> str:
        return posixpath.join(self.location, name)

    def aside(self, name: str) -> str:
        return f"{name}.part"

    def put_in_place(self, aside: str, name: str) -> None:
        """Rename over whatever an earlier try left."""
        with _plainly():
            self._session().posix_rename(self._path(aside), self._path(name))

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def _save(self, name: str, content: File) -> str:
        with _plainly():
            self._make_folder(posixpath.dirname(self._path(name)))
            self._session().putfo(content, self._path(name))
        return name

    def _make_folder(self, path: str) -> None:
        if not path.strip("/") or self._is_there(path):
            return
        self._make_folder(posixpath.dirname(path))
        self._session().mkdir(path)

    def _is_there(self, path: str) -> bool:
        try:
            self._session().stat(path)
        except FileNotFoundError:
            return False
        return True

    def _open(self, name: str, mode: str = "rb") -> File:
        with _plainly():
            return RemoteFile(self._session().open(self._path(name), "rb"), name)

    def exists(self, name: str) -> bool:
        with _plainly():
            return self._is_there(self._path(name))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with _plainly():
            there = self._session().listdir_attr(self._path(path))
        folders = [one.filename for one in there if stat.S_ISDIR(one.st_mode or 0)]
        return folders, [one.filename for one in there if one.filename not in folders]

    def delete(self, name: str) -> None:
        with _plainly():
            self._session().remove(self._path(name))


class RemoteFile(File):
    """A file on the other machine, read a piece at a time."""

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        with _plainly():
            size = self.file.stat().st_size  # type: ignore[union-attr]
            # Ask for many pieces at a time, or a far machine's answers are waited for one by one.
            self.file.prefetch(size, 64)  # type: ignore[union-attr]
            while piece := self.file.read(chunk_size or 1 << 16):  # type: ignore[union-attr]
                yield piece
