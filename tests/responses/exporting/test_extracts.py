"""Extracts: what they hold, who may have them, and that nothing of them is left where it should not
be.
"""

import csv
import hashlib
import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4
from zipfile import ZipFile

import pytest
from django.core.files.storage import FileSystemStorage
from django.db.models import F
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.models import Action, AuditEntry, Consultation, User
from consult.plans.editions import plan_of
from responses.answers import read_answers
from responses.exporting import extracting
from responses.exporting import pack as packing
from responses.exporting.batches import seal_batch
from responses.exporting.extracting import make_due_extracts
from responses.exporting.extracts import ask_for_extract, open_extract, remove_expired_extracts
from responses.exporting.taking_contacts import MayNotTakeContacts
from responses.exporting.writing import write_batch
from responses.governance.erasing import erase_response, remove_details
from responses.governance.tasks import tidy
from responses.models import (
    Batch,
    BatchMember,
    Confirmation,
    Extract,
    ExtractMember,
    LedgerEntry,
    Response,
)
from responses.periods import KEEP_EXTRACTS_FOR
from responses.responding.amending import amend_response, withdraw_response
from responses.responding.submitting import Submission
from responses.reviewing.codebooks import make_code
from responses.reviewing.coding import code_answer

pytestmark = pytest.mark.django_db(transaction=True)
Send = Callable[..., Response]
NOBODY = {"name": "", "email": "", "postcode_district": ""}


@pytest.fixture
def sent(consultation: Consultation, send: Send) -> list[Response]:
    """Three responses, of which the second was changed and the third withdrawn; the first is in a
    batch.
    """
    first = send({"missing": "More clubs.", "capacity": "individual"})
    seal_batch(consultation=consultation, actor=None)
    second, third = send({"missing": "Buses."}), send({"missing": "Taken back."})
    plan = plan_of(second.edition)
    said = read_answers(plan, {"missing": "Trams.", "capacity": "organisation"})
    sending = {"submission_key": uuid4(), "started_at": timezone.now()}
    amend_response(
        earlier=second,
        submission=Submission(edition=second.edition, answers=said, contact=NOBODY, **sending),
    )
    withdraw_response(earlier=third, submission_key=uuid4(), started_at=timezone.now())
    return [first, second, third]


@pytest.fixture
def taker(administrator: User) -> User:
    """Someone who may take batches and read responses."""
    return administrator


def everything(consultation: Consultation, by: User, **more: bool) -> Extract:
    """An extract of all, made."""
    extract = ask_for_extract(consultation=consultation, query=None, actor=by, **more)
    make_due_extracts()
    extract.refresh_from_db()
    return extract


def pack_of(extract: Extract, exports: Path) -> ZipFile:
    return ZipFile(exports / extract.consultation.slug / f"extract-{extract.pk}" / "extract.zip")


def rows_of(pack: ZipFile, name: str = "responses.csv") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(pack.read(name).decode(), newline="")))


def test_an_extract_of_everything_has_what_counts_today(
    consultation: Consultation, sent: list[Response], taker: User, reviewer: User, exports: Path
) -> None:
    code = make_code(
        consultation=consultation,
        question="missing",
        name="Clubs",
        group="",
        definition="",
        by=reviewer,
    )
    code_answer(response=sent[0], question="missing", codes=[code], by=reviewer)
    extract = everything(consultation, taker)
    assert (extract.state, extract.total, extract.done) == ("ready", 2, 2)
    pack = pack_of(extract, exports)
    rows = rows_of(pack)
    found = [
        (
            row["row"],
            row["reference"],
            row["version"],
            row["missing"],
            row["codes"],
            row["replaces_batch"],
        )
        for row in rows
    ]
    assert found == [
        ("1", sent[0].reference, "1", "More clubs.", "missing=Clubs", ""),
        ("2", sent[1].reference, "2", "Trams.", "", ""),
    ]
    assert b"Taken back." not in b"".join(pack.read(name) for name in pack.namelist())


def test_an_extract_says_it_is_not_a_batch_and_changes_no_batch(
    consultation: Consultation, sent: list[Response], taker: User, exports: Path
) -> None:
    before = [Batch.objects.count(), BatchMember.objects.count(), LedgerEntry.objects.count()]
    pack = pack_of(everything(consultation, taker), exports)
    assert [
        Batch.objects.count(),
        BatchMember.objects.count(),
        LedgerEntry.objects.count(),
    ] == before
    assert not {"manifest.json", "manifest.sig", "verify_batch.py"} & set(pack.namelist())
    note = pack.read("README.txt").decode()
    assert "THIS IS AN EXTRACT, AND NOT A BATCH" in note
    assert ("verify_batch" in note, "extract.json" in note) == (False, True)
    said = json.loads(pack.read("extract.json"))
    assert ("batch" in said, "previous_manifest_sha256" in said, said["kind"]) == (
        False,
        False,
        "everything",
    )
    named = {file["name"]: (file["bytes"], file["sha256"]) for file in said["files"]}
    there = {name: pack.read(name) for name in pack.namelist() if name != "extract.json"}
    assert named == {
        name: (len(content), hashlib.sha256(content).hexdigest()) for name, content in there.items()
    }


def test_a_filtered_extract_has_what_the_list_shows(
    consultation: Consultation, sent: list[Response], taker: User, exports: Path
) -> None:
    extract = ask_for_extract(consultation=consultation, query="kind=organisation", actor=taker)
    make_due_extracts()
    pack = pack_of(extract, exports)
    assert [row["reference"] for row in rows_of(pack)] == [sent[1].reference]
    assert "kind=organisation" in pack.read("README.txt").decode()


def test_with_all_versions_only_the_newest_is_read_for_themes(
    consultation: Consultation, sent: list[Response], taker: User, exports: Path
) -> None:
    extract = ask_for_extract(consultation=consultation, query="versions=all", actor=taker)
    make_due_extracts()
    pack = pack_of(extract, exports)
    assert [(row["act"], row["version"]) for row in rows_of(pack)] == [
        *[("sent", "1")] * 3,
        ("amended", "2"),
        ("withdrawn", "2"),
    ]
    themes = b"".join(
        pack.read(name)
        for name in pack.namelist()
        if name.endswith("responses.jsonl") and "/" in name
    )
    assert (b"Trams." in themes, b"Buses." in themes) == (True, False)


def test_an_extract_that_nothing_matches_has_no_rows(
    consultation: Consultation, taker: User, exports: Path
) -> None:
    extract = everything(consultation, taker)
    assert (extract.state, rows_of(pack_of(extract, exports))) == ("ready", [])


# Asking and taking away


def test_the_page_answers_at_once_and_a_worker_makes_the_extract(
    consultation: Consultation,
    sent: list[Response],
    sign_in: Callable[..., Client],
    analyst: User,
    exports: Path,
) -> None:
    client = sign_in(analyst)
    for _ in range(2):  # Pressed twice.
        assert (
            client.post(reverse("ask-for-extract"), {"consultation": consultation.slug}).status_code
            == 302
        )
    extract = Extract.objects.get()
    assert extract.state == "waiting"
    address = reverse("extract-file", args=[extract.pk])
    assert client.get(address).status_code == 404
    assert b"Being made" in client.get(reverse("extract-list")).content
    make_due_extracts()
    assert address.encode() in client.get(reverse("extract-list")).content
    content = b"".join(client.get(address))
    extract.refresh_from_db()
    assert (len(content), hashlib.sha256(content).hexdigest()) == (extract.bytes, extract.sha256)
    trail = AuditEntry.objects.filter(subject=f"{consultation.slug}/extract-{extract.pk}").order_by(
        "pk"
    )
    assert [(entry.action, entry.actor) for entry in trail] == [
        (Action.EXTRACT_ASKED, analyst),
        (Action.EXTRACT_DOWNLOADED, analyst),
    ]


def test_filtered_extracts_need_the_right_to_read_responses(
    consultation: Consultation,
    sent: list[Response],
    sign_in: Callable[..., Client],
    analyst: User,
    taker: User,
) -> None:
    assert (
        sign_in(taker).post(reverse("ask-for-extract"), {"query": "word=clubs"}).status_code == 302
    )
    assert (
        sign_in(analyst).post(reverse("ask-for-extract"), {"query": "word=clubs"}).status_code
        == 403
    )
    assert Extract.objects.count() == 1


def test_an_extract_has_contacts_only_with_both_the_grant_and_the_setting(
    consultation: Consultation,
    sent: list[Response],
    sign_in: Callable[..., Client],
    analyst: User,
    exports: Path,
) -> None:
    client, asked = sign_in(analyst), {"consultation": consultation.slug, "contacts": "yes"}
    assert client.post(reverse("ask-for-extract"), asked).status_code == 403
    User.objects.filter(pk=analyst.pk).update(takes_contacts=True)
    assert client.post(reverse("ask-for-extract"), asked).status_code == 403
    Consultation.objects.update(batches_include_contacts=True)
    assert client.post(reverse("ask-for-extract"), asked).status_code == 302
    make_due_extracts()
    extract = Extract.objects.get()
    assert [row["reference"] for row in rows_of(pack_of(extract, exports), "contacts.csv")] == [
        sent[0].reference,
        sent[1].reference,
    ]
    # The password again, and the right still there.
    address = reverse("extract-file", args=[extract.pk])
    assert client.get(address)["Location"].startswith(reverse("confirm"))
    User.objects.filter(pk=analyst.pk).update(takes_contacts=False)
    assert client.get(address).status_code == 403
    with pytest.raises(MayNotTakeContacts):
        open_extract(extract=extract, reader=User.objects.get(pk=analyst.pk))
    assert b"cannot download" in client.get(reverse("extract-list")).content
    plain = everything(consultation, analyst)
    assert "contacts.csv" not in pack_of(plain, exports).namelist()


# What is not left


def test_erasing_removes_every_extract_that_holds_the_response(
    consultation: Consultation, sent: list[Response], taker: User, exports: Path
) -> None:
    holds = everything(consultation, taker)
    other = ask_for_extract(consultation=consultation, query="kind=organisation", actor=taker)
    make_due_extracts()
    erase_response(reference=sent[0].reference, actor=None, why="asked for")
    assert list(Extract.objects.all()) == [other]
    assert [path.parent.name for path in exports.rglob("extract.zip")] == [f"extract-{other.pk}"]
    assert not ExtractMember.objects.filter(extract=holds.pk).exists()


def test_removed_contact_details_are_in_no_extract_either(
    consultation: Consultation, sent: list[Response], taker: User, exports: Path
) -> None:
    Confirmation.objects.update(state="sent")
    Consultation.objects.update(batches_include_contacts=True)
    consultation.refresh_from_db()
    User.objects.filter(pk=taker.pk).update(takes_contacts=True)
    taker.refresh_from_db()
    plain, told = (
        everything(consultation, taker),
        everything(consultation, taker, with_contacts=True),
    )
    assert remove_details(responses=[sent[0].pk]) == 1
    assert list(Extract.objects.all()) == [plain]
    assert [path.parent.name for path in exports.rglob("extract.zip")] == [f"extract-{plain.pk}"]
    assert not ExtractMember.objects.filter(extract=told.pk).exists()


def test_what_is_erased_while_an_extract_is_made_is_in_no_file(
    consultation: Consultation,
    sent: list[Response],
    taker: User,
    exports: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make = extracting.make_extract

    def made_then_erased(**arguments: object) -> object:
        files = make(**arguments)
        erase_response(reference=sent[0].reference, actor=None, why="asked for")
        return files

    monkeypatch.setattr(extracting, "make_extract", made_then_erased)
    ask_for_extract(consultation=consultation, query=None, actor=taker)
    assert make_due_extracts() == []
    assert (list(exports.rglob("extract.zip")), Extract.objects.count()) == ([], 0)


def test_an_extract_is_removed_after_its_days(
    consultation: Consultation, sent: list[Response], taker: User, exports: Path
) -> None:
    extract = everything(consultation, taker)
    assert remove_expired_extracts() == 0
    Extract.objects.update(ready_at=F("ready_at") - KEEP_EXTRACTS_FOR - timedelta(seconds=1))
    tidy()
    assert (Extract.objects.count(), list(exports.rglob("extract.zip"))) == (0, [])
    assert AuditEntry.objects.filter(
        action=Action.EXTRACT_ASKED, subject__endswith=f"extract-{extract.pk}"
    ).exists()


# What goes wrong


class Killed(BaseException):
    """A worker that dies: nothing of ours catches it."""


def test_an_extract_a_killed_worker_left_is_made_from_the_same_responses(
    consultation: Consultation,
    send: Send,
    sent: list[Response],
    taker: User,
    exports: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def dies(*_: object, **__: object) -> None:
        raise Killed

    extract = ask_for_extract(consultation=consultation, query=None, actor=taker)
    with monkeypatch.context() as patched:
        patched.setattr(packing, "codebook_page", dies)
        with pytest.raises(Killed):
            make_due_extracts()
    # Its lease holds for a while, so that nobody makes it twice at once.
    assert make_due_extracts() == []
    send({"missing": "Came later."})
    Extract.objects.update(leased_until=Now() - timedelta(seconds=1))
    assert make_due_extracts() == [extract]
    assert len(rows_of(pack_of(extract, exports))) == 2


def test_an_extract_that_kills_every_worker_is_given_up(
    consultation: Consultation,
    sent: list[Response],
    taker: User,
    exports: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask_for_extract(consultation=consultation, query=None, actor=taker)
    Extract.objects.update(attempts=extracting.MOST_ATTEMPTS)
    assert make_due_extracts() == []
    assert (Extract.objects.get().state, list(exports.rglob("extract.zip"))) == ("failed", [])


def test_the_page_says_when_the_disk_was_full(
    consultation: Consultation,
    sent: list[Response],
    sign_in: Callable[..., Client],
    analyst: User,
    exports: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FileSystemStorage, "save", full)
    extract = everything(consultation, analyst)
    assert extract.state == "failed"
    assert b"could not be written" in sign_in(analyst).get(reverse("extract-list")).content


def test_progress_is_seen_while_it_is_made(
    consultation: Consultation,
    sent: list[Response],
    taker: User,
    exports: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[int, int]] = []

    def look(*arguments: object, **more: object) -> str:
        seen.append(Extract.objects.values_list("done", "total").get())
        return "<p>A page.</p>"

    monkeypatch.setattr(extracting, "TELL_SECONDS", 0)
    monkeypatch.setattr(packing, "codebook_page", look)
    everything(consultation, taker)
    assert seen == [(2, 2)]


def test_a_batch_is_as_it_was_with_extracts_beside_it(
    consultation: Consultation, sent: list[Response], taker: User, exports: Path
) -> None:
    everything(consultation, taker)
    batch = Batch.objects.get()
    write_batch(batch=batch)
    assert [
        row["reference"]
        for row in csv.DictReader((exports / consultation.slug / "batch-0001/responses.csv").open())
    ] == [sent[0].reference]
