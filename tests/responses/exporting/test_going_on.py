"""Trouble with one batch, delivery or extract stays its own; what was cut goes on where it was."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from consult.addresses import delivery as destination
from consult.models import Consultation, User
from responses.demo.filling import fill_responses
from responses.exporting import delivering, due, extracting, steps, writing
from responses.exporting.batches import folder_of, pack_of, seal_batch
from responses.exporting.delivering import deliver_due_batches
from responses.exporting.due import seal_due_batches
from responses.exporting.extracting import make_due_extracts
from responses.exporting.extracts import ask_for_extract
from responses.exporting.members import ROWS_AT_ONCE
from responses.exporting.pack import make_files
from responses.exporting.writing import BatchNotWritten, write_batch
from responses.governance.erasing import erase_response
from responses.models import Batch, Delivery, Extract, Response, Writing
from tests.support.folders import content_of

pytestmark = pytest.mark.django_db(transaction=True)
Send = Callable[..., Response]
UNFORESEEN = "Unexpected trouble (ValueError); the worker's log says more."


def failing(rule: Callable[..., Any], *, when: Callable[..., bool]) -> Callable[..., Any]:
    """`rule`, with something that nobody thought of when it is `when`."""

    def fail(*arguments: Any, **named: Any) -> Any:
        if when(*arguments, **named):
            raise ValueError("who thought of that?")
        return rule(*arguments, **named)

    return fail


def doctor(capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(CommandError):
        call_command("doctor")
    return capsys.readouterr().out.lower()


# Each for itself


def test_unforeseen_trouble_with_one_batch_stops_no_other(
    consultation: Consultation,
    other: Consultation,
    exports: Path,
    monkeypatch: pytest.MonkeyPatch,
    sign_in: Callable[[User], Client],
    analyst: User,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stuck = seal_batch(consultation=consultation, actor=None)
    fine = seal_batch(consultation=other, actor=None)
    one_fails = failing(writing.make_files, when=lambda **named: named["batch"].pk == stuck.pk)
    monkeypatch.setattr(writing, "make_files", one_fails)
    seal_due_batches()
    fine.refresh_from_db()
    stuck.refresh_from_db()
    assert (fine.written_at is not None, stuck.failure) == (True, UNFORESEEN)
    page = sign_in(analyst).get(reverse("batch-list")).content.decode()
    assert "Unexpected trouble (ValueError)" in page
    assert f"{stuck} could not be written ({UNFORESEEN})".lower() in doctor(capsys)


def test_unforeseen_trouble_while_sealing_stops_no_other(
    consultation: Consultation,
    other: Consultation,
    exports: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    days_ago = timezone.now() - timedelta(days=3)
    Consultation.objects.update(opens_at=days_ago, published_at=days_ago)
    one_fails = failing(due.seal, when=lambda current, *_: current.pk == consultation.pk)
    monkeypatch.setattr(due, "seal", one_fails)
    assert [batch.consultation for batch in seal_due_batches()] == [other]
    assert f"no batch of {consultation.slug} was sealed, though one is due".lower() in doctor(
        capsys
    )


def test_unforeseen_trouble_with_one_delivery_stops_no_other(
    consultation: Consultation,
    other: Consultation,
    exports: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = destination(f"file://{tmp_path_factory.mktemp('mopac')}")
    settings.STORAGES = {**settings.STORAGES, "delivery": place}
    stuck, fine = (seal_batch(consultation=one, actor=None) for one in (consultation, other))
    for batch in (stuck, fine):
        write_batch(batch=batch)
    one_fails = failing(delivering.carry, when=lambda delivery, **_: delivery.batch_id == stuck.pk)
    monkeypatch.setattr(delivering, "carry", one_fails)
    assert deliver_due_batches() == [fine]
    assert Delivery.objects.get(batch=stuck).reason == UNFORESEEN
    assert f"{stuck} could not be delivered ({UNFORESEEN})".lower() in doctor(capsys)


def test_unforeseen_trouble_with_one_extract_stops_no_other(
    consultation: Consultation,
    other: Consultation,
    exports: Path,
    analyst: User,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stuck, fine = (
        ask_for_extract(consultation=one, query=None, actor=analyst)
        for one in (consultation, other)
    )
    one_fails = failing(
        extracting.make_extract, when=lambda **named: named["extract"].pk == stuck.pk
    )
    monkeypatch.setattr(extracting, "make_extract", one_fails)
    assert make_due_extracts() == [fine]
    failed = Extract.objects.get(pk=stuck.pk)
    assert (failed.state, failed.failure) == (Extract.State.FAILED, UNFORESEEN)
    assert f"{stuck} could not be made ({UNFORESEEN})".lower() in doctor(capsys)


# Going on


@pytest.fixture
def cut(
    consultation: Consultation,
    send: Send,
    exports: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Batch:
    """A batch whose writing was cut off after its second step."""
    for _ in range(3):
        send({"missing": "Trams."})
    batch = seal_batch(consultation=consultation, actor=None)

    def cut_off(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(steps, "entries_of", cut_off)
        with pytest.raises(BatchNotWritten):
            write_batch(batch=batch)
    assert set(Writing.objects.get(batch=batch).made["steps"]) == {"responses", "answers"}
    return batch


def test_a_batch_that_was_cut_goes_on_after_its_last_step(
    cut: Batch, exports: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any
) -> None:
    whole = tmp_path_factory.mktemp("whole")
    make_files(batch=cut, folder=whole)
    copied: list[str] = []
    with monkeypatch.context() as patched:
        for name in ("copy_responses", "copy_answers"):
            patched.setattr(steps, name, lambda *_, name=name, **__: copied.append(name))
        write_batch(batch=cut)
    assert copied == []
    made = content_of(exports / folder_of(cut))
    assert {name: made[name] for name in content_of(whole)} == content_of(whole)
    assert (exports / pack_of(cut)).stat().st_size == (cut.pack or {})["bytes"]
    assert not Writing.objects.filter(batch=cut).exists()


def test_a_kept_file_that_was_damaged_is_made_again(cut: Batch, exports: Path) -> None:
    file = exports / folder_of(cut) / "responses.csv"
    whole = file.read_bytes()
    file.write_bytes(b"damaged")
    write_batch(batch=cut)
    assert file.read_bytes() == whole


def test_kept_files_with_erased_words_are_made_again(cut: Batch, exports: Path) -> None:
    file = exports / folder_of(cut) / "responses.csv"
    assert file.read_text().count("Trams.") == 3
    erase_response(
        reference=cut.members.get(row=2).response.reference, actor=None, why="asked for it"
    )
    write_batch(batch=cut)
    assert file.read_text().count("Trams.") == 2


# The cost of a row


def rows_read(batch: Batch, folder: Path) -> int:
    """How many rows of tables are read to make the files of a batch."""
    count = """
        SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(count)
        (before,) = cursor.fetchone()
        make_files(batch=batch, folder=folder)
        cursor.execute(count)
        (after,) = cursor.fetchone()
    shutil.rmtree(folder)
    return int(after - before)


def test_a_row_costs_the_same_to_write_however_many_there_are(
    consultation: Consultation, tmp_path: Path
) -> None:
    each = []
    # The second takes several pages of rows, the first one.
    for number, size in enumerate([100, ROWS_AT_ONCE * 3]):
        fill_responses(
            consultation=consultation,
            count=size,
            seed=number,
            actor=None,
            production=False,
            beside_real_people=True,
        )
        batch = seal_batch(consultation=consultation, actor=None)
        with connection.cursor() as cursor:
            # With statistics PostgreSQL chooses other plans than for tables it knows nothing of.
            cursor.execute("ANALYZE")
        folder = tmp_path / str(number)
        folder.mkdir()
        each.append(rows_read(batch, folder) / batch.size)
    assert each[1] < each[0] * 1.5
