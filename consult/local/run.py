"""`make run`: the whole service on this machine, started, watched and stopped as one."""

import errno
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import IO

import psycopg2

from consult import env
from consult.local.postgres import CannotStart, Postgres
from consult.local.processes import end_group, end_leftovers, remember, spawn, stop
from consult.local.redis import Redis
from consult.web import server

ROOT = Path(__file__).resolve().parent.parent.parent
NEEDED_BYTES = 200_000_000
LOG_BYTES = 5_000_000
LONGEST_PAUSE = 30.0
# A part that lived this long did not fail to start, and needs no longer pause the next time.
SETTLED_SECONDS = 5.0


@dataclass
class Part:
    """One process of the service.

    `pause` is how long, in seconds, to wait before the next restart.
    """

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    how_to_stop: int = signal.SIGTERM
    patience: float = 8
    process: subprocess.Popen[bytes] | None = None
    pause: float = 0.5
    started: float = 0
    again_at: float = 0


@dataclass
class Supervisor:
    """Starts the parts in order, restarts any that die, stops them in reverse order."""

    var_dir: Path
    parts: list[Part] = field(default_factory=list)
    stopping: bool = False

    def begin(self, part: Part) -> None:
        """Start one part and record it."""
        part.process = part.start()
        part.started = time.monotonic()
        remember(part.process, self.var_dir / "run" / f"{part.name}.pid")
        if part not in self.parts:
            self.parts.append(part)

    def watch(self) -> None:
        """Restart any part that dies, after a growing pause. Returns when asked to stop."""
        while not self.stopping:
            now = time.monotonic()
            for part in self.parts:
                if part.process is not None and part.process.poll() is not None:
                    code = part.process.returncode
                    say(
                        f"{part.name} ended (code {code}) and restarts in {part.pause:.0f} s; "
                        f"see log/{part.name}.log."
                    )
                    end_group(part.process.pid)
                    part.process, part.again_at = None, now + part.pause
                    part.pause = min(part.pause * 2, LONGEST_PAUSE)
                elif part.process is None and now >= part.again_at:
                    try:
                        self.begin(part)
                    except CannotStart as reason:
                        say(str(reason))
                        part.again_at = now + part.pause
                elif part.process is not None and now - part.started > SETTLED_SECONDS:
                    part.pause = 0.5
            time.sleep(0.2)

    def end(self) -> None:
        """Stop everything, last started first, so that nothing loses what it depends on."""
        for part in reversed(self.parts):
            if part.process is not None:
                stop(part.process, how=part.how_to_stop, seconds=part.patience)
            (self.var_dir / "run" / f"{part.name}.pid").unlink(missing_ok=True)

    def asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        """After a second Ctrl-C, nothing waits any longer."""
        if self.stopping:
            for part in self.parts:
                part.patience = 0.1
        self.stopping = True


def say(line: str) -> None:
    print(line, flush=True)


def main() -> int:
    """Run until Ctrl-C. Returns the exit code: 0 after an orderly stop, 1 if it could not start."""
    os.environ.setdefault("DEBUG", "on")
    os.environ.setdefault("SITE_URL", f"http://127.0.0.1:{os.environ.get('PORT') or '8000'}")
    supervisor: Supervisor | None = None
    try:
        values = {name: env.read(name) for name in env.SETTINGS}
        var_dir = (ROOT / values["VAR_DIR"]).resolve()
        lock = prepare_var_dir(var_dir)
        supervisor = Supervisor(var_dir)
        signal.signal(signal.SIGINT, supervisor.asked_to_stop)
        signal.signal(signal.SIGTERM, supervisor.asked_to_stop)
        end_leftovers(var_dir / "run")
        refuse_taken_port(values["HOST"], values["PORT"])
        start_everything(supervisor, values)
        supervisor.watch()
        say("Stopping.")
    except (CannotStart, env.BadSetting) as reason:
        print(f"Cannot start: {reason}", file=sys.stderr, flush=True)
        return 1
    except OSError as reason:
        if reason.errno != errno.ENOSPC:
            raise
        print(
            "Cannot start: the disk is full. Make room, and start again.",
            file=sys.stderr,
            flush=True,
        )
        return 1
    finally:
        if supervisor is not None:
            supervisor.end()
    lock.close()
    return 0


def prepare_var_dir(var_dir: Path) -> IO[str]:
    """Make the folder, and hold it for this start alone. Raises CannotStart."""
    try:
        var_dir.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(var_dir).free
        if free < NEEDED_BYTES:
            raise CannotStart(
                f"the disk is nearly full: {free // 1_000_000} MB are left at {var_dir}, "
                f"{NEEDED_BYTES // 1_000_000} MB are needed."
            )
        lock = (var_dir / "lock").open("a")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as reason:
        raise CannotStart(
            f"it is running already, with the data in {var_dir}. Stop that one first, or set "
            "VAR_DIR and PORT."
        ) from reason
    except OSError as reason:
        if reason.errno == errno.ENOSPC:
            raise
        raise CannotStart(
            f"{var_dir} cannot be written ({reason.strerror}). Set VAR_DIR to a folder of yours."
        ) from reason
    for log in (var_dir / "log").glob("*.log"):
        if log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".log.old"))
    return lock


def refuse_taken_port(host: str, port: int) -> None:
    """Raise CannotStart where something else listens there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as reason:
            why = (
                "is taken by another program"
                if reason.errno == errno.EADDRINUSE
                else "cannot be used"
            )
            raise CannotStart(
                f"port {port} on {host} {why}. Set PORT to another number, as in: make run "
                "PORT=8001"
            ) from reason


def start_everything(supervisor: Supervisor, values: dict[str, object]) -> None:
    """The database and broker, then what has to be there, then web, worker and beat; and say where
    everything is.
    """
    var_dir = supervisor.var_dir
    logs = var_dir / "log"
    if values["DATABASE_URL"]:
        refuse_unreachable_database(str(values["DATABASE_URL"]))
    else:
        postgres = Postgres(var_dir, log=logs / "postgres.log")
        supervisor.begin(Part("postgres", postgres.start, signal.SIGINT, patience=20))
    if not values["REDIS_URL"]:
        supervisor.begin(Part("redis", Redis(var_dir, log=logs / "redis.log").start))
    account = manage("prepare")
    manage("collectstatic", "--noinput", "--verbosity", "0")
    if supervisor.stopping:
        return
    program = Path(sys.executable).parent
    celery = [str(program / "celery"), "-A", "consult"]
    processes = str(values["WORKER_PROCESSES"])
    commands = {
        "worker": [
            *celery,
            "worker",
            "--loglevel",
            "WARNING",
            "--concurrency",
            processes,
        ],
        "beat": [
            *celery,
            "beat",
            "--loglevel",
            "WARNING",
            "--schedule",
            str(var_dir / "run" / "beat-schedule"),
            "--pidfile=",
        ],
        "web": server.command(),
    }
    # A stopping worker gives its running task back to the queue.
    environment = os.environ | {"REMAP_SIGTERM": "SIGQUIT", "PYTHONPATH": str(ROOT)}
    for name, command in commands.items():
        supervisor.begin(
            Part(name, partial(spawn, command, log=logs / f"{name}.log", environment=environment))
        )
    site = str(values["SITE_URL"])
    say("Consult is running.")
    say(f"  The site   {site}/")
    say(f"  Staff      {site}/staff/sign-in/")
    for line in account.splitlines():
        say(f"             {line}")
    say(f"  Emails     {'sent by EMAIL_URL' if values['EMAIL_URL'] else var_dir / 'mail'}")
    say(f"  Batches    {values['EXPORTS_DIR'] or var_dir / 'exports'}, once a day")
    say(f"  Logs       {logs}")
    say("Ctrl-C stops everything.")


def refuse_unreachable_database(url: str) -> None:
    """Raise CannotStart where no PostgreSQL answers at `url`."""
    try:
        psycopg2.connect(url, connect_timeout=5).close()
    except psycopg2.OperationalError as reason:
        first_line = str(reason).strip().splitlines()[0]
        raise CannotStart(
            f"the database in DATABASE_URL does not answer ({first_line}). Start it, correct the "
            "address, or unset it."
        ) from reason


def manage(*arguments: str) -> str:
    """Run one of manage.py's commands and return what it said.

    Raises CannotStart where it failed.
    """
    done = subprocess.run(  # noqa: S603
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last_line = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise CannotStart(f"manage.py {arguments[0]} failed: {last_line}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
