"""A batch whose worker dies or whose disk is full: sealed once, written whole or not at all, and
written by itself in the end.
"""

import os
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.db import connection, transaction
from django.utils import timezone

from consult.models import Action, AuditEntry, Consultation
from consult.nudging import nudge
from responses.demo.filling import fill_responses
from responses.exporting.pack import copy_program, make_files
from responses.exporting.tasks import seal_due_batches
from responses.models import Batch, BatchMember, LedgerEntry, Response
from tests.faults.sites import HOLD
from tests.support.folders import content_of
from tests.support.running import of_group
from tests.support.workers import Worker, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def due(consultation: Consultation) -> Consultation:
    """A consultation with responses and a batch that was due this morning."""
    three_days_ago = timezone.now() - timedelta(days=3)
    Consultation.objects.update(opens_at=three_days_ago, published_at=three_days_ago)
    fill_responses(
        consultation=consultation,
        count=150,
        seed=5,
        actor=None,
        production=False,
        beside_real_people=False,
    )
    return consultation


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where workers put batches."""
    folder = tmp_path / "batches"
    folder.mkdir()
    return folder


def folder_of_first(place: Path, consultation: Consultation) -> Path:
    return place / consultation.slug / "batch-0001"


def until_written(batch: Batch) -> Batch:
    def written() -> bool:
        batch.refresh_from_db()
        return batch.written_at is not None

    nudge_until(written, what=lambda: batch.failure)
    return batch


def nudge_until(holds: Callable[[], bool], *, what: Callable[[], str]) -> None:
    """Do what the schedule does every five minutes twice a second, until `holds`."""
    last = 0.0

    def look() -> bool:
        nonlocal last
        if time.monotonic() - last > 0.5:
            nudge(seal_due_batches)
            last = time.monotonic()
        return holds()

    wait_until(look, seconds=30, what=what)


def is_whole(batch: Batch, folder: Path) -> None:
    """Exactly the files that the frozen membership gives, and nothing beside them."""
    with TemporaryDirectory() as again, transaction.atomic():
        make_files(batch=batch, folder=Path(again))
        copy_program(Path(again))
        wanted = content_of(Path(again))
    assert content_of(folder) == wanted
    assert (
        (folder / "responses.jsonl").read_text().count("\n") == batch.size == batch.members.count()
    )


def each_is_in_one_batch() -> None:
    assert Counter(BatchMember.objects.values_list("response", flat=True)) == Counter(
        Response.objects.values_list("pk", flat=True)
    )
    assert LedgerEntry.objects.filter(event="batched").count() == Response.objects.count()
    numbers = list(Batch.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


def test_five_workers_lost_during_an_export_leave_one_whole_batch(
    due: Consultation,
    send: Callable[..., Response],
    start_worker: Callable[..., Worker],
    place: Path,
    tmp_path: Path,
) -> None:
    note = tmp_path / "stalling"
    environment = {
        "EXPORTS_STORAGE": "tests.faults.stalling.StallingStorage",
        "STALLING_DIR": str(place),
        "STALLING_AT": str(note),
    }
    batch = None
    for ends, file in enumerate(
        ["responses.csv", "responses.jsonl", "codebook.csv", "manifest.json", "manifest.json"]
    ):
        note.write_text(f"stop at {file}")
        worker = start_worker(**environment)
        nudge_until(
            lambda file=file: note.read_text() == f"stopped at {file}", what=worker.log.read_text
        )
        # The third is asked to end, as at an update, and has five seconds; the others have none.
        worker.process.send_signal(signal.SIGQUIT) if ends == 2 else worker.kill()
        worker.process.wait(timeout=30)
        batch = Batch.objects.get()
        assert (batch.written_at, batch.files, batch.size) == (None, [], 150)
        assert not (folder_of_first(place, due) / "manifest.json").exists()
        # What comes after the seal is in the next, however long the writing takes.
        send(email="")
    assert batch is not None
    note.write_text("")
    start_worker(**environment)
    is_whole(until_written(batch), folder_of_first(place, due))
    assert AuditEntry.objects.filter(action=Action.BATCH_WRITTEN).count() == 1
    assert Response.objects.filter(membership=None).count() == 5


def test_a_worker_killed_while_sealing_seals_nothing_and_the_next_one_all(
    due: Consultation, start_worker: Callable[..., Worker], place: Path
) -> None:
    worker = start_worker(EXPORTS_DIR=str(place))
    with connection.cursor() as cursor:
        cursor.execute(
            f"{HOLD}; CREATE TRIGGER hold BEFORE INSERT ON responses_batchmember FOR EACH ROW "
            "EXECUTE FUNCTION hold()"
        )
        try:
            cursor.execute("SELECT pg_advisory_lock(77003)")
            nudge(seal_due_batches)
            wait_until(_waits, seconds=20, what=worker.log.read_text)
            worker.kill()
        finally:
            cursor.execute("SELECT pg_advisory_unlock(77003)")
            cursor.execute("DROP TRIGGER hold ON responses_batchmember; DROP FUNCTION hold()")
    assert not Batch.objects.exists()
    assert not BatchMember.objects.exists()
    start_worker(EXPORTS_DIR=str(place))
    nudge(seal_due_batches)
    wait_until(Batch.objects.exists, seconds=20)
    is_whole(until_written(Batch.objects.get()), folder_of_first(place, due))
    each_is_in_one_batch()


def _waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 77003 AND NOT granted"
        )
        return cursor.fetchone() is not None


def test_without_room_for_its_files_a_batch_waits_and_says_why(
    due: Consultation, start_worker: Callable[..., Worker], place: Path
) -> None:
    worker = start_worker(EXPORTS_DIR=str(place))
    _allow_files_of(worker, 60_000)
    nudge(seal_due_batches)
    wait_until(
        lambda: Batch.objects.exclude(failure="").exists(), seconds=20, what=worker.log.read_text
    )
    batch = Batch.objects.get()
    assert (batch.written_at, batch.failure) == (
        None,
        "The files could not be written: File too large.",
    )
    assert not folder_of_first(place, due).exists()
    _allow_files_of(worker, resource.RLIM_INFINITY)
    is_whole(until_written(batch), folder_of_first(place, due))
    assert batch.failure == ""
    each_is_in_one_batch()


def _allow_files_of(worker: Worker, most: int) -> None:
    for pid in of_group(worker.process.pid):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def test_while_the_exports_disk_is_full_no_partial_file_appears(
    due: Consultation, start_worker: Callable[..., Worker], place: Path
) -> None:
    folder = folder_of_first(place, due)
    folder.mkdir(parents=True)
    # Whatever is written to this device meets a full disk.
    (folder / "responses.jsonl.part").symlink_to("/dev/full")
    worker = start_worker(EXPORTS_DIR=str(place))
    nudge(seal_due_batches)
    wait_until(
        lambda: Batch.objects.exclude(failure="").exists(), seconds=20, what=worker.log.read_text
    )
    batch = Batch.objects.get()
    assert (batch.written_at, batch.failure) == (
        None,
        "The files could not be written: No space left on device.",
    )
    assert {path.name for path in folder.iterdir()} == {
        "responses.csv",
        "responses.xlsx",
        "responses.parquet",
        "responses.sav",
        "answers.csv",
        "responses.jsonl.part",
    }
    (folder / "responses.jsonl.part").unlink()
    is_whole(until_written(batch), folder)
    each_is_in_one_batch()


def test_partial_files_of_killed_workers_are_removed_in_time(
    tmp_path: Path, due: Consultation, start_worker: Callable[..., Worker], place: Path
) -> None:
    old, new = tmp_path / "consult-batch-old", tmp_path / "consult-batch-new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "responses.csv").write_text("what someone said")
    os.utime(old, (0, 0))
    # One that its owner removes between two looks is no reason to write nothing.
    (tmp_path / "consult-batch-gone").symlink_to(tmp_path / "nowhere")
    start_worker(EXPORTS_DIR=str(place), TMPDIR=str(tmp_path))
    nudge(seal_due_batches)
    wait_until(Batch.objects.exists, seconds=20)
    until_written(Batch.objects.get())
    assert (old.exists(), new.exists()) == (False, True)
