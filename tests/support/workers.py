"""A real Celery worker beside the tests, on the tests' database and a Redis that no other test
knows.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection
from kombu import pools

from consult import nudging
from consult.addresses import broker_url
from consult.celery import app


def database_url() -> str:
    """The address of the database that this test runs on."""
    now = connection.settings_dict
    host, port = str(now["HOST"]), f":{now['PORT']}" if now["PORT"] else ""
    user = quote(now["USER"], safe="") + (
        f":{quote(now['PASSWORD'], safe='')}" if now["PASSWORD"] else ""
    )
    if host.startswith("/"):
        return f"postgresql://{user}@{port}/{now['NAME']}?host={quote(host, safe='')}"
    return f"postgresql://{user}@{host}{port}/{now['NAME']}"


class Worker:
    """A worker process with its children; one task at a time.

    `beat` also runs the schedule; `environment` is its own.
    """

    def __init__(
        self,
        *,
        folder: Path,
        redis_url: str,
        email_url: str,
        beat: bool = False,
        **environment: str,
    ) -> None:
        self.log = folder / "worker.log"
        schedule = ["--beat", "--schedule", str(folder / "schedule")] if beat else []
        command = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "consult",
            "worker",
            "--concurrency",
            "1",
            "--loglevel",
            "INFO",
        ]
        values = {
            "DEBUG": "on",
            "DATABASE_URL": database_url(),
            "REDIS_URL": redis_url,
            "EMAIL_URL": email_url,
            "SECRET_KEY": settings.SECRET_KEY,
            "SITE_URL": settings.SITE_URL,
            "VAR_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "consult.settings",
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "--without-gossip", "--without-mingle", *schedule],
                cwd=settings.BASE_DIR,
                env=os.environ | values | environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            wait_until(
                lambda: self.process.poll() is not None or " ready." in self.log.read_text(),
                seconds=30,
                what=self.log.read_text,
            )
        finally:
            if " ready." not in self.log.read_text():
                self.kill()
        assert self.process.poll() is None, self.log.read_text()

    def kill_at_once(self) -> None:
        """End it and its children as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)

    def kill(self) -> None:
        """The same, and wait until it is over."""
        self.kill_at_once()
        self.process.wait()

    def stop(self) -> None:
        """Ask it to end, and make sure."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.kill()


@contextmanager
def nudges_to(redis_url: str) -> Iterator[None]:
    """Let this process's tasks go to the Redis at `redis_url`, as if it had been
    started with it.
    """
    before = app.conf.broker_url
    _connect_anew(broker_url(redis_url))
    yield
    _connect_anew(before)


def _connect_anew(address: str) -> None:
    pools.reset()
    app.conf.broker_url = app.conf.broker_read_url = app.conf.broker_write_url = address
    app._pool = app.amqp._producer_pool = None
    nudging._broker["leave_alone_until"] = 0.0


def wait_until(
    holds: Callable[[], object], *, seconds: float, what: Callable[[], str] = lambda: ""
) -> None:
    """Look every 50 ms until `holds`; fail, saying `what`, after `seconds`."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds} seconds: {what()}"
        time.sleep(0.05)
