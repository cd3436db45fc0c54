"""Several at the batches at once, in threads with connections of their own on a real PostgreSQL."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from consult.models import Action, AuditEntry, Consultation, User
from responses.demo.filling import fill_responses
from responses.exporting import batches, writing
from responses.exporting.batches import seal_batch
from responses.exporting.due import seal_due_batches
from responses.exporting.writing import BeingWritten, write_batch
from responses.models import Batch, BatchMember, LedgerEntry, MemberMarks, Response
from responses.reviewing.codebooks import change_code, make_code
from responses.reviewing.coding import code_answer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def exports(settings: Settings, tmp_path: Path) -> Path:
    place = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": tmp_path, "allow_overwrite": True},
    }
    settings.STORAGES = {**settings.STORAGES, "exports": place}
    return tmp_path


def fill(consultation: Consultation, count: int) -> None:
    fill_responses(
        consultation=consultation,
        count=count,
        seed=count,
        actor=None,
        production=False,
        beside_real_people=False,
    )


def at_once(*jobs: Callable[[], object]) -> list[object]:
    """Run the jobs at one moment, each on a connection of its own, and give what they gave."""
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], object]) -> object:
        try:
            start.wait(timeout=20)
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [running.result(timeout=60) for running in [pool.submit(run, job) for job in jobs]]


def test_sealing_at_once_takes_each_response_once_and_skips_no_number(
    consultation: Consultation,
) -> None:
    fill(consultation, 300)

    def seal_three() -> None:
        for _ in range(3):
            seal_batch(consultation=consultation, actor=None)

    at_once(seal_three, seal_three, seal_three, lambda: [fill(consultation, 20) for _ in range(5)])
    seal_batch(consultation=consultation, actor=None)
    batches = Batch.objects.order_by("number")
    assert [batch.number for batch in batches] == list(range(1, 11))
    assert Counter(BatchMember.objects.values_list("response", flat=True)) == Counter(
        Response.objects.values_list("pk", flat=True)
    )
    assert Response.objects.count() == sum(batch.size for batch in batches) == 400
    assert LedgerEntry.objects.filter(event="batched").count() == 400
    for batch in batches:
        assert list(batch.members.values_list("row", flat=True)) == list(range(1, batch.size + 1))


def test_a_response_committed_during_sealing_goes_into_the_next_batch(
    consultation: Consultation,
) -> None:
    fill(consultation, 1)
    committed, sealed = threading.Event(), threading.Event()

    def send_slowly() -> None:
        with transaction.atomic():
            fill(consultation, 1)
            committed.set()
            # It has its number and its time, but nobody sees it yet; and sealing does not wait for
            # it.
            assert sealed.wait(timeout=20)

    def seal() -> Batch:
        assert committed.wait(timeout=20)
        batch = seal_batch(consultation=consultation, actor=None)
        sealed.set()
        return batch

    _, batch = at_once(send_slowly, seal)
    assert isinstance(batch, Batch)
    assert batch.size == 1
    assert seal_batch(consultation=consultation, actor=None).size == 1


def test_people_send_responses_while_a_batch_is_being_sealed(consultation: Consultation) -> None:
    with transaction.atomic():
        seal_batch(consultation=consultation, actor=None)
        at_once(lambda: fill(consultation, 1))
    assert Response.objects.count() == 1


def test_two_schedules_at_once_seal_one_batch_a_night(consultation: Consultation) -> None:
    two_days_ago = timezone.now() - timedelta(days=2)
    Consultation.objects.update(opens_at=two_days_ago, published_at=two_days_ago)
    fill(consultation, 5)
    sealed = at_once(*[seal_due_batches] * 4)
    assert sum(len(batches) for batches in sealed if isinstance(batches, list)) == 1
    batch = Batch.objects.get()
    assert (batch.number, batch.size) == (1, 5)


def test_two_workers_at_one_batch_write_it_once(consultation: Consultation) -> None:
    fill(consultation, 50)
    batch = seal_batch(consultation=consultation, actor=None)
    at_once(*[lambda: write_batch(batch=Batch.objects.get(pk=batch.pk))] * 3)
    batch.refresh_from_db()
    assert (batch.written_at is not None, batch.failure) == (True, "")
    assert AuditEntry.objects.filter(action=Action.BATCH_WRITTEN).count() == 1


def test_the_schedule_leaves_a_batch_to_the_worker_writing_it(
    consultation: Consultation, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = seal_batch(consultation=consultation, actor=None)
    begun, left = threading.Event(), threading.Event()
    make_files = writing.make_files

    def slowly(**named: object) -> object:
        begun.set()
        assert left.wait(timeout=20)
        return make_files(**named)

    def come_by() -> None:
        assert begun.wait(timeout=20)
        with pytest.raises(BeingWritten):
            write_batch(batch=Batch.objects.get(pk=batch.pk), wait=False)
        seal_due_batches()
        left.set()

    monkeypatch.setattr("responses.exporting.writing.make_files", slowly)
    at_once(lambda: write_batch(batch=Batch.objects.get(pk=batch.pk)), come_by)
    batch.refresh_from_db()
    assert (batch.written_at is not None, batch.failure) == (True, "")


def test_a_code_renamed_during_sealing_has_one_name_in_the_batch(
    consultation: Consultation,
    send: Callable[..., Response],
    reviewer: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = make_code(
        consultation=consultation,
        question="missing",
        name="Before",
        group="",
        definition="",
        by=reviewer,
    )
    code_answer(
        response=send({"missing": "More clubs."}), question="missing", codes=[code], by=reviewer
    )

    def rename() -> None:
        try:
            change_code(
                code=code,
                version=1,
                name="After",
                group="",
                definition="",
                retired=False,
                by=reviewer,
            )
        finally:
            connection.close()

    renaming, codes_of = threading.Thread(target=rename), batches.codes_of

    def looked_up(of: Consultation) -> list[dict[str, object]]:
        # What the response was given is written down by now.
        renaming.start()
        renaming.join(timeout=1)
        return codes_of(of)

    monkeypatch.setattr(batches, "codes_of", looked_up)
    batch = seal_batch(consultation=consultation, actor=None)
    renaming.join(timeout=20)
    marks = MemberMarks.objects.get(member__batch=batch)
    assert ([code["name"] for code in Batch.objects.get().codes], marks.codes) == (
        ["Before"],
        [["missing", "Before"]],
    )
    code.refresh_from_db()
    assert code.name == "After"
