"""`make run`: the whole service on this machine, started, watched and stopped as one."""

import errno
import fcntl
import os
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import IO

import psycopg2

from consult import env
from consult.addresses import redis_program
from consult.local.postgres import CannotStart, Postgres
from consult.local.processes import end_leftovers, spawn
from consult.local.redis import Redis
from consult.local.supervising import Part, Supervisor, say
from consult.web import server
from consult.web.ports import PortTaken, refuse_taken_port

ROOT = Path(__file__).resolve().parent.parent.parent
NEEDED_BYTES = 200_000_000
LOG_BYTES = 5_000_000


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
    except (CannotStart, PortTaken, env.BadSetting) as reason:
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
    """Make the folder, and lock it for this start. Raises CannotStart."""
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
            f"it is already running, with the data in {var_dir}. Stop that one first, or set "
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


def start_everything(supervisor: Supervisor, values: dict[str, object]) -> None:
    """Start the database and the broker, prepare them, start web, worker and beat, and say where
    everything is.
    """
    var_dir = supervisor.var_dir
    logs = var_dir / "log"
    if values["DATABASE_URL"]:
        refuse_unreachable_database(
            str(values["DATABASE_URL"]), password=str(values["DATABASE_PASSWORD"])
        )
    else:
        postgres = Postgres(var_dir, log=logs / "postgres.log")
        supervisor.begin(Part("postgres", postgres.start, signal.SIGINT, stop_seconds=20))
    if not values["REDIS_URL"] and redis_program() is not None:
        supervisor.begin(Part("redis", Redis(var_dir, log=logs / "redis.log").start))
    account = manage("prepare", "--first-account")
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


def refuse_unreachable_database(url: str, *, password: str) -> None:
    """Raise CannotStart if no PostgreSQL answers at `url`."""
    try:
        psycopg2.connect(url, password=password or None, connect_timeout=5).close()
    except psycopg2.OperationalError as reason:
        first_line = str(reason).strip().splitlines()[0]
        raise CannotStart(
            f"the database in DATABASE_URL does not answer ({first_line}). Start it, correct the "
            "address, or unset it."
        ) from reason


def manage(*arguments: str) -> str:
    """Run one of manage.py's commands and return its output.

    Raises CannotStart if it failed.
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
