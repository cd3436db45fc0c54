"""An older backup is put back, after more came, was emailed, and was delivered: nobody is lost.

With a real dump, and with each kind of destination.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyrage
import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import transaction
from pytest_django.fixtures import Settings

from consult.models import AuditEntry, Consultation, User
from responses import journal
from responses.exporting.batches import folder_of
from responses.exporting.delivering import deliver_due_batches, send_again
from responses.governance.erasing import erase_response
from responses.governance.tasks import check_integrity
from responses.models import Batch, Delivery, LedgerEntry, Response
from responses.receipt_tokens import receipt_token
from responses.responding.confirming import send_due_confirmations
from responses.responding.submitting import Submitted
from tests.support.acting import on_the_trail
from tests.support.dumping import dump_to, restored
from tests.support.handing_over import (
    acknowledge_in_a_file,
    differences,
    hand_over,
    receipt_opens,
    recover,
    subjects,
)
from tests.support.postbox import Postbox

pytestmark = pytest.mark.django_db(transaction=True)
Send = Callable[..., Response]


def test_what_came_after_the_backup_is_named_recovered_and_delivered_once(
    send: Send,
    consultation: Consultation,
    exports: Path,
    at_mopac: Path,
    tmp_path: Path,
    postbox: Postbox,
    mail_through: Callable[[int], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    mail_through(postbox.port)
    send()
    hand_over(consultation)
    dump_to(tmp_path / "backup")
    lost = send({"violence-comment": "Do not lose me."}, name="Ada", email="ada@example.org")
    token = receipt_token(lost)
    # The first one's email went after the backup too.
    assert send_due_confirmations().sent == 2
    batch = hand_over(consultation)
    acknowledge_in_a_file(batch, at_mopac)
    deliver_due_batches()
    manifest = batch.manifest_sha256
    in_no_file = send({"violence-comment": "I am in no file."})
    name = folder_of(batch)
    with restored(tmp_path / "backup"):
        assert subjects() == {
            name,
            f"{lost.reference} version 1",
            f"{in_no_file.reference} version 1",
        }
        assert not receipt_opens(lost, token)
        said = recover(name, capsys=capsys)
        assert f"Took {name} back in." in said
        assert f"{lost.reference} version 1: without name, email address and postcode" in said
        assert "Emails that were already sent, and will not be sent again: 1." in said
        assert f"{in_no_file.reference} version 1, received at" in said
        assert "cannot be had again" in said
        # It is what it was, in the batch where it was.
        back = Response.objects.get(reference=lost.reference)
        assert (back.texts, back.received_at, back.digest, back.submission_key) == (
            lost.texts,
            lost.received_at,
            lost.digest,
            lost.submission_key,
        )
        assert receipt_opens(lost, token)
        assert back.membership.batch.manifest_sha256 == manifest
        assert back.confirmation.state == "sent"
        assert send_due_confirmations().sent == 0
        deliver_due_batches()
        assert Delivery.objects.get(batch=back.membership.batch).state == "acknowledged"
        assert list(back.ledger.values_list("event", flat=True)) == [
            "received",
            "details-removed",
            "confirmed",
            "batched",
            "delivered",
            "acknowledged",
        ]
        # What is in no file is named until someone gives it up, on the trail.
        assert subjects() == {f"{in_no_file.reference} version 1"}
        # Once more changes nothing.
        before = (Response.objects.count(), LedgerEntry.objects.count(), Batch.objects.count())
        assert "Took" not in recover(name, capsys=capsys)
        assert before == (
            Response.objects.count(),
            LedgerEntry.objects.count(),
            Batch.objects.count(),
        )
        recover("--give-up", in_no_file.reference, capsys=capsys)
        assert AuditEntry.objects.get(action="response_given_up").subject == in_no_file.reference
        assert differences() == set()
        # The next batch has another number, and what came since.
        new = send()
        after = hand_over(consultation)
        assert after.number == batch.number + 1
        assert [member.response_id for member in after.members.all()] == [new.pk]
        assert differences() == set()


@pytest.mark.parametrize("place", ["s3_place", "sftp_place"])
def test_with_the_storage_lost_too_a_far_destination_gives_them_back(
    place: str,
    request: pytest.FixtureRequest,
    send: Send,
    consultation: Consultation,
    exports: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    acknowledge = request.getfixturevalue(place)
    dump_to(tmp_path / "backup")
    lost = send({"violence-comment": "Mine."}, name="Ada", email="ada@example.org")
    token, batch = receipt_token(lost), hand_over(consultation)
    acknowledge(batch)
    shutil.rmtree(exports)
    shutil.rmtree(default_storage.path(journal.FOLDER))
    name = folder_of(batch)
    with restored(tmp_path / "backup"):
        assert subjects() == {name, f"{lost.reference} version 1"}
        recover("1", capsys=capsys)
        # Its receipt opens without the journal too: its address is made with the secret key.
        assert receipt_opens(lost, token)
        deliver_due_batches()
        assert Delivery.objects.get().state == "acknowledged"
        assert differences() == set()
        stored = (exports / name / "manifest.json").read_bytes()
        assert stored.decode().count(consultation.slug) == 1


def test_with_the_destination_lost_the_storage_gives_them_back(
    send: Send,
    consultation: Consultation,
    exports: Path,
    at_mopac: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    dump_to(tmp_path / "backup")
    lost = send({"violence-comment": "Mine."})
    token, batch = receipt_token(lost), hand_over(consultation)
    shutil.rmtree(at_mopac)
    at_mopac.mkdir()
    with restored(tmp_path / "backup"):
        recover("1", capsys=capsys)
        assert receipt_opens(lost, token)
        # It is delivered there again.
        assert [one.number for one in deliver_due_batches()] == [1]
        assert (at_mopac / folder_of(batch) / "manifest.json").exists()
        assert differences() == set()


def test_an_encrypted_batch_comes_back_from_the_copy_that_was_opened(
    send: Send,
    consultation: Consultation,
    exports: Path,
    at_mopac: Path,
    tmp_path: Path,
    settings: Settings,
    analyst: User,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings.DELIVERY_AGE_RECIPIENTS = [str(pyrage.x25519.Identity.generate().to_public())]
    dump_to(tmp_path / "backup")
    lost = send({"violence-comment": "Mine."})
    batch = hand_over(consultation)
    opened = tmp_path / "opened"
    shutil.copytree(exports / folder_of(batch), opened)
    shutil.rmtree(exports)
    with restored(tmp_path / "backup"):
        assert folder_of(batch) in subjects()
        with pytest.raises(CommandError, match="Ask the receiver for its files"):
            call_command("recover_responses", "1")
        recover(str(opened), capsys=capsys)
        assert Response.objects.get().reference == lost.reference
        assert Delivery.objects.get().state == "delivered"
        assert differences() == set()
        # What is there is ours, so that it can be sent again.
        send_again(batch=Batch.objects.get(), actor=analyst)
        assert [one.number for one in deliver_due_batches()] == [1]


def test_contact_details_come_back_from_a_batch_that_has_them(
    send: Send,
    consultation: Consultation,
    exports: Path,
    at_mopac: Path,
    tmp_path: Path,
    postbox: Postbox,
    mail_through: Callable[[int], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    mail_through(postbox.port)
    with on_the_trail():
        Consultation.objects.update(batches_include_contacts=True)
    dump_to(tmp_path / "backup")
    lost = send(name="=Ada", email="ada@example.org")
    batch = hand_over(consultation)
    with restored(tmp_path / "backup"):
        assert "with all that was sent" in recover("1", capsys=capsys)
        back = Response.objects.select_related("contact").get(reference=lost.reference)
        assert (back.contact.name, back.contact.email) == ("=Ada", "ada@example.org")
        # Its email had not gone, so that it goes now, under the name that it had.
        assert back.confirmation.message_id == lost.confirmation.message_id
        assert send_due_confirmations().sent == 1
        assert differences() == set()
        assert Batch.objects.get().manifest_sha256 == batch.manifest_sha256


def test_what_was_erased_comes_back_without_a_word_and_is_erased_again(
    send: Send,
    consultation: Consultation,
    exports: Path,
    at_mopac: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    dump_to(tmp_path / "backup")
    gone = send({"violence-comment": "Zyzzyva"})
    hand_over(consultation)
    erase_response(reference=gone.reference, actor=None, why="asked")
    with restored(tmp_path / "backup"):
        said = recover("1", capsys=capsys)
        assert "its words were erased before, and do not come back" in said
        assert f"Erased again: {gone.reference}." in said
        acts = Response.objects.filter(reference=gone.reference).order_by("version")
        assert list(acts.values_list("act", "texts")) == [("sent", {}), ("erased", {})]
        assert differences() == set()


def test_a_batch_that_was_altered_or_does_not_follow_is_refused(
    send: Send,
    consultation: Consultation,
    exports: Path,
    at_mopac: Path,
    tmp_path: Path,
) -> None:
    dump_to(tmp_path / "backup")
    send({"violence-comment": "Mine."})
    first = hand_over(consultation)
    send({"violence-comment": "Hers."})
    second = hand_over(consultation)
    forged = tmp_path / "forged"
    shutil.copytree(exports / folder_of(first), forged)
    lines = forged / "responses.jsonl"
    lines.write_text(lines.read_text().replace("Mine.", "Theirs."))
    with restored(tmp_path / "backup"):
        with pytest.raises(CommandError, match="is not what its manifest names"):
            call_command("recover_responses", str(forged))
        with pytest.raises(CommandError, match="recover that one first"):
            call_command("recover_responses", folder_of(second))
        assert Response.objects.count() == Batch.objects.count() == 0
        # Both together, in whatever order, come back; from a zip as well.
        pack = exports / consultation.slug / "packs" / "batch-0001.zip"
        call_command("recover_responses", str(pack))
        call_command("recover_responses", "2", "1")
        assert differences() == set()


def test_a_recovery_that_is_cut_off_is_finished_by_the_next(
    send: Send,
    consultation: Consultation,
    exports: Path,
    at_mopac: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dump_to(tmp_path / "backup")
    send({"violence-comment": "Mine."})
    hand_over(consultation)

    def die(*arguments: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    with restored(tmp_path / "backup"):
        with monkeypatch.context() as patched:
            patched.setattr("responses.governance.recovering.rows.enter_in_ledger", die)
            with pytest.raises(KeyboardInterrupt):
                call_command("recover_responses", "1")
        assert Response.objects.count() == Batch.objects.count() == 0
        call_command("recover_responses", "1")
        assert differences() == set()


def test_a_process_cut_off_before_the_journal_leaves_no_alarm_and_no_gap(
    submit: Callable[..., Submitted], monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*arguments: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("responses.journal.append_to_journal", die)
        with pytest.raises(KeyboardInterrupt):
            submit()
    received = Response.objects.get()
    assert list(journal.read_journal()) == []
    assert differences() == set()
    # Its sender, who was told nothing, sends again: that line is written before the answer.
    assert not submit(submission_key=received.submission_key).first
    [line] = journal.read_journal()
    assert (line["reference"], line["digest"]) == (received.reference, received.digest)
    assert not {"name", "email", "texts", "choices"} & set(line)


def test_the_nightly_check_adds_what_the_journal_lacks(send: Send) -> None:
    response = send()
    shutil.rmtree(default_storage.path(journal.FOLDER))
    check_integrity()
    assert [line["reference"] for line in journal.read_journal()] == [response.reference]
    check_integrity()
    assert len(list(journal.read_journal())) == 1


def test_what_was_rolled_back_never_stands_in_the_journal(send: Send) -> None:
    with transaction.atomic():
        send()
        transaction.set_rollback(True)
    assert list(journal.read_journal()) == []


def test_a_line_torn_by_a_power_cut_spoils_no_other(send: Send) -> None:
    first = send()
    [path] = Path(default_storage.path(journal.FOLDER)).iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_bytes(path.read_bytes() + b'\n{"event": "recei')
    second = send()
    assert [line["reference"] for line in journal.read_journal()] == [
        first.reference,
        second.reference,
    ]
