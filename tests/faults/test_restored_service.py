"""An older backup is put back, and the service goes on before anyone recovers: what its receiver
has already goes into no other batch, and what someone changes again is told apart from what is
lost.
"""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.models import Consultation, Edition, User
from consult.plans.document import Plan
from responses import journal
from responses.answers import read_answers
from responses.exporting.acknowledging import acknowledge
from responses.exporting.batches import folder_of, seal_batch
from responses.exporting.delivering import deliver_due_batches
from responses.exporting.high_water import CannotTell
from responses.exporting.verifying.command import main as verify
from responses.governance.erasing import erase_response
from responses.governance.erasing_again import erase_again
from responses.models import Batch, Delivery, Draft, Response
from responses.receipt_tokens import receipt_token
from responses.responding.amending import amend_response
from responses.responding.submitting import Submission, Submitted
from tests.support.dumping import dump_to, restored
from tests.support.handing_over import (
    differences,
    hand_over,
    receipt_opens,
    recover,
    subjects,
)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("exports", "at_mopac"),
]
Send = Callable[..., Response]
Amend = Callable[..., Response]


@pytest.fixture
def amend(edition: Edition, plan: Plan) -> Amend:
    """Changes a response to these words."""

    def amend(earlier: Response, words: str) -> Response:
        said = Submission(
            edition=edition,
            submission_key=uuid4(),
            answers=read_answers(plan, {"violence-comment": words}),
            contact={"name": "Rita", "email": "", "postcode_district": ""},
            started_at=timezone.now(),
        )
        return amend_response(earlier=earlier, submission=said).response

    return amend


def members_of(batch: Batch) -> list[tuple[str, int]]:
    found = batch.members.order_by("row")
    return list(found.values_list("response__reference", "response__version"))


def holds(folder: Path, capsys: pytest.CaptureFixture[str]) -> bool:
    """Whether a receiver finds all batches there whole, in one chain, and no version twice."""
    capsys.readouterr()
    verify([str(folder)])
    said = capsys.readouterr().out
    # Unsigned, since these tests have no key.
    wrong = [
        line for line in said.splitlines() if "DOES NOT HOLD" in line and "not signed" not in line
    ]
    return not wrong and "none of them twice" in said


def test_what_a_lost_batch_holds_waits_until_that_is_recovered(
    send: Send,
    amend: Amend,
    consultation: Consultation,
    exports: Path,
    at_mopac: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    send()
    hand_over(consultation)
    waited = send({"violence-comment": "I came before the backup."})
    dump_to(tmp_path / "backup")
    lost = send({"violence-comment": "I came after it."})
    token, gone = receipt_token(lost), hand_over(consultation)
    manifests = {path: path.read_bytes() for path in tmp_path.rglob("manifest.json")}
    with restored(tmp_path / "backup"):
        # The service goes on, and its schedule seals, before anyone looks.
        changed = amend(Response.objects.get(reference=waited.reference), "I thought again.")
        new = send()
        after = hand_over(consultation)
        assert (after.number, members_of(after)) == (3, [(new.reference, 1)])
        later = hand_over(consultation)
        assert (later.number, members_of(later)) == (4, [])
        assert subjects() >= {folder_of(gone), f"{lost.reference} version 1"}
        assert f"Took {folder_of(gone)} back in." in recover("2", capsys=capsys)
        assert receipt_opens(lost, token)
        assert members_of(Batch.objects.get(number=2)) == [
            (waited.reference, 1),
            (lost.reference, 1),
        ]
        last = hand_over(consultation)
        assert members_of(last) == [(changed.reference, 2)]
        assert differences() == set()
        assert {path: path.read_bytes() for path in manifests} == manifests
        assert holds(at_mopac / consultation.slug, capsys)
        # All their files can be written again, byte for byte.
        shutil.rmtree(exports)
        for number in range(1, 6):
            call_command("write_batch", str(number))
        assert differences() == set()


def test_a_lost_batch_that_nobody_can_read_keeps_the_next_back(
    send: Send,
    consultation: Consultation,
    exports: Path,
    at_mopac: Path,
    tmp_path: Path,
    sign_in: Callable[[User], Client],
    analyst: User,
) -> None:
    dump_to(tmp_path / "backup")
    send()
    gone = hand_over(consultation)
    shutil.rmtree(exports)
    shutil.rmtree(default_storage.path("batches-handed-over"))
    lines = at_mopac / folder_of(gone) / "responses.jsonl"
    elsewhere = tmp_path / "at-its-desk"
    shutil.copytree(lines.parent, elsewhere)
    lines.unlink()
    with restored(tmp_path / "backup"):
        send()
        with pytest.raises(CannotTell, match="recover it first"):
            seal_batch(consultation=consultation, actor=None)
        sent = {"consultation": consultation.slug, "number": "2"}
        page = sign_in(analyst).post(reverse("batch-now"), sent, follow=True)
        assert "what it holds cannot be read here" in page.content.decode()
        with pytest.raises(CommandError, match="recover it first"):
            call_command("export_batch")
        assert Batch.objects.count() == 0
        call_command("recover_responses", str(elsewhere))
        assert hand_over(consultation).number == 2


def test_what_was_changed_again_is_named_and_the_others_come_back(
    send: Send,
    amend: Amend,
    consultation: Consultation,
    at_mopac: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = send({"violence-comment": "At first."})
    hand_over(consultation)
    dump_to(tmp_path / "backup")
    amend(first, "Changed, and lost.")
    other = send({"violence-comment": "Another's."})
    hand_over(consultation)
    with restored(tmp_path / "backup"):
        amend(Response.objects.get(reference=first.reference), "Changed again.")
        assert f"{first.reference} version 2" in subjects()
        said = recover("2", capsys=capsys)
        assert f"{first.reference} version 2 was changed again after the backup" in said
        assert Response.objects.filter(reference=other.reference).exists()
        # What they said last counts, for the receiver too, as a version of its own.
        newest = Response.objects.filter(reference=first.reference).latest("version")
        assert (newest.version, newest.texts) == (3, {"violence-comment": "Changed again."})
        last = hand_over(consultation)
        assert members_of(last) == [(first.reference, 3)]
        assert differences() == set()
        assert holds(at_mopac / consultation.slug, capsys)
        [line] = (at_mopac / folder_of(last) / "responses.jsonl").read_text().splitlines()
        assert (json.loads(line)["replaces_batch"], json.loads(line)["replaces_row"]) == (2, 1)


def test_one_batch_that_is_refused_keeps_no_other_from_coming_back(
    send: Send, consultation: Consultation, tmp_path: Path
) -> None:
    dump_to(tmp_path / "backup")
    lost = send()
    hand_over(consultation)
    with restored(tmp_path / "backup"):
        with pytest.raises(CommandError, match=r"There is no batch .*batch-0007"):
            call_command("recover_responses", "7", "1")
        assert Response.objects.get().reference == lost.reference


def test_the_documented_commands_bring_back_what_can_be_had(
    send: Send, consultation: Consultation, tmp_path: Path
) -> None:
    written = (Path(settings.BASE_DIR) / "docs" / "operations.md").read_text()
    section = written.split("### After a restore\n")[1].split("\n### ")[0]
    typed = re.findall("^    manage.py (.*)$", section, re.MULTILINE)
    assert typed[2:3] == ["recover_responses 8 9"]
    first, *others, last = [line.replace("8 9", "1 2").split() for line in typed]
    dump_to(tmp_path / "backup")
    lost = []
    for _ in range(2):
        lost.append(send())
        hand_over(consultation)
    with restored(tmp_path / "backup"):
        with pytest.raises(CommandError, match=r"batch-0001[\s\S]*batch-0002"):
            call_command(*first)
        for command in others:
            call_command(*command)
        call_command(*last)
        back = Response.objects.order_by("pk").values_list("reference", flat=True)
        assert list(back) == [response.reference for response in lost]


def test_an_acknowledgement_made_on_the_page_is_named_and_comes_back(
    send: Send,
    consultation: Consultation,
    tmp_path: Path,
    analyst: User,
    capsys: pytest.CaptureFixture[str],
) -> None:
    send()
    batch = hand_over(consultation)
    dump_to(tmp_path / "backup")
    at = acknowledge(batch=batch, actor=analyst).acknowledged_at
    with restored(tmp_path / "backup"):
        assert subjects() == {folder_of(batch)}
        assert f"whose name is lost: {folder_of(batch)}." in recover(capsys=capsys)
        assert Delivery.objects.get().acknowledged_at == at
        assert differences() == set()
        assert "Acknowledged already" not in recover(capsys=capsys)


def test_a_batch_delivered_after_the_backup_is_acknowledged_by_its_file(
    send: Send,
    consultation: Consultation,
    at_mopac: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    send()
    batch = seal_batch(consultation=consultation, actor=None)
    call_command("write_batch", "1")
    dump_to(tmp_path / "backup")
    deliver_due_batches()
    batch.refresh_from_db()
    (at_mopac / f"{folder_of(batch)}.received").write_text(batch.manifest_sha256)
    with restored(tmp_path / "backup"):
        assert subjects() == {folder_of(batch)}
        assert f"Delivered already: {folder_of(batch)}." in recover(capsys=capsys)
        deliver_due_batches()
        assert Delivery.objects.get().state == "acknowledged"
        assert differences() == set()


def test_the_same_form_sent_again_since_is_named(
    submit: Callable[..., Submitted],
    consultation: Consultation,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    dump_to(tmp_path / "backup")
    lost = submit().response
    hand_over(consultation)
    with restored(tmp_path / "backup"):
        again = submit(submission_key=lost.submission_key).response
        said = recover("1", capsys=capsys)
        assert f"its sender has sent the same form again as {again.reference}" in said
        assert differences() == set()


def test_an_erasure_made_again_before_its_batch_is_recovered_stays_one(
    send: Send,
    consultation: Consultation,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    gone = send({"violence-comment": "Zyzzyva"})
    hand_over(consultation)
    dump_to(tmp_path / "backup")
    erase_response(reference=gone.reference, actor=None, why="asked")
    hand_over(consultation)
    with restored(tmp_path / "backup"):
        erase_again(actor=None)
        recover("2", capsys=capsys)
        assert Response.objects.filter(reference=gone.reference, act="erased").count() == 1
        assert differences() == set()
        assert members_of(hand_over(consultation)) == []


def test_an_erasure_that_comes_back_with_a_batch_is_whole(
    send: Send,
    consultation: Consultation,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    known = send({"violence-comment": "Zyzzyva"})
    hand_over(consultation)
    Draft.objects.create(
        consultation=consultation, token_hash="hash", amends=known, submission_key=uuid4()
    )
    dump_to(tmp_path / "backup")
    since = send({"violence-comment": "Zyzzyva too"})
    hand_over(consultation)
    for response in (known, since):
        erase_response(reference=response.reference, actor=None, why="asked")
    hand_over(consultation)
    with restored(tmp_path / "backup"):
        recover("3", "2", capsys=capsys)
        assert all(response.texts == {} for response in Response.objects.all())
        assert Response.objects.filter(act="erased").count() == 2
        assert not Draft.objects.exists()
        assert differences() == set()


def test_the_journal_tells_of_an_acknowledgement_without_a_name(
    send: Send, consultation: Consultation, analyst: User
) -> None:
    send()
    acknowledge(batch=hand_over(consultation), actor=analyst)
    line = next(line for line in journal.read_journal() if line["event"] == "acknowledged")
    assert set(line) == {"event", "batch", "manifest_sha256", "acknowledged_at", "at"}
