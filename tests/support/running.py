"""The whole service as `make run` starts it, on a port and in a folder of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.walking import Walker

ROOT = Path(__file__).resolve().parent.parent.parent


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(wanted: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


class Running:
    """One supervisor and its parts. What it says on the terminal is in `said`."""

    def __init__(self, var: Path, *, port: int | None = None, **environment: str) -> None:
        self.var, self.port = var, port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}
        }
        self.environment = (
            inherited
            | {"VAR_DIR": str(var), "PORT": str(self.port), "SITE_URL": self.url, "DEBUG": "on"}
            | environment
        )
        self.terminal = var.parent / f"{var.name}-terminal-{time.monotonic_ns()}.txt"
        with self.terminal.open("w") as terminal:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "consult.local.run"],
                cwd=ROOT,
                env=self.environment,
                stdout=terminal,
                stderr=terminal,
            )

    @property
    def said(self) -> str:
        return self.terminal.read_text()

    @property
    def password(self) -> str:
        """The one-time password of the first staff account, where it was printed."""
        found = re.search(r"password: (\S+)", self.said)
        return found[1] if found else ""

    def wait_until_ready(self) -> "Running":
        until(
            lambda: self.process.poll() is not None or "Ctrl-C" in self.said,
            seconds=300,
            what=self.said,
        )
        assert self.process.poll() is None, self.said
        until(self.answers, seconds=120, what=f"no answer; {self.said}")
        return self

    def answers(self) -> bool:
        try:
            return Walker(self.url).go("/health/ready").status == 200
        except OSError:
            return False

    def parts(self) -> dict[str, int]:
        """The process ids of the parts, by name."""
        return {
            path.stem: int(re.findall(r"\d+", path.read_text())[0])
            for path in (self.var / "run").glob("*.pid")
        }

    def stop(self) -> int:
        """Ctrl-C, and the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)

    def manage(self, *arguments: str) -> str:
        """What one of manage.py's commands says beside the running service."""
        done = self.try_to_manage(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def try_to_manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The same, for a command that may say no."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )


def of_group(leader: int) -> list[int]:
    """The processes that are alive in the group that `leader` began, itself among them; zombies are
    dead.
    """
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,pgid=,stat="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split() for line in listing.splitlines()]
    return [
        int(pid) for pid, group, state in rows if int(group) == leader and not state.startswith("Z")
    ]


def with_children(parent: int) -> list[int]:
    """A process and those that it began, whatever group they are in:

    PostgreSQL gives each of its own one.
    """
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    rows = [[int(word) for word in line.split()] for line in listing.splitlines()]
    return [parent, *(pid for pid, began_by in rows if began_by == parent)]
