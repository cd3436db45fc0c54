"""The parts that get cut and killed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from consult.local.redis import Redis
from tests.support.postbox import Postbox
from tests.support.workers import Worker, nudges_to


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
