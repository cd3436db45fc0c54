"""Delivery to real servers over S3 and SFTP, whose connection is cut late in the file, and with a
worker killed on the way.
"""

import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncssh
import boto3
import pytest
from django.db.models.functions import Now
from pytest_django.fixtures import Settings

from consult.addresses import delivery as destination
from consult.models import Consultation
from consult.nudging import nudge
from responses.demo.filling import fill_responses
from responses.exporting import tasks
from responses.exporting.batches import folder_of, seal_batch, write_batch
from responses.exporting.delivering import deliver_due_batches
from responses.exporting.destinations import Sftp
from responses.models import Batch, Delivery
from tests.support.folders import content_of
from tests.support.workers import Worker, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


class Wire:
    """A relay on loopback that hangs up once `bytes_left` bytes went to the server; None lets
    everything through.
    """

    def __init__(self, port: int) -> None:
        self.to, self.bytes_left, self.cuts, self.stall = port, None, 0, threading.Event()
        self.bytes_left: int | None
        self.stalled = threading.Event()
        self.stall_at: int | None = None
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self.server.accept()
                server = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                return
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for source, target, counted in ((client, server, True), (server, client, False)):
                threading.Thread(
                    target=self._pump, args=(source, target, counted), daemon=True
                ).start()

    def _pump(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        try:
            while piece := source.recv(16384):
                if counted and self.bytes_left is not None:
                    self.bytes_left -= len(piece)
                    if self.bytes_left <= 0:
                        self.bytes_left, self.cuts = None, self.cuts + 1
                        break
                if counted and self.stall_at is not None:
                    self.stall_at -= len(piece)
                    if self.stall_at <= 0:
                        self.stalled.set()
                        self.stall.wait(30)
                target.sendall(piece)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def close(self) -> None:
        self.server.close()
        self.stall.set()


class SshServer:
    """A real SFTP server on loopback, with `root` as its folder and a host key of its own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "at-mopac"
        self.root.mkdir()
        self.key, self.host_key = folder / "id", asyncssh.generate_private_key("ssh-ed25519")
        user_key = asyncssh.generate_private_key("ssh-ed25519")
        user_key.write_private_key(str(self.key))
        allowed = folder / "allowed"
        user_key.write_public_key(str(allowed))
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

        async def start() -> asyncssh.SSHAcceptor:
            return await asyncssh.listen(
                "127.0.0.1",
                0,
                server_host_keys=[self.host_key],
                authorized_client_keys=str(allowed),
                sftp_factory=lambda channel: asyncssh.SFTPServer(
                    channel, chroot=os.fsencode(self.root)
                ),
            )

        self.acceptor = asyncio.run_coroutine_threadsafe(start(), self.loop).result(20)
        self.port = self.acceptor.get_port()

    def known_hosts(self, path: Path, port: int) -> Path:
        path.write_text(f"[127.0.0.1]:{port} {self.host_key.export_public_key().decode()}")
        return path

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.acceptor.close)
        self.loop.call_soon_threadsafe(self.loop.stop)


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
def batch(consultation: Consultation, exports: Path) -> Batch:
    fill_responses(
        consultation=consultation,
        count=200,
        seed=5,
        actor=None,
        production=False,
        beside_real_people=False,
    )
    sealed = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=sealed)
    return sealed


def sftp_url(server: SshServer, wire: Wire, folder: Path) -> str:
    known = server.known_hosts(folder / "known", wire.port)
    return f"sftp://mopac@127.0.0.1:{wire.port}/in?key={server.key}&known_hosts={known}"


def nine_tenths(batch: Batch) -> int:
    return sum(file["bytes"] for file in batch.files) * 9 // 10


def holds_the_whole_batch(arrived: dict[str, bytes], batch: Batch, exports: Path) -> None:
    assert arrived == content_of(exports / folder_of(batch))


def test_over_sftp_a_batch_survives_a_cut_at_nine_tenths(
    batch: Batch,
    exports: Path,
    ssh_server: SshServer,
    wire: Callable[[int], Wire],
    settings: Settings,
    tmp_path: Path,
) -> None:
    line = wire(ssh_server.port)
    settings.STORAGES = {
        **settings.STORAGES,
        "delivery": destination(sftp_url(ssh_server, line, tmp_path)),
    }
    line.bytes_left = nine_tenths(batch)
    assert deliver_due_batches() == []
    assert (line.cuts, Delivery.objects.get().state) == (1, "waiting")
    assert Delivery.objects.get().reason
    there = ssh_server.root / "in" / folder_of(batch)
    assert not (there / "manifest.json").exists()
    written = content_of(exports / folder_of(batch))
    assert all(
        name.endswith(".part") or content == written[name]
        for name, content in content_of(there).items()
    )
    Delivery.objects.update(due_at=Now())
    assert deliver_due_batches() == [batch]
    holds_the_whole_batch(content_of(there), batch, exports)


def test_an_sftp_server_with_an_unknown_key_gets_nothing(
    batch: Batch,
    ssh_server: SshServer,
    wire: Callable[[int], Wire],
    settings: Settings,
    tmp_path: Path,
) -> None:
    line = wire(ssh_server.port)
    url = sftp_url(ssh_server, line, tmp_path)
    settings.STORAGES = {**settings.STORAGES, "delivery": destination(url)}
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    for known in ("", f"[127.0.0.1]:{line.port} {other}"):
        (tmp_path / "known").write_text(known)
        assert deliver_due_batches() == []
        assert (
            "known_hosts" in Delivery.objects.get().reason
            or "does not match" in Delivery.objects.get().reason
        )
        assert list(ssh_server.root.iterdir()) == []
        Delivery.objects.update(due_at=Now())
    assert destination(url)["BACKEND"] == f"{Sftp.__module__}.{Sftp.__name__}"  # type: ignore[index]


def test_over_s3_a_batch_survives_a_cut_at_nine_tenths(
    batch: Batch, exports: Path, s3_port: int, wire: Callable[[int], Wire], settings: Settings
) -> None:
    line = wire(s3_port)
    place = destination(f"s3+http://key:secret@127.0.0.1:{line.port}/mopac/in?region=eu-west-2")
    settings.STORAGES = {**settings.STORAGES, "delivery": place}
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{s3_port}",
        region_name="eu-west-2",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    )
    # Without its bucket the reason is the server's own.
    assert deliver_due_batches() == []
    assert "NoSuchBucket" in Delivery.objects.get().reason
    client.create_bucket(
        Bucket="mopac", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"}
    )
    Delivery.objects.update(due_at=Now())
    line.bytes_left = nine_tenths(batch)
    deliver_due_batches()
    assert line.cuts == 1, Delivery.objects.get().reason
    Delivery.objects.filter(state="waiting").update(due_at=Now())
    deliver_due_batches()
    assert Delivery.objects.get().state == "delivered"
    prefix = f"in/{folder_of(batch)}/"
    found = client.list_objects_v2(Bucket="mopac", Prefix=prefix)["Contents"]
    arrived = {
        row["Key"].removeprefix(prefix): client.get_object(Bucket="mopac", Key=row["Key"])[
            "Body"
        ].read()
        for row in found
    }
    holds_the_whole_batch(arrived, batch, exports)


def test_a_worker_killed_half_way_leaves_the_batch_to_the_next_one(
    batch: Batch,
    exports: Path,
    ssh_server: SshServer,
    wire: Callable[[int], Wire],
    start_worker: Callable[..., Worker],
    tmp_path: Path,
) -> None:
    line = wire(ssh_server.port)
    environment = {
        "EXPORTS_DIR": str(exports),
        "DELIVERY_URL": sftp_url(ssh_server, line, tmp_path),
    }
    line.stall_at = nine_tenths(batch)
    worker = start_worker(**environment)
    nudge(tasks.deliver_due_batches)
    assert line.stalled.wait(30), worker.log.read_text()
    worker.kill()
    line.stall_at = None
    line.stall.set()
    held = Delivery.objects.get()
    assert (held.state, held.leased_until is not None) == ("waiting", True)
    # What the dead worker had in hand is free once its lease is over.
    Delivery.objects.update(leased_until=Now())
    second = start_worker(**environment)
    nudge(tasks.deliver_due_batches)
    wait_until(
        lambda: Delivery.objects.filter(state="delivered").exists(),
        seconds=40,
        what=second.log.read_text,
    )
    there = ssh_server.root / "in" / folder_of(batch)
    holds_the_whole_batch(content_of(there), batch, exports)
