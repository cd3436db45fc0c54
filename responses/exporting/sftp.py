"""Delivery by SFTP, as Django's STORAGES wants it: see `responses.exporting.destinations`."""

import posixpath
import stat
from collections.abc import Iterator
from datetime import UTC, datetime

import paramiko
from django.core.files import File
from django.core.files.storage import Storage

from responses.exporting.destinations import CONNECT_SECONDS, SILENT_SECONDS, plainly


class Sftp(Storage):
    """A folder on another machine, over SFTP.

    It connects only to a host whose key is in `known_hosts`.
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
        """Disconnect; the next use connects again."""
        if self._ssh is not None:
            self._ssh.close()
        self._ssh = self._open_session = None

    def _path(self, name: str) -> str:
        return posixpath.join(self.location, name)

    def aside(self, name: str) -> str:
        return f"{name}.part"

    def save_once(self, name: str, content: File) -> None:
        """Write under a name aside: `put_in_place` refuses to overwrite."""
        self.save(name, content)

    def put_in_place(self, aside: str, name: str, *, once: bool) -> None:
        """Rename over what an earlier try left, or raise FileExistsError for `once`."""
        with plainly():
            if not once:
                self._session().posix_rename(self._path(aside), self._path(name))
                return
            # The protocol's own rename fails if a file is there, but not on every server.
            if self._is_there(self._path(name)):
                raise FileExistsError(17, f"There is another {name} already")
            self._session().rename(self._path(aside), self._path(name))

    def get_modified_time(self, name: str) -> datetime:
        with plainly():
            at = self._session().stat(self._path(name)).st_mtime
        return datetime.fromtimestamp(at or 0, tz=UTC)

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def _save(self, name: str, content: File) -> str:
        with plainly():
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
        with plainly():
            return RemoteFile(self._session().open(self._path(name), "rb"), name)

    def exists(self, name: str) -> bool:
        with plainly():
            return self._is_there(self._path(name))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with plainly():
            there = self._session().listdir_attr(self._path(path))
        folders = [one.filename for one in there if stat.S_ISDIR(one.st_mode or 0)]
        return folders, [one.filename for one in there if one.filename not in folders]

    def delete(self, name: str) -> None:
        with plainly():
            self._session().remove(self._path(name))


class RemoteFile(File):
    """A file on the other machine, read a piece at a time."""

    def __init__(self, file: paramiko.SFTPFile, name: str) -> None:
        super().__init__(file, name)
        self.remote = file

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        with plainly():
            size = self.remote.stat().st_size
            # Ask for many pieces at a time, to avoid waiting for a distant machine's answers one by
            # one.
            self.remote.prefetch(size, 64)
            while piece := self.remote.read(chunk_size or 1 << 16):
                yield piece
