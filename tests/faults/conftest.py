"""The parts that get cut and killed."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from pytest_django.fixtures import Settings

from consult.addresses import delivery as destination
from consult.local.redis import Redis
from responses.exporting.batches import folder_of
from responses.exporting.high_water import RECEIVED
from responses.models import Batch
from tests.support.destinations import SshServer, Wire, sftp_url
from tests.support.handing_over import acknowledge_in_a_file
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


@pytest.fixture
def at_mopac(tmp_path: Path, settings: Settings) -> Path:
    """A folder to which batches are delivered."""
    folder = tmp_path / "at-mopac"
    folder.mkdir()
    settings.STORAGES = {**settings.STORAGES, "delivery": destination(f"file://{folder}")}
    return folder


@pytest.fixture
def exports(tmp_path: Path, settings: Settings) -> Path:
    """The storage for batches, apart from the destination."""
    folder = tmp_path / "exports"
    place = {
        **settings.STORAGES["exports"],
        "OPTIONS": {"location": folder, "allow_overwrite": True},
    }
    settings.STORAGES = {**settings.STORAGES, "exports": place}
    return folder


@pytest.fixture
def s3_place(
    s3_port: int, wire: Callable[[int], Wire], settings: Settings, exports: Path
) -> Callable[[Batch], None]:
    """Object storage to which batches are delivered, and how the receiver acknowledges one."""
    url = f"s3+http://key:secret@127.0.0.1:{wire(s3_port).port}/mopac/in?region=eu-west-2"
    settings.STORAGES = {**settings.STORAGES, "delivery": destination(url)}
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{s3_port}",
        region_name="eu-west-2",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    )
    where = {"LocationConstraint": "eu-west-2"}
    client.create_bucket(Bucket="mopac", CreateBucketConfiguration=where)
    return lambda batch: client.put_object(
        Bucket="mopac",
        Key=f"in/{folder_of(batch)}{RECEIVED}",
        Body=batch.manifest_sha256.encode(),
    )


@pytest.fixture
def sftp_place(
    ssh_server: SshServer,
    wire: Callable[[int], Wire],
    tmp_path: Path,
    settings: Settings,
    exports: Path,
) -> Callable[[Batch], None]:
    """A folder on another machine, by SFTP, and how the receiver acknowledges a batch there."""
    url = sftp_url(ssh_server, wire(ssh_server.port), tmp_path)
    settings.STORAGES = {**settings.STORAGES, "delivery": destination(url)}

    def acknowledge(batch: Batch) -> None:
        acknowledge_in_a_file(batch, ssh_server.root / "in")

    return acknowledge
