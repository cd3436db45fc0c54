"""After a backup was restored: no number is used twice, and nothing handed over is overwritten."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from consult.addresses import delivery as destination
from consult.models import Consultation, User
from responses.exporting.batches import folder_of, seal_batch
from responses.exporting.delivering import deliver_due_batches
from responses.exporting.high_water import CannotTell, handed_over_after, list_batches
from responses.exporting.verifying.command import main as verify
from responses.exporting.writing import BatchNotWritten, write_batch
from responses.models import Batch, Delivery, Response
from tests.support.folders import content_of
from tests.support.tampering import behind_its_back

pytestmark = pytest.mark.django_db(transaction=True)
Send = Callable[..., Response]
# What a backup from before the second batch does not have, children first.
YOUNGER = [
    "DELETE FROM responses_delivery WHERE batch_id = %s",
    """DELETE FROM responses_ledgerentry WHERE response_id IN
        (SELECT response_id FROM responses_batchmember WHERE batch_id = %s)""",
    "DELETE FROM responses_batchmember WHERE batch_id = %s",
    "DELETE FROM responses_writing WHERE batch_id = %s",
    "DELETE FROM responses_batch WHERE id = %s",
]


def put_back(batch: Batch) -> None:
    """Leave the database as a backup from before this batch has it."""
    with behind_its_back(), connection.cursor() as cursor:
        for statement in YOUNGER:
            cursor.execute(statement, [batch.pk])


def seal(consultation: Consultation) -> Batch:
    return seal_batch(consultation=consultation, actor=None)


@pytest.fixture
def handed_over(consultation: Consultation, send: Send, exports: Path) -> list[Batch]:
    """Two batches that were written."""
    found = []
    for _ in range(2):
        send()
        found.append(seal(consultation))
        write_batch(batch=found[-1])
    return found


@pytest.fixture
def mopac(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Path:
    """The folder where batches are delivered to."""
    folder = tmp_path_factory.mktemp("mopac")
    settings.STORAGES = {**settings.STORAGES, "delivery": destination(f"file://{folder}")}
    return folder


def test_after_a_restore_the_next_batch_has_a_new_number_in_the_chain(
    consultation: Consultation,
    handed_over: list[Batch],
    exports: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lost = handed_over[1]
    before = content_of(exports / folder_of(lost))
    put_back(lost)
    batch = seal(consultation)
    write_batch(batch=batch)
    assert (batch.number, batch.lost_before) == (
        3,
        [{"number": 2, "manifest_sha256": lost.manifest_sha256}],
    )
    assert content_of(exports / folder_of(lost)) == before
    folder = exports / folder_of(batch)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["previous_manifest_sha256"], manifest["not_in_our_records"]) == (
        lost.manifest_sha256,
        [2],
    )
    assert "OUR RECORDS LACK BATCH 2" in (folder / "README.txt").read_text()
    # The receiver's chain has no gap.
    verify([str(exports / folder_of(one)) for one in [*handed_over, batch]])
    assert "is missing" not in (said := capsys.readouterr().out)
    assert "does not follow" not in said


def test_with_the_storage_lost_too_a_mark_keeps_the_number(
    consultation: Consultation, handed_over: list[Batch], exports: Path
) -> None:
    put_back(handed_over[1])
    shutil.rmtree(exports)
    exports.mkdir()
    batch = seal(consultation)
    assert (batch.number, batch.lost_before[0]["manifest_sha256"]) == (
        3,
        handed_over[1].manifest_sha256,
    )


def test_a_batch_known_to_the_destination_alone_keeps_its_number(
    consultation: Consultation,
    handed_over: list[Batch],
    exports: Path,
    mopac: Path,
    settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    deliver_due_batches()
    put_back(handed_over[1])
    # A new machine: neither storage knows a thing.
    empty = {
        name: {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path_factory.mktemp(name)},
        }
        for name in ("default", "exports")
    }
    settings.STORAGES = {**settings.STORAGES, **empty}
    assert [seen.number for seen in list_batches("delivery")] == [1, 2]
    batch = seal(consultation)
    write_batch(batch=batch)
    assert batch.number == 3
    manifest = mopac / folder_of(handed_over[1]) / "manifest.json"
    standing = manifest.read_bytes()
    deliver_due_batches()
    assert manifest.read_bytes() == standing
    assert (mopac / folder_of(batch) / "manifest.json").exists()


def test_while_nobody_can_say_which_numbers_are_used_none_is_sealed(
    consultation: Consultation,
    handed_over: list[Batch],
    exports: Path,
    settings: Settings,
    client: Client,
    sign_in: Callable[[User], Client],
    analyst: User,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    nowhere = tmp_path_factory.mktemp("away") / "file"
    nowhere.write_text("in the way")
    empty = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": tmp_path_factory.mktemp("empty")},
    }
    settings.STORAGES = {
        **settings.STORAGES,
        "delivery": destination(f"file://{nowhere}"),
        "exports": empty,
        "default": empty,
    }
    with pytest.raises(CannotTell):
        seal(consultation)
    page = sign_in(analyst).post(
        reverse("batch-now"), {"consultation": consultation.slug, "number": "3"}, follow=True
    )
    assert "No batch was sealed." in page.content.decode()
    assert Batch.objects.count() == 2


def test_a_manifest_of_another_hash_is_never_overwritten(
    consultation: Consultation, send: Send, exports: Path
) -> None:
    send()
    batch = seal(consultation)
    manifest = exports / folder_of(batch) / "manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("{}")
    with pytest.raises(BatchNotWritten, match="another batch 1"):
        write_batch(batch=batch)
    batch.refresh_from_db()
    assert (batch.written_at, manifest.read_text()) == (None, "{}")
    assert content_of(manifest.parent) == {"manifest.json": b"{}"}
    assert "nothing handed over is overwritten" in batch.failure


def test_another_batch_at_the_destination_is_never_overwritten(
    consultation: Consultation, send: Send, exports: Path, mopac: Path
) -> None:
    send()
    batch = seal(consultation)
    write_batch(batch=batch)
    manifest = mopac / folder_of(batch) / "manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("{}")
    assert deliver_due_batches() == []
    assert content_of(manifest.parent) == {"manifest.json": b"{}"}
    assert "nothing handed over is overwritten" in Delivery.objects.get().reason


def test_what_a_restore_made_unwritten_is_written_over_its_own_bytes(
    consultation: Consultation, handed_over: list[Batch], exports: Path
) -> None:
    before = content_of(exports / folder_of(handed_over[1]))
    with behind_its_back():
        Batch.objects.filter(pk=handed_over[1].pk).update(written_at=None)
    write_batch(batch=Batch.objects.get(pk=handed_over[1].pk))
    assert content_of(exports / folder_of(handed_over[1])) == before
    assert [seen.number for seen in handed_over_after(consultation, number=0)] == [1, 2]


# Lost files


def test_lost_files_are_written_again_byte_for_byte(
    handed_over: list[Batch], exports: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = exports / folder_of(handed_over[0])
    before = content_of(exports)
    shutil.rmtree(folder)
    shutil.rmtree(folder.parent / "packs")
    call_command("write_batch", "1")
    assert "responses.csv" in capsys.readouterr().out
    call_command("write_batch", "2")
    assert content_of(exports) == before
    call_command("write_batch", "1")
    assert "nothing was missing" in capsys.readouterr().out


def test_lost_files_that_would_differ_are_not_written(
    handed_over: list[Batch], exports: Path
) -> None:
    folder = exports / folder_of(handed_over[0])
    shutil.rmtree(folder)
    with behind_its_back():
        Response.objects.filter(membership__batch=handed_over[0]).update(texts={"missing": "No."})
    with pytest.raises(CommandError, match=r"would not be what was handed over: .*responses\.csv"):
        call_command("write_batch", "1")
    assert not folder.exists()
