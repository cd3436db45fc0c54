"""Child processes that cannot outlive us, and cleaning up after those that did."""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def spawn(
    command: list[str],
    *,
    log: Path,
    environment: dict[str, str] | None = None,
    user: int | None = None,
    parting: int = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start `command` in its own session, appending its output to `log`.

    On Linux it gets the signal `parting` when we die, however we die. `user` is the id to run as,
    if we are root.
    """

    def before_exec() -> None:
        if LIBC is not None:
            LIBC.prctl(PR_SET_PDEATHSIG, parting)

    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603  # every command is ours
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            cwd=None if user is None else "/",
            start_new_session=True,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            preexec_fn=before_exec,  # noqa: PLW1509  # we have no threads
        )


def stop(
    process: subprocess.Popen[bytes], *, how: int = signal.SIGTERM, seconds: float = 8
) -> None:
    """Ask a child to stop, wait, and kill its whole group if it does not."""
    if process.poll() is None:
        process.send_signal(how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=seconds)
    end_group(process.pid)
    process.wait()


def end_group(group: int) -> None:
    """Kill whatever is left of a process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def started_at(pid: int) -> str:
    """Return when that process started, in the system's own format; empty if there is none."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        # The name, in brackets, can contain spaces; the start time is the 20th field after it.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            return stat.read_text().rpartition(")")[2].split()[19]
        return ""
    done = subprocess.run(  # noqa: S603
        ["ps", "-o", "lstart=", "-p", str(pid)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def remember(process: subprocess.Popen[bytes], path: Path) -> None:
    """Record a child, so that the next start can stop it if this one never does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Renamed when complete: a reader, or a start after a power cut, finds all of it or nothing.
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"pid": process.pid, "started_at": started_at(process.pid)}))
    fresh.replace(path)


def end_leftovers(folder: Path) -> None:
    """Stop the process groups that an earlier start recorded and did not stop before it died."""
    for path in folder.glob("*.pid"):
        with contextlib.suppress(ValueError, KeyError):
            kept = json.loads(path.read_text())
            # A different start time means that the id belongs to another process now, which happens
            # only when the group is gone.
            if started_at(kept["pid"]) in {"", kept["started_at"]}:
                end_group(kept["pid"])
        path.unlink()


def wait_until(ready: Callable[[], bool], *, seconds: float, pause: float = 0.05) -> bool:
    """Tell whether `ready` came true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True
