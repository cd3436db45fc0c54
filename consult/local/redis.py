"""Our own Redis, on a socket: the system's program, or the one in a wheel if it has none."""

import os
import subprocess
from pathlib import Path

from redis import Redis as Client
from redis.exceptions import RedisError

from consult.addresses import own_redis_url, redis_program, socket_dir
from consult.local.postgres import CannotStart, make_socket_dir
from consult.local.processes import spawn, stop, wait_until


class Redis:
    """One server for the data in `var_dir`. `start` can be called again after it died."""

    def __init__(self, var_dir: Path, *, log: Path) -> None:
        self.var_dir, self.log = var_dir, log
        self.socket = socket_dir(var_dir) / "redis.sock"
        self.url = own_redis_url(var_dir)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> subprocess.Popen[bytes]:
        """Start it. Raises CannotStart."""
        program = redis_program()
        if program is None:
            raise CannotStart(
                "There is no Redis: install redis-server (on macOS: brew install redis), or set "
                "REDIS_URL."
            )
        if not self.socket.parent.exists():
            make_socket_dir(self.socket.parent, user=os.getuid())
        data = self.var_dir / "redis"
        data.mkdir(parents=True, exist_ok=True)
        command = [
            program,
            "--port",
            "0",
            "--unixsocket",
            str(self.socket),
            "--unixsocketperm",
            "700",
            "--dir",
            str(data),
        ]
        self.process = process = spawn(
            [*command, "--save", "60 1", "--daemonize", "no"], log=self.log
        )
        if (
            not wait_until(lambda: process.poll() is not None or self._answers(), seconds=20)
            or process.poll() is not None
        ):
            raise CannotStart(f"Redis does not start; the end of {self.log} says why.")
        return process

    def stop(self) -> None:
        """Stop it; it writes its data first."""
        if self.process is not None:
            stop(self.process, seconds=10)

    def _answers(self) -> bool:
        try:
            return bool(Client(unix_socket_path=str(self.socket)).ping())
        except RedisError:
            return False
