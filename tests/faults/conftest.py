"""The parts that get cut and killed."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from consult.local.redis import Redis
from tests.support.destinations import SshServer, Wire
from tests.support.postbox import Postbox
from tests.support.workers import Worker, nudges_to, wait_until


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    """A Redis of the test's own, to which this process's tasks go too."""
    server = Redis(tmp_path, log=tmp_path / "redis.log")
    server.start()
    with nudges_to(server.url):
        yield server
    server.stop()


@pytest.fixture
def start_worker(
    tmp_path: Path, redis: Redis, postbox: Postbox, transactional_db: None
) -> Iterator[Callable[..., Worker]]:
    """Start real workers on that Redis and that mail server. They are gone when the test is."""
    workers: list[Worker] = []

    def start(*, beat: bool = False, **environment: str) -> Worker:
        folder = tmp_path / f"worker-{len(workers)}"
        folder.mkdir()
        workers.append(
            Worker(
                folder=folder, redis_url=redis.url, email_url=postbox.url, beat=beat, **environment
            )
        )
        return workers[-1]

    yield start
    for worker in workers:
        worker.stop()


@pytest.fixture
def ssh_server(tmp_path: Path) -> Iterator[SshServer]:
    server = SshServer(tmp_path)
    yield server
    server.close()


@pytest.fixture
def wire() -> Iterator[Callable[[int], Wire]]:
    wires: list[Wire] = []

    def lay(port: int) -> Wire:
        wires.append(Wire(port))
        return wires[-1]

    yield lay
    for one in wires:
        one.close()


@pytest.fixture
def s3_port(tmp_path: Path) -> Iterator[int]:
    """moto's server, away from this repository, whose `responses` it would take for a library of
    that name.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (tmp_path / "moto.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-P", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            cwd=tmp_path,
            stdout=log,
            stderr=log,
        )

    def answers() -> bool:
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_until(answers, seconds=30, what=(tmp_path / "moto.log").read_text)
        yield port
    finally:
        server.kill()
        server.wait()
