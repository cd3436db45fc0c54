"""Files that came with responses, after a backup was put back or the storage lost some."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from consult.models import Consultation
from responses.exporting.batches import folder_of, seal_batch
from responses.exporting.writing import write_batch
from responses.governance.erasing import erase_response
from responses.governance.reconciling import reconcile, stored
from responses.journal import keep_erasure_mark
from responses.models import Attachment, Draft, DraftFile, Response
from responses.reviewing.mailboxes import take_up
from responses.stored_files import keep_file, kind_of
from tests.support.acting import on_the_trail
from tests.support.dumping import dump_to, restored
from tests.support.handing_over import recover, subjects

pytestmark = pytest.mark.django_db(transaction=True)
Send = Callable[..., Response]
SCAN = b"%PDF-1.4\nMy photographs of the canal.\n"


def attach(response: Response, content: bytes = SCAN) -> Attachment:
    """Let a respondent have sent a file."""
    kept = keep_file(content, name="=canal.pdf", kind=kind_of(content))
    with on_the_trail():
        return Attachment.objects.create(response=response, **vars(kept))


@pytest.fixture
def hands_over(consultation: Consultation) -> Consultation:
    with on_the_trail():
        Consultation.objects.filter(pk=consultation.pk).update(batches_include_letters=True)
    consultation.refresh_from_db()
    return consultation


def test_files_come_back_with_the_responses_that_a_backup_lacks(
    send: Send,
    hands_over: Consultation,
    exports: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept = send({"missing": "Kept."})
    its_own = attach(kept, SCAN + b"kept")
    dump_to(tmp_path / "backup")
    lost, erased = send({"missing": "Lost."}), send({"missing": "Erased."})
    attach(lost)
    attach(erased, SCAN + b"erased")
    batch = seal_batch(consultation=hands_over, actor=None)
    write_batch(batch=batch)
    # Erased after the batch was handed over, whose files keep it.
    keep_erasure_mark(erased.reference)
    with restored(tmp_path / "backup"):
        recover(str(exports / folder_of(batch)), capsys=capsys)
        back = Response.objects.get(reference=lost.reference)
        (one,) = back.attachments.all()
        with default_storage.open(one.file) as content:
            assert content.read() == SCAN
        assert (one.name, one.kind, one.bytes, one.batch) == (
            "=canal.pdf",
            "application/pdf",
            len(SCAN),
            back.membership.batch,
        )
        # What the backup had is not doubled, and is in the batch again.
        its_own.refresh_from_db()
        assert its_own.batch == one.batch
        assert Attachment.objects.count() == 2
        assert not subjects()


def test_the_integrity_check_names_files_that_are_lost_or_altered(
    send: Send, consultation: Consultation
) -> None:
    whole, lost, altered = (send({"missing": words}) for words in ("A", "B", "C"))
    for number, response in enumerate((whole, lost, altered)):
        attach(response, SCAN + bytes([number]))
    mails = [b"From: a@example.org\n\nBuses.", b"From: b@example.org\n\nTrams."]
    emails = [one.message for one in take_up(mails, consultation=consultation, by=None)]
    draft = Draft.objects.create(
        consultation=consultation, token_hash="0" * 64, submission_key=uuid4()
    )
    kept = vars(keep_file(SCAN, name="x.pdf", kind=kind_of(SCAN)))
    DraftFile.objects.create(draft=draft, revision=1, **kept)
    assert subjects() == set()
    default_storage.delete(emails[1].file)
    for response in (lost, altered):
        default_storage.delete(response.attachments.get().file)
    default_storage.save(altered.attachments.get().file, ContentFile(b"Something else"))
    default_storage.delete(kept["file"])
    found = reconcile()
    assert found.totals["stored_files"] == 6
    assert {one["subject"]: one["words"].split(" ", 3)[-1] for one in found.differences} == {
        lost.reference: "is not in the storage.",
        altered.reference: "is not what was put into the storage.",
        str(draft.files.get()): "in the storage.",
        f"message {emails[1].pk}": "is not in the storage.",
    }


def test_a_file_that_is_erased_during_the_check_is_not_named(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    response = send({"missing": "A"})
    attach(response)
    look = stored._wrong_with

    def erased_meanwhile(file: str, sha256: str) -> str:
        erase_response(reference=response.reference, actor=None, why="asked")
        return look(file, sha256)

    monkeypatch.setattr(stored, "_wrong_with", erased_meanwhile)
    assert subjects() == set()
