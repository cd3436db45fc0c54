"""Starting the processes of the service, watching them, and stopping them in order."""

import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from consult.local.postgres import CannotStart
from consult.local.processes import end_group, remember, stop

LONGEST_PAUSE = 30.0
# A part that ran this long did start, so the next pause is short again.
SETTLED_SECONDS = 5.0


@dataclass
class Part:
    """One process of the service.

    `pause` is how long, in seconds, to wait before the next restart.
    """

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    how_to_stop: int = signal.SIGTERM
    stop_seconds: float = 8
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
                stop(part.process, how=part.how_to_stop, seconds=part.stop_seconds)
            (self.var_dir / "run" / f"{part.name}.pid").unlink(missing_ok=True)

    def asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        """After a second Ctrl-C, stop waiting for anything."""
        if self.stopping:
            for part in self.parts:
                part.stop_seconds = 0.1
        self.stopping = True


def say(line: str) -> None:
    print(line, flush=True)
