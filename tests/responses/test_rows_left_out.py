"""One row that nothing can be done with stops no other: what a run left out is noted, shown to
staff and named by the doctor until that row's turn ends well.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DataError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.jobs import apart
from consult.models import Consultation, JobRun, RowTrouble, User
from responses.dashboard import tallies
from responses.dashboard import tasks as dashboard_tasks
from responses.file_removals import remove_due_files
from responses.governance import retention
from responses.governance import tasks as governance_tasks
from responses.models import FileRemoval, PublishedSet, Response, Tally
from responses.responding import confirming, reminders, save_and_return
from responses.responding import tasks as responding_tasks
from responses.responding.drafting import start_draft
from responses.responding.reminders import ask_for_reminders, write_due_reminders
from responses.reviewing import clusters
from responses.reviewing.public_file import make_public_files
from tests.support.acting import without_an_act

FAULT = DataError("cannot call jsonb_each on a non-object")


def fails_for(slug: str, work: Callable[..., object]) -> Callable[..., object]:
    """`work`, which cannot be done for one consultation."""

    def done(*, consultation: Consultation) -> object:
        if consultation.slug == slug:
            raise FAULT
        return work(consultation=consultation)

    return done


def moved(consultation: Consultation, **dates: datetime) -> None:
    Consultation.objects.filter(pk=consultation.pk).update(**dates)
    consultation.refresh_from_db()
    without_an_act(consultation)


def left_out() -> dict[str, str]:
    return dict(RowTrouble.objects.values_list("row", "kind"))


def test_what_was_left_out_is_noted_until_its_turn_ends_well(db: None) -> None:
    for _time in range(2):
        with apart(job="responses.tally", row="parks"):
            raise FAULT
    assert left_out() == {"parks": "DataError"}
    with apart(job="responses.tally", row="another"):
        pass
    assert left_out() == {"parks": "DataError"}
    with apart(job="responses.tally", row="parks"):
        pass
    assert left_out() == {}


def test_a_worker_that_is_being_stopped_leaves_nothing_out(db: None) -> None:
    with pytest.raises(KeyboardInterrupt), apart(job="responses.tally", row="parks"):
        raise KeyboardInterrupt
    assert left_out() == {}


def test_staff_and_the_doctor_are_told_what_was_left_out(
    analyst: User, sign_in: Callable[[User], Client]
) -> None:
    with apart(job="responses.tally", row="parks-at-night"):
        raise ValueError("Rita wrote this.")
    page = sign_in(analyst).get(reverse("books")).content.decode()
    said = StringIO()
    with pytest.raises(CommandError):
        call_command("doctor", stdout=said)
    for words in (page, said.getvalue()):
        assert "parks-at-night" in words
        assert "ValueError" in words
        assert "Rita" not in words


def test_one_consultation_that_cannot_be_counted_stops_no_other(
    consultation: Consultation, other: Consultation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies, "tally", fails_for(consultation.slug, tallies.tally))
    dashboard_tasks.count()
    assert Tally.objects.get().consultation == other
    assert left_out() == {consultation.slug: "DataError"}
    assert JobRun.objects.get(name="responses.tally").succeeded_at


def test_one_consultation_that_cannot_be_searched_stops_no_other(
    consultation: Consultation, other: Consultation, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched = []
    monkeypatch.setattr(
        clusters,
        "find_clusters",
        fails_for(consultation.slug, lambda *, consultation: searched.append(consultation)),
    )
    clusters.find_all_clusters()
    assert searched == [other]
    assert left_out() == {consultation.slug: "DataError"}


def test_one_consultation_whose_reminders_fail_stops_no_others(
    consultation: Consultation, other: Consultation, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = timezone.now() + timedelta(hours=20)
    for one, email in ((consultation, "rita@example.org"), (other, "omar@example.org")):
        moved(one, closes_at=soon)
        draft, _token = start_draft(consultation=one, started_at=timezone.now())
        asked = ask_for_reminders(draft=draft, email=email)
        type(asked).objects.filter(pk=asked.pk).update(told_at=soon - timedelta(days=9))
    write = reminders._write

    def fails(asked: object, one: Consultation, *more: object) -> int:
        if one == consultation:
            raise FAULT
        return write(asked, one, *more)

    monkeypatch.setattr(reminders, "_write", fails)
    assert write_due_reminders() == 1
    assert left_out() == {consultation.slug: "DataError"}


def test_confirmations_that_cannot_be_claimed_hold_up_no_other_email(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = []

    def fails() -> None:
        raise FAULT

    monkeypatch.setattr(confirming, "send_due_confirmations", fails)
    monkeypatch.setattr(save_and_return, "send_due_links", lambda: sent.append("links"))
    monkeypatch.setattr(reminders, "send_due_reminders", lambda: sent.append("reminders"))
    responding_tasks.send_due_confirmations()
    assert sent == ["links", "reminders"]
    assert left_out() == {"confirmations": "DataError"}


def test_one_thing_that_cannot_be_tidied_stops_no_other(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    tidied = []

    def fails() -> None:
        raise FAULT

    monkeypatch.setattr(governance_tasks, "forget_hits", fails)
    monkeypatch.setattr(governance_tasks, "remove_due_files", fails)
    monkeypatch.setattr(governance_tasks, "remove_old_drafts", lambda: tidied.append("drafts"))
    monkeypatch.setattr(governance_tasks, "call_command", lambda _name: tidied.append("sessions"))
    governance_tasks.tidy()
    assert tidied == ["drafts", "sessions"]
    assert left_out() == {"hits": "DataError", "files": "DataError"}


def test_one_class_that_cannot_be_removed_stops_no_other(
    consultation: Consultation, send: Callable[..., Response], monkeypatch: pytest.MonkeyPatch
) -> None:
    send()
    start_draft(consultation=consultation, started_at=timezone.now())
    long_ago = timezone.now() - timedelta(days=4000)
    moved(consultation, opens_at=long_ago - timedelta(days=1), closes_at=long_ago)

    def fails(_run: object) -> None:
        raise FAULT

    monkeypatch.setitem(retention.WORK, "contacts", fails)
    monkeypatch.setitem(retention.WORK, "sent", fails)
    planned = {done.name for done in retention.retain(dry_run=True)}
    assert {"drafts", "answers"} <= planned  # What pages and figures ask for is noted nowhere.
    assert left_out() == {}
    done = {found.name: found.removed for found in retention.retain()}
    assert done["drafts"] == 1
    assert left_out() == {
        f"{consultation.slug}: contacts": "DataError",
        f"{consultation.slug}: sent": "DataError",
    }


def test_a_file_with_an_impossible_name_stops_no_other_removal(files: Path, db: None) -> None:
    (files / "scans").mkdir(parents=True)
    (files / "scans" / "old.pdf").write_bytes(b"%PDF-")
    outside = FileRemoval.objects.create(storage="default", name="../../passwords")
    nowhere = FileRemoval.objects.create(storage="no such storage", name="x")
    FileRemoval.objects.create(storage="default", name="scans/old.pdf")
    assert remove_due_files() == 1
    assert not (files / "scans" / "old.pdf").exists()
    kept = dict(FileRemoval.objects.values_list("pk", "reason"))
    assert kept == {
        outside.pk: "SuspiciousFileOperation",
        nowhere.pk: "InvalidStorageError",
    }


def test_a_public_file_that_cannot_be_deleted_stops_no_other(
    consultation: Consultation, other: Consultation, administrator: User, files: Path
) -> None:
    moved(consultation, withdrawn_at=timezone.now())
    withdrawn = PublishedSet.objects.create(
        consultation=consultation, by=administrator, file="../../passwords"
    )
    PublishedSet.objects.create(consultation=other, by=administrator, revision=1)
    make_public_files()
    withdrawn.refresh_from_db()
    assert withdrawn.trouble == "It cannot be deleted: SuspiciousFileOperation."
    assert PublishedSet.objects.get(consultation=other).written_revision == 1
