"""What is erased is in no batch that has not been handed over yet: its files are written again, and
whatever was handed over stays as it is.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from pytest_django.fixtures import Settings

from consult.addresses import delivery as destination
from consult.models import Action, AuditEntry, Consultation, User
from responses.exporting import delivering
from responses.exporting.acknowledging import acknowledge
from responses.exporting.batches import folder_of, seal_batch
from responses.exporting.delivering import _deliver, claim_due, deliver_due_batches
from responses.exporting.downloading import NoSuchFile, open_file
from responses.exporting.due import seal_due_batches
from responses.exporting.verifying.command import main as verify
from responses.exporting.writing import write_batch
from responses.governance.erasing import erase_response, remove_details
from responses.governance.reconciling import reconcile
from responses.models import Batch, Delivery, Response
from responses.responding.confirming import send_due_confirmations
from tests.support.acting import on_the_trail
from tests.support.folders import content_of
from tests.support.postbox import Postbox

pytestmark = pytest.mark.django_db(transaction=True)
Send = Callable[..., Response]
PLANTED = "Zyzzyva"
SAID = {"violence-comment": f"My name is {PLANTED}.", "violence-agree": "agree"}


@pytest.fixture
def place(tmp_path: Path, exports: Path, settings: Settings) -> Path:
    """Where MOPAC takes batches from."""
    folder = tmp_path / "at-mopac"
    settings.STORAGES = {**settings.STORAGES, "delivery": destination(f"file://{folder}")}
    return folder


def written(consultation: Consultation) -> Batch:
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    return batch


def with_the_word(folder: Path) -> list[str]:
    """The files that have the planted word in them, by name."""
    packed = {".xlsx", ".zip", ".parquet"}
    return sorted(
        path.name
        for path in folder.rglob("*")
        if path.is_file() and (PLANTED.encode() in path.read_bytes() or path.suffix in packed)
    )


def manifest_in(folder: Path) -> dict[str, object]:
    said: dict[str, object] = json.loads((folder / "manifest.json").read_text())
    return said


def test_a_batch_not_handed_over_is_made_again_without_what_was_erased(
    send: Send, consultation: Consultation, exports: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    response, other = send(SAID), send()
    first, second = written(consultation), written(consultation)
    earlier = first.manifest_sha256
    assert "responses.csv" in with_the_word(exports / folder_of(first))
    erase_response(reference=response.reference, actor=None, why="asked")
    assert with_the_word(exports / folder_of(first)) == []
    assert not (exports / first.consultation.slug / "packs" / "batch-0001.zip").exists()
    seal_due_batches()
    first.refresh_from_db()
    assert first.written_at
    folder = exports / folder_of(first)
    assert PLANTED.encode() not in b"".join(content_of(folder).values())
    said = manifest_in(folder)
    assert (said["batch"], said["made_again_instead_of"]) == (1, [earlier])
    lines = [json.loads(line) for line in (folder / "responses.jsonl").read_text().splitlines()]
    assert [(line["row"], line["reference"], line["texts"]) for line in lines] == [
        (1, response.reference, {}),
        (2, other.reference, other.texts),
    ]
    # The batch that was written after it still follows, and so does the one that recalls it.
    written(consultation)
    folders = [str(exports / folder_of(batch)) for batch in Batch.objects.order_by("number")]
    assert manifest_in(Path(folders[1]))["previous_manifest_sha256"] == earlier
    verify(folders)
    assert "does not follow" not in capsys.readouterr().out
    assert second.number == 2
    assert reconcile().differences == []


def test_the_marks_of_a_batch_made_again_name_its_last_manifest_alone(
    send: Send, consultation: Consultation, exports: Path
) -> None:
    response = send(SAID)
    batch = written(consultation)
    erase_response(reference=response.reference, actor=None, why="asked")
    write_batch(batch=batch)
    marks = [path.name for path in (exports / "batches-handed-over").rglob("batch-*")]
    assert marks == [f"batch-0001.{batch.manifest_sha256}"]


def acknowledged(batch: Batch, _reader: User) -> None:
    acknowledge(batch=batch, actor=None)


def downloaded(batch: Batch, reader: User) -> None:
    open_file(batch=batch, name="responses.csv", reader=reader)[0].close()


@pytest.mark.parametrize("hand_over", [acknowledged, downloaded])
def test_a_batch_that_was_handed_over_is_not_altered(
    send: Send,
    consultation: Consultation,
    exports: Path,
    analyst: User,
    hand_over: Callable[[Batch, User], None],
) -> None:
    response = send(SAID)
    batch = written(consultation)
    hand_over(batch, analyst)
    before = content_of(exports / folder_of(batch))
    erase_response(reference=response.reference, actor=None, why="asked")
    seal_due_batches()
    assert content_of(exports / folder_of(batch)) == before
    after = written(consultation)
    lines = (exports / folder_of(after) / "responses.jsonl").read_text().splitlines()
    assert [
        (line["act"], line["replaces_batch"], line["replaces_row"])
        for line in map(json.loads, lines)
    ] == [("erased", 1, 1)]
    assert reconcile().differences == []


def test_a_delivered_batch_stays_and_one_that_waits_comes_without_words(
    send: Send, consultation: Consultation, place: Path, exports: Path
) -> None:
    gone, waits = send(SAID), None
    delivered = written(consultation)
    deliver_due_batches()
    waits = send(SAID)
    waiting = written(consultation)
    before = content_of(place / folder_of(delivered))
    for response in (gone, waits):
        erase_response(reference=response.reference, actor=None, why="asked")
    assert deliver_due_batches() == []
    seal_due_batches()
    assert deliver_due_batches() == [waiting]
    assert content_of(place / folder_of(delivered)) == before
    arrived = content_of(place / folder_of(waiting))
    assert PLANTED.encode() not in b"".join(arrived.values())
    assert arrived == content_of(exports / folder_of(waiting))
    assert reconcile().differences == []


def test_the_database_takes_back_only_what_was_erased_and_not_handed_over(
    send: Send, consultation: Consultation, place: Path
) -> None:
    response = send(SAID)
    batch = written(consultation)

    def try_to() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE responses_batch SET written_at = NULL, manifest_sha256 = '', files = '[]',"
                " instead_of = instead_of || to_jsonb(manifest_sha256) WHERE id = %s",
                [batch.pk],
            )
            transaction.set_rollback(True)

    with pytest.raises(IntegrityError, match="is sealed"):
        try_to()
    deliver_due_batches()
    erase_response(reference=response.reference, actor=None, why="asked")
    batch.refresh_from_db()
    assert batch.written_at
    with pytest.raises(IntegrityError, match="is sealed"):
        try_to()
    Delivery.objects.all()._raw_delete(Delivery.objects.db)
    try_to()


class Stubborn(FileSystemStorage):
    """A storage that will not delete for now."""

    refuses = True

    def delete(self, name: str) -> None:
        if self.refuses:
            raise OSError(16, "Device or resource busy")
        super().delete(name)


def test_files_that_cannot_be_deleted_at_once_are_by_the_next_writer(
    send: Send,
    consultation: Consultation,
    exports: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    analyst: User,
) -> None:
    stubborn = {"BACKEND": f"{__name__}.Stubborn", "OPTIONS": {"location": exports}}
    settings.STORAGES = {**settings.STORAGES, "exports": stubborn}
    response = send(SAID)
    batch = written(consultation)
    erase_response(reference=response.reference, actor=None, why="asked")
    batch.refresh_from_db()
    with pytest.raises(NoSuchFile):
        open_file(batch=batch, name="responses.csv", reader=analyst)
    seal_due_batches()
    batch.refresh_from_db()
    assert (batch.written_at, batch.failure) == (
        None,
        "The files could not be written: Device or resource busy.",
    )
    monkeypatch.setattr(Stubborn, "refuses", False)
    seal_due_batches()
    batch.refresh_from_db()
    assert batch.written_at
    assert PLANTED.encode() not in b"".join(content_of(exports / folder_of(batch)).values())
    assert reconcile().differences == []


def test_what_arrived_before_it_was_taken_back_is_not_overwritten(
    send: Send, consultation: Consultation, place: Path
) -> None:
    response = send(SAID)
    batch = written(consultation)
    deliver_due_batches()
    earlier, before = batch.manifest_sha256, content_of(place / folder_of(batch))
    # As if the worker had been killed before it could note that it arrived.
    Delivery.objects.all()._raw_delete(Delivery.objects.db)
    erase_response(reference=response.reference, actor=None, why="asked")
    seal_due_batches()
    deliver_due_batches()
    assert content_of(place / folder_of(batch)) == before
    assert Delivery.objects.get(batch=batch).state == "delivered"
    (place / f"{folder_of(batch)}.received").write_text(earlier)
    deliver_due_batches()
    assert Delivery.objects.get(batch=batch).state == "acknowledged"


def test_a_batch_taken_back_on_its_way_is_recorded_as_it_arrived(
    send: Send, consultation: Consultation, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    response = send(SAID)
    batch = written(consultation)
    Delivery.objects.create(batch=batch)
    delivery = claim_due()
    assert delivery
    carry = delivering.carry

    def carry_meanwhile(*arguments: object, **named: object) -> object:
        files = carry(*arguments, **named)
        erase_response(reference=response.reference, actor=None, why="asked")
        return files

    monkeypatch.setattr(delivering, "carry", carry_meanwhile)
    assert _deliver(delivery)
    assert (Delivery.objects.get().state, Delivery.objects.get().files) == ("delivered", [])
    seal_due_batches()
    assert reconcile().differences == []


def test_removed_contact_details_are_in_no_batch_that_waits(
    send: Send,
    consultation: Consultation,
    exports: Path,
    postbox: Postbox,
    mail_through: Callable[[int], None],
) -> None:
    with on_the_trail():
        Consultation.objects.update(batches_include_contacts=True)
    consultation.refresh_from_db()
    response = send(name=PLANTED, email=f"{PLANTED}@example.org")
    batch = written(consultation)
    assert "contacts.csv" in with_the_word(exports / folder_of(batch))
    mail_through(postbox.port)
    send_due_confirmations()
    assert remove_details(responses=[response.pk]) == 1
    seal_due_batches()
    assert PLANTED.encode() not in b"".join(content_of(exports / folder_of(batch)).values())
    assert reconcile().differences == []


def test_the_trail_says_that_a_batch_was_taken_back(
    send: Send, consultation: Consultation, exports: Path
) -> None:
    response = send(SAID)
    batch = written(consultation)
    erase_response(reference=response.reference, actor=None, why="asked")
    entry = AuditEntry.objects.get(action=Action.BATCH_TAKEN_BACK)
    assert (entry.subject, entry.details) == (
        folder_of(batch),
        {"manifest_sha256": batch.manifest_sha256},
    )
    assert Batch.objects.filter(written_at__lte=Now()).count() == 0
