"""Retention: each class of data goes when its time is over and not before, only once it has
arrived, and the integrity check still passes.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage, storages
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from consult.clock import day_in_words
from consult.models import AuditEntry, Consultation, User
from consult.plans.editions import plan_of
from responses.answers import read_equality_answers
from responses.exporting.acknowledging import acknowledge
from responses.exporting.batches import folder_of, pack_of, seal_batch
from responses.exporting.delivering import send_again
from responses.exporting.writing import write_batch
from responses.governance.reconciling import go_through, reconcile
from responses.governance.reconciling.rows import watched_tables
from responses.governance.removing import remove_batch_files
from responses.governance.retention import retain
from responses.models import (
    Attachment,
    Batch,
    Confirmation,
    Contact,
    Delivery,
    Draft,
    EqualityAnswers,
    LedgerEntry,
    Message,
    Removal,
    Response,
    SentDraft,
    Transcription,
)
from responses.periods import clocks
from responses.receipt_tokens import receipt_token
from responses.responding.confirming import send_due_confirmations
from responses.responding.drafting import start_draft
from responses.responding.equality import give_equality_answers
from responses.responding.resending import NothingToCorrect, correct_address, try_again
from tests.support.acting import on_the_trail
from tests.support.postbox import Postbox
from tests.support.recognising import sent_from
from tests.support.tampering import behind_its_back

pytestmark = pytest.mark.django_db(transaction=True)
Send = Callable[..., Response]
PLANTED = "Zyzzyva"
EMAIL = f"{PLANTED}@example.org"
# After each, what is still there.
ALL = {"drafts", "contacts", "equality", "letters", "batches", "answers"}


@pytest.fixture
def person(
    send: Send,
    reviewer: User,
    files: Path,
    exports: Path,
    postbox: Postbox,
    mail_through: Callable[[int], None],
    settings: Settings,
) -> Response:
    """Someone of whom there is something in every class, whose email was refused, and whose batch
    is written.
    """
    response = send({"violence-comment": f"I am {PLANTED}."}, name=PLANTED, email=EMAIL)
    postbox.answers[EMAIL] = f"550 no {PLANTED} here"
    mail_through(postbox.port)
    send_due_confirmations()
    # Otherwise one person's are never handed over.
    settings.EQUALITY_TOGETHER = 1
    said = read_equality_answers(plan_of(response.edition), {"equality-age": "16-to-24"})
    give_equality_answers(
        consultation=response.consultation,
        edition=response.edition,
        token=receipt_token(response),
        answers=said,
    )
    start_draft(consultation=response.consultation, started_at=timezone.now())
    for name in ("letter.pdf", "letter.eml", "spam.eml"):
        default_storage.save(name, ContentFile(PLANTED.encode()))
    with on_the_trail():
        message = Message.objects.create(
            consultation=response.consultation, file="letter.eml", sha256="0" * 64, state="response"
        )
        Message.objects.create(
            consultation=response.consultation,
            file="spam.eml",
            sha256="1" * 64,
            state="not-a-response",
            reason=PLANTED,
        )
        keyed = Transcription.objects.create(
            response=response, received_on=timezone.localdate(), keyed_by=reviewer, message=message
        )
        keyed.attachments.create(
            file="letter.pdf",
            kind="application/pdf",
            bytes=len(PLANTED.encode()),
            sha256=hashlib.sha256(PLANTED.encode()).hexdigest(),
            by=reviewer,
        )
    days_after_closing(response.consultation, 1)
    write(response.consultation)
    return response


def days_after_closing(consultation: Consultation, days: float) -> None:
    """Let it be so many days since the grace period of `consultation` ended."""
    consultation.closes_at = timezone.now() - timedelta(
        days=days, minutes=consultation.grace_minutes
    )
    consultation.opens_at = consultation.closes_at - timedelta(days=60)
    with on_the_trail():
        consultation.save(update_fields=["closes_at", "opens_at"])


def write(consultation: Consultation) -> Batch:
    """Write a batch, of which someone says that they have it."""
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    acknowledge(batch=batch, actor=None)
    return batch


def written_days_ago(days: float) -> None:
    """Let every batch have been written so many days ago."""
    with behind_its_back(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE responses_batch SET written_at = now() - %s * interval '1 day'", [days]
        )
        columns = dict(watched_tables())["responses_batch"]
        cursor.execute(
            "UPDATE responses_batch b SET fingerprint = fingerprint_of(to_jsonb(b), %s)", [columns]
        )


def files_of_batches() -> list[Path]:
    return [
        path
        for path in Path(storages["exports"].path("police-and-crime-plan-2021-25")).rglob("*")
        if path.is_file()
    ]


def left() -> set[str]:
    """The classes of which there is still something, by looking at the tables and not
    at the rule.
    """
    there = {
        "drafts": Draft.objects.exists(),
        "contacts": Contact.objects.filter(email__contains=PLANTED).exists(),
        "equality": EqualityAnswers.objects.exclude(choices={}).exists(),
        "letters": Attachment.objects.exists()
        or default_storage.exists("letter.eml")
        or default_storage.exists("spam.eml"),
        "batches": any(PLANTED.encode() in path.read_bytes() for path in files_of_batches()),
        "answers": Response.objects.filter(texts__has_key="violence-comment").exists(),
    }
    return {name for name, some in there.items() if some}


def test_each_class_goes_when_its_own_time_is_over_and_not_before(
    person: Response, settings: Settings
) -> None:
    settings.KEEP = {
        "drafts": 10,
        "contacts": 20,
        "equality": 30,
        "letters": 40,
        "batches": 45,
        "answers": 50,
    }
    gone: set[str] = set()
    for name, days in settings.KEEP.items():
        days_after_closing(person.consultation, days - 0.1)
        written_days_ago(days - 0.1)
        assert retain() == []
        assert left() == ALL - gone
        days_after_closing(person.consultation, days + 0.1)
        written_days_ago(days + 0.1)
        assert [what.removed for what in retain()] == [3 if name == "letters" else 1]
        gone.add(name)
        assert left() == ALL - gone
        assert reconcile().differences == []
    write(person.consultation)
    assert retain() == []
    assert reconcile().differences == []
    entries = AuditEntry.objects.filter(action="retention_ran").order_by("pk")
    assert [
        (entry.subject, entry.details["what"], entry.details["removed"]) for entry in entries
    ] == [(person.consultation.slug, name, 3 if name == "letters" else 1) for name in settings.KEEP]
    assert PLANTED not in str(list(AuditEntry.objects.values_list("details", flat=True)))


def test_retention_leaves_no_word_or_address_in_any_table_or_file(
    person: Response, files: Path, exports: Path
) -> None:
    days_after_closing(person.consultation, 2000)
    written_days_ago(2000)
    (exports / folder_of(Batch.objects.get()) / "responses.csv.part").write_text(
        f"Left by a worker that was killed: {PLANTED}"
    )
    retain()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND "
            "table_type = 'BASE TABLE'"
        )
        for (table,) in cursor.fetchall():
            counted = f"SELECT count(*) FROM {table} t WHERE to_jsonb(t)::text ILIKE %s"  # noqa: S608
            cursor.execute(counted, [f"%{PLANTED}%"])
            assert cursor.fetchone()[0] == 0, table
    assert [
        path
        for path in exports.rglob("*")
        if path.is_file() and PLANTED.encode() in path.read_bytes()
    ] == []


def test_once_contacts_go_answers_stay_and_no_email_is_retried_or_changed(
    person: Response, administrator: User, client: Client, settings: Settings
) -> None:
    days_after_closing(person.consultation, settings.KEEP["contacts"] + 1)
    retain()
    assert Response.objects.get().texts == {"violence-comment": f"I am {PLANTED}."}
    confirmation = Confirmation.objects.get()
    assert (confirmation.state, confirmation.reason) == ("failed", "")
    assert [attempt.detail for attempt in confirmation.tries.all()] == [""]
    assert try_again(actor=administrator) == 0
    with pytest.raises(NothingToCorrect):
        correct_address(response=person, email="back@example.org")
    sent_from(client, person)
    page = client.get(reverse("receipt", args=[receipt_token(person)])).content.decode()
    assert "We no longer have your email address." in page
    assert 'name="email"' not in page


def test_what_was_not_delivered_is_kept_and_reported(
    person: Response, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.STORAGES = {**settings.STORAGES, "delivery": settings.STORAGES["exports"]}
    days_after_closing(person.consultation, 2000)
    written_days_ago(2000)
    Delivery.objects.all().delete()
    for state in (None, "waiting", "delivered"):
        if state:
            Delivery.objects.update_or_create(
                batch=person.membership.batch, defaults={"state": state}
            )
        call_command("retain")
        # Not handed over, so nobody waits for them.
        assert left() >= ALL - {"drafts"}
    said = capsys.readouterr().out
    assert (
        "files of batches: 0 removed, 1 kept because they did not arrive where they have to go."
        in said
    )
    assert (
        "equality answers: 0 removed, 1 kept because they did not arrive where they have to go."
        in said
    )
    assert not default_storage.exists("spam.eml")
    Delivery.objects.update(state="acknowledged")
    call_command("retain", "--dry-run")
    assert "answers, and staff's notes about them: 1 to be removed." in capsys.readouterr().out
    assert left() >= ALL - {"drafts"}
    call_command("retain")
    assert left() == set()


def test_without_delivery_files_are_kept_until_someone_acknowledges_them(
    person: Response,
) -> None:
    days_after_closing(person.consultation, 2000)
    written_days_ago(2000)
    Delivery.objects.all().delete()
    assert {what.name: (what.removed, what.held) for what in retain()} == {
        "drafts": (1, 0),
        "letters": (1, 2),
        **dict.fromkeys(("contacts", "equality", "batches", "answers"), (0, 1)),
    }
    acknowledge(batch=Batch.objects.get(), actor=None)
    retain()
    assert left() == set()


def test_equality_answers_too_few_to_hand_over_go_in_their_time(
    person: Response, settings: Settings
) -> None:
    settings.EQUALITY_TOGETHER = 10
    settings.KEEP = dict.fromkeys(settings.KEEP, 2000) | {"equality": 30}
    EqualityAnswers.objects.update(batch=None)
    days_after_closing(person.consultation, 29.9)
    assert retain() == []
    days_after_closing(person.consultation, 30.1)
    assert [(what.name, what.removed, what.held) for what in retain()] == [("equality", 1, 0)]
    assert "equality" not in left()
    # Nobody ever had them, so nothing is recalled.
    write(person.consultation)
    assert not Batch.objects.latest("number").equality_recalls.exists()


def test_what_tells_a_browser_that_it_sent_goes_with_the_drafts(
    person: Response, settings: Settings
) -> None:
    settings.KEEP = dict.fromkeys(settings.KEEP, 2000) | {"drafts": 30}
    SentDraft.objects.create(response=person, token_hash="0" * 64)
    days_after_closing(person.consultation, 29.9)
    assert retain() == []
    assert SentDraft.objects.exists()
    days_after_closing(person.consultation, 30.1)
    assert [(what.name, what.removed) for what in retain()] == [("drafts", 1), ("sent", 1)]
    assert not SentDraft.objects.exists()


# The files of batches.


@pytest.fixture
def removed(person: Response) -> Batch:
    """A batch whose files were removed after their time."""
    batch = person.membership.batch
    assert remove_batch_files(batch=batch, actor=None)
    return batch


def test_a_batch_without_its_files_is_explained_by_the_check(
    person: Response, settings: Settings
) -> None:
    before = (
        list(LedgerEntry.objects.values()),
        list(Batch.objects.values()),
        list(Batch.objects.values_list("members__response")),
    )
    days_after_closing(person.consultation, settings.KEEP["batches"] + 1)
    written_days_ago(settings.KEEP["batches"] + 1)
    settings.KEEP = {
        name: 2000 if name != "batches" else days for name, days in settings.KEEP.items()
    }
    assert [(what.name, what.removed) for what in retain()] == [("batches", 1)]
    batch = Batch.objects.get()
    assert files_of_batches() == []
    entries, batches, members = before
    assert list(LedgerEntry.objects.values()) == entries
    assert [batch.manifest_sha256, batch.files] == [
        batches[0]["manifest_sha256"],
        batches[0]["files"],
    ]
    assert list(Batch.objects.values_list("members__response")) == members
    found = reconcile()
    assert (found.differences, found.totals["batches_without_files"]) == ([], 1)
    assert AuditEntry.objects.get(action="batch_files_removed").subject == folder_of(batch)
    assert retain() == []


def test_a_batch_written_late_keeps_its_files_as_long_as_the_others(
    person: Response, settings: Settings
) -> None:
    days_after_closing(person.consultation, 2000)
    written_days_ago(settings.KEEP["batches"] - 1)
    assert "batches" not in {what.name for what in retain()}
    assert "batches" in left()


def test_someone_who_wants_removed_files_reads_when_and_why_they_went(
    removed: Batch, analyst: User, sign_in: Callable[[User], Client], settings: Settings
) -> None:
    person, day = sign_in(analyst), day_in_words(removed.removal.at)
    for name in ("responses.csv", "pack.zip"):
        page = person.get(
            reverse("batch-file", args=[removed.consultation.slug, removed.number, name])
        )
        assert page.status_code == 410
        assert f"They were removed on {day} by the retention rule" in page.content.decode()
    unknown = person.get(
        reverse("batch-file", args=[removed.consultation.slug, removed.number, "else.csv"])
    )
    assert unknown.status_code == 404
    settings.STORAGES = {**settings.STORAGES, "delivery": settings.STORAGES["exports"]}
    page = person.get(reverse("batch-list")).content.decode()
    assert f"Removed on {day} by the retention rule." in page
    assert "responses.csv" in page
    assert (
        reverse("batch-file", args=[removed.consultation.slug, removed.number, "responses.csv"])
        not in page
    )
    send_it = reverse("send-again", args=[removed.consultation.slug, removed.number])
    assert send_it not in page
    assert (
        f"cannot be sent again: its files were removed on {day}"
        in person.post(
            send_it, {"sending": Delivery.objects.get().sendings}, follow=True
        ).content.decode()
    )
    assert Delivery.objects.get().state == "acknowledged"


def test_the_files_of_a_batch_that_is_to_be_sent_again_stay(
    person: Response, administrator: User, settings: Settings
) -> None:
    settings.STORAGES = {**settings.STORAGES, "delivery": settings.STORAGES["exports"]}
    batch = person.membership.batch
    send_again(batch=batch, actor=administrator)
    assert not remove_batch_files(batch=batch, actor=None)
    assert "batches" in left()
    assert not Removal.objects.exists()


def test_the_next_run_finishes_a_removal_that_was_cut(
    person: Response,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    analyst: User,
    sign_in: Callable[[User], Client],
) -> None:
    days_after_closing(person.consultation, settings.KEEP["batches"] + 1)
    written_days_ago(settings.KEEP["batches"] + 1)

    delete = FileSystemStorage.delete

    def refuse(storage: FileSystemStorage, name: str) -> None:
        if name.endswith("manifest.json"):
            raise PermissionError
        delete(storage, name)

    with monkeypatch.context() as broken:
        broken.setattr(FileSystemStorage, "delete", refuse)
        assert "batches" not in {what.name for what in retain()}
    batch = Batch.objects.get()
    assert files_of_batches()
    assert reconcile().differences == []
    asked = sign_in(analyst).get(
        reverse("batch-file", args=[batch.consultation.slug, batch.number, "codebook.csv"])
    )
    assert asked.status_code == 410
    assert [what.name for what in retain()] == ["batches"]
    assert files_of_batches() == []
    assert AuditEntry.objects.filter(action="batch_files_removed").count() == 1


def test_files_in_object_storage_are_removed_one_by_one(
    person: Response, settings: Settings
) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "exports": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    }
    batch = person.membership.batch
    names = [pack_of(batch), *[f"{folder_of(batch)}/{file['name']}" for file in batch.files]]
    for name in names:
        storages["exports"].save(name, ContentFile(PLANTED.encode()))
    assert remove_batch_files(batch=batch, actor=None)
    assert [name for name in names if storages["exports"].exists(name)] == []


def test_a_response_in_no_batch_is_kept_whatever_its_age(
    person: Response, send: Send, settings: Settings
) -> None:
    days_after_closing(person.consultation, -1)
    late = send({"violence-comment": "Late."}, name="Late", email="")
    days_after_closing(person.consultation, 2000)
    held = {what.what: what.held for what in retain()}
    assert held["answers, and staff's notes about them"] == 1
    late.refresh_from_db()
    assert (late.texts, late.contact.name) == ({"violence-comment": "Late."}, "Late")
    write(person.consultation)
    retain()
    late.refresh_from_db()
    assert (late.texts, Contact.objects.get(response=late).name) == ({}, "")


def test_an_email_that_has_not_gone_yet_keeps_its_address(
    person: Response, settings: Settings
) -> None:
    days_after_closing(person.consultation, settings.KEEP["contacts"] + 1)
    Confirmation.objects.update(state="waiting")
    assert "contacts" in left()
    retain()
    assert "contacts" in left()


def test_a_batch_with_contact_details_still_balances_without_them(
    send: Send, exports: Path, files: Path, settings: Settings
) -> None:
    response = send(name=PLANTED, email="")
    with on_the_trail():
        Consultation.objects.update(batches_include_contacts=True)
    response.consultation.refresh_from_db()
    write(response.consultation)
    days_after_closing(response.consultation, settings.KEEP["contacts"] + 1)
    retain()
    assert Contact.objects.get().name == ""
    assert reconcile().differences == []


def test_answers_altered_and_details_back_after_removal_are_found(
    person: Response, settings: Settings
) -> None:
    days_after_closing(person.consultation, settings.KEEP["contacts"] + 1)
    retain()
    words = [difference.words for difference in go_through().differences]
    assert words == []
    Contact.objects.update(name="Back")
    assert "Its contact details were removed, but it has some." in [
        difference.words for difference in go_through().differences
    ]
    Contact.objects.update(name="")
    with behind_its_back(), connection.cursor() as cursor:
        cursor.execute('UPDATE responses_response SET texts = \'{"violence-comment": "Other."}\'')
    assert "Its answers are not those that were received." in [
        difference.words for difference in go_through().differences
    ]


def test_a_mail_servers_words_can_be_emptied_only_with_a_ledger_entry(
    person: Response,
) -> None:
    empty = "UPDATE responses_confirmationattempt SET detail = ''"
    for attempt in (empty, "SELECT remove_details()", "UPDATE responses_response SET texts = '{}'"):
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute(attempt)
    LedgerEntry.objects.create(response=person, event="details-removed", digest="0" * 64)
    with pytest.raises(DatabaseError, match="is append-only"), connection.cursor() as cursor:
        cursor.execute(empty)
    with pytest.raises(DatabaseError, match="is append-only"), connection.cursor() as cursor:
        cursor.execute("UPDATE responses_response SET texts = '{}'")


def test_the_privacy_notice_shows_the_days_of_the_clocks(
    consultation: Consultation, client: Client
) -> None:
    page = client.get(reverse("consultation-privacy", args=[consultation.slug])).content.decode()
    days = [clock.until(consultation) for clock in clocks()]
    assert [day_in_words(day) in page for day in days if day] == [True] * 9
