"""Delivery to real servers over S3 and SFTP, whose connection is cut late in the file, and with a
worker killed on the way.
"""

from collections.abc import Callable
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
from responses.exporting.batches import folder_of, seal_batch
from responses.exporting.delivering import deliver_due_batches
from responses.exporting.sftp import Sftp
from responses.exporting.writing import write_batch
from responses.models import Batch, Delivery
from tests.support.destinations import SshServer, Wire, sftp_url
from tests.support.folders import content_of
from tests.support.workers import Worker, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


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
    assert destination(url)["BACKEND"] == f"{Sftp.__module__}.{Sftp.__name__}"


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
