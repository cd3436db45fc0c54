"""Erasure: the words are gone from everywhere, the number stays, MOPAC is told, and the
integrity check still passes.
"""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from consult.models import AuditEntry, User
from consult.plans.editions import plan_of
from consult.shown import ChangedSinceShown
from responses.answers import read_answers, read_equality_answers
from responses.exporting.acknowledging import acknowledge
from responses.exporting.batches import folder_of, seal_batch
from responses.exporting.writing import write_batch
from responses.file_removals import remove_due_files
from responses.governance.erasing import (
    ErasedAlready,
    NoSuchReference,
    erase_response,
)
from responses.governance.erasing_again import erase_again
from responses.governance.naming import names_sender
from responses.governance.reconciling import go_through, reconcile
from responses.management.commands.doctor import files_to_remove
from responses.models import (
    Confirmation,
    EqualityAnswers,
    FileRemoval,
    LedgerEntry,
    Message,
    PublishedSet,
    Response,
    SavedFilter,
    Transcription,
)
from responses.receipt_tokens import receipt_token
from responses.responding.amending import ChangedMeanwhile, amend_response, withdraw_response
from responses.responding.confirming import (
    _record_failure,
    claim_due,
    send_due_confirmations,
)
from responses.responding.drafting import start_amending
from responses.responding.equality import give_equality_answers
from responses.responding.resending import NothingToCorrect, correct_address
from responses.responding.submitting import Submission
from responses.reviewing.attachments import attach_file
from responses.reviewing.public_file import make_public_files
from responses.reviewing.public_version import public_digest
from responses.reviewing.publication import decide_publication, publish_set
from responses.reviewing.reading import ChangedSinceOpened
from responses.reviewing.reviews import move_review
from tests.support.acting import on_the_trail
from tests.support.dumping import dump_to, restored
from tests.support.folders import content_of
from tests.support.postbox import Postbox
from tests.support.tampering import behind_its_back

pytestmark = pytest.mark.django_db(transaction=True)
Send = Callable[..., Response]
PLANTED = "Zyzzyva"
EMAIL = f"{PLANTED}@example.org"


def amend(earlier: Response, words: str) -> Response:
    plan = plan_of(earlier.edition)
    return amend_response(
        earlier=earlier,
        submission=Submission(
            edition=earlier.edition,
            submission_key=uuid4(),
            answers=read_answers(plan, {"violence-comment": words}),
            contact={"name": PLANTED, "email": EMAIL, "postcode_district": PLANTED[:4]},
            started_at=timezone.now(),
        ),
    ).response


@pytest.fixture
def person(
    send: Send, reviewer: User, files: Path, postbox: Postbox, mail_through: Callable[[int], None]
) -> Response:
    """Someone to whose response everything happened that leaves words behind.

    The newest version.
    """
    first = send(
        {"violence-comment": f"My name is {PLANTED}.", "violence-agree": "agree"},
        name=PLANTED,
        email=EMAIL,
    )
    postbox.answers[EMAIL] = f"550 no {PLANTED} here"
    mail_through(postbox.port)
    send_due_confirmations()
    correct_address(response=first, email=f"Other.{EMAIL}")
    move_review(
        review=first.review,
        to_state="considered",
        note=f"{PLANTED} is known.",
        version=0,
        by=reviewer,
    )
    said = read_equality_answers(plan_of(first.edition), {"equality-age": "16-to-24"})
    give_equality_answers(
        consultation=first.consultation,
        edition=first.edition,
        token=receipt_token(first),
        answers=said,
    )
    second = amend(first, f"{PLANTED} again.")
    decide_publication(response=second, publish=False, reason=f"It names {PLANTED}.", by=reviewer)
    start_amending(response=second, started_at=timezone.now())
    send_due_confirmations()
    default_storage.save("letter.pdf", ContentFile(PLANTED.encode()))
    default_storage.save("letter.eml", ContentFile(PLANTED.encode()))
    with on_the_trail():
        message = Message.objects.create(
            consultation=first.consultation, file="letter.eml", sha256="0" * 64
        )
        keyed = Transcription.objects.create(
            response=second,
            received_on=timezone.localdate(),
            keyed_by=reviewer,
            late_reason=PLANTED,
            message=message,
        )
        keyed.attachments.create(
            file="letter.pdf", kind="application/pdf", bytes=7, sha256="0" * 64, by=reviewer
        )
    return second


def where(word: str) -> set[str]:
    """The tables of the database of which some row has `word` in it, whatever its case."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND "
            "table_type = 'BASE TABLE'"
        )
        for (table,) in cursor.fetchall():
            counted = f"SELECT count(*) FROM {table} t WHERE to_jsonb(t)::text ILIKE %s"  # noqa: S608
            cursor.execute(counted, [f"%{word}%"])
            if cursor.fetchone()[0]:
                found.add(table)
    return found


def in_files(folder: Path) -> list[str]:
    return sorted(
        path.name
        for path in folder.rglob("*")
        if path.is_file() and PLANTED.encode() in path.read_bytes()
    )


def test_an_erasure_leaves_no_word_in_any_table_or_file(
    person: Response, files: Path, exports: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = where(PLANTED)
    assert before >= {
        *[
            "responses_response",
            "responses_contact",
            "responses_reviewstep",
            "responses_draftanswer",
            "responses_transcription",
        ],
        *["responses_approval", "responses_confirmation", "responses_confirmationattempt"],
    }
    assert in_files(files) == ["letter.eml", "letter.pdf"]
    caplog.set_level("DEBUG")
    erase_response(reference=person.reference, actor=None, why="asked by post")
    assert where(PLANTED) == set()
    assert in_files(files) == []
    # Nobody can tell which are theirs.
    assert EqualityAnswers.objects.count() == 1
    write_batch(batch=seal_batch(consultation=person.consultation, actor=None))
    assert in_files(exports) == []
    assert PLANTED not in caplog.text
    assert reconcile().differences == []


def test_an_erased_response_leaves_its_number_a_tombstone_and_a_record(
    person: Response, administrator: User
) -> None:
    tombstone = erase_response(reference=person.reference, actor=administrator, why="asked by post")
    versions = Response.objects.filter(reference=person.reference).order_by("version")
    assert list(versions.values_list("act", "choices", "texts")) == [
        ("sent", {}, {}),
        ("amended", {}, {}),
        ("erased", {}, {}),
    ]
    assert list(tombstone.ledger.values_list("event", flat=True)) == ["erased"]
    assert default_storage.exists(f"erasures/{person.reference}")
    assert list(versions.values_list("review__superseded", flat=True)) == [True, True, False]
    assert list(Confirmation.objects.values_list("state", flat=True)) == [
        "sent",
        "failed",
        "not-wanted",
    ]
    entry = AuditEntry.objects.get(action="response_erased")
    assert (entry.actor, entry.subject, entry.details) == (
        administrator,
        person.reference,
        {"versions": 2, "why": "asked by post"},
    )
    assert reconcile().differences == []


@pytest.mark.parametrize("held_back", [False, True])
def test_the_public_file_and_figures_forget_what_was_erased_at_once(
    send: Send, reviewer: User, administrator: User, files: Path, held_back: bool
) -> None:
    response = send({"missing": f"I am {PLANTED}.", "publication": "anonymous"})
    publish_set(consultation=response.consultation, by=administrator)
    decide_publication(
        response=response,
        publish=not held_back,
        reason=f"It names {PLANTED}." if held_back else "",
        seen=public_digest(response),
        by=reviewer,
    )
    make_public_files()
    assert "responses_publishedset" in where(PLANTED) if held_back else in_files(files)
    erase_response(reference=response.reference, actor=None, why="asked")
    assert where(PLANTED) == set()
    assert in_files(files) == []
    make_public_files()
    assert (where(PLANTED), in_files(files)) == (set(), [])
    assert PublishedSet.objects.get().gaps == [["The sender took it back.", 1]]


def test_the_receipt_says_that_it_was_erased_and_shows_nothing_else(
    person: Response, client: Client
) -> None:
    erase_response(reference=person.reference, actor=None, why="asked")
    page = client.get(reverse("receipt", args=[receipt_token(person)])).content.decode()
    assert "Response erased" in page
    assert "What you wrote was erased at" in page
    assert "We no longer have your email address" in page
    assert PLANTED not in page
    assert "Change your response" not in page


def test_the_next_batch_recalls_what_the_one_before_held_by_batch_and_row(
    person: Response, send: Send, exports: Path
) -> None:
    written = seal_batch(consultation=person.consultation, actor=None)
    write_batch(batch=written)
    acknowledge(batch=written, actor=None)
    as_it_was = content_of(exports / folder_of(written))
    erase_response(reference=person.reference, actor=None, why="asked")
    send()
    after = seal_batch(consultation=person.consultation, actor=None)
    write_batch(batch=after)
    lines = [
        json.loads(line)
        for line in (exports / folder_of(after) / "responses.jsonl").read_text().splitlines()
    ]
    assert [
        (line["act"], line["replaces_batch"], line["replaces_row"], line["texts"]) for line in lines
    ] == [
        ("erased", 1, 2, {}),
        ("sent", None, None, {"violence-comment": "More youth workers."}),
    ]
    assert content_of(exports / folder_of(written)) == as_it_was
    assert reconcile().differences == []


def test_the_integrity_check_finds_returned_words_and_false_erasures(
    person: Response, send: Send
) -> None:
    erase_response(reference=person.reference, actor=None, why="asked")
    for sql in (
        "UPDATE responses_contact SET name = 'Back' WHERE response_id = %s",
        "UPDATE responses_contact SET corrected_email = 'back@example.org' WHERE response_id = %s",
    ):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(sql, [person.pk])
            assert "It was erased, but still has content." in [
                difference.words for difference in go_through().differences
            ]
            transaction.set_rollback(True)
    other = send()
    with behind_its_back(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM responses_draft; DELETE FROM consult_auditentry WHERE action = "
            "'response_erased'"
        )
    assert person.reference in [difference["subject"] for difference in reconcile().differences]
    assert other.reference not in [difference["subject"] for difference in reconcile().differences]


FORBIDDEN = {
    "a word changed": (
        'UPDATE responses_response SET texts = \'{"violence-comment": "Other."}\' WHERE id = {id}'
    ),
    "words emptied": (
        "UPDATE responses_response SET choices = '{{}}', texts = '{{}}' WHERE id = {id}"
    ),
    "under the name of the function": (
        "DO $do$ BEGIN EXECUTE E'UPDATE responses_response SET texts = ''{{}}'' WHERE id = {id} "
        "/*\n"
        "PL/pgSQL function erase_words() line 1 at SQL statement*/'; END $do$"
    ),
    "the function called": "SELECT erase_words()",
    "what staff wrote": "UPDATE responses_reviewstep SET note = 'Erased.'",
    "what a mail server said": "UPDATE responses_confirmationattempt SET detail = ''",
    "the row removed": "DELETE FROM responses_response WHERE id = {id}",
}


@pytest.mark.parametrize("attempt", FORBIDDEN)
@pytest.mark.parametrize("erased", [False, True], ids=["as it is", "when it was erased"])
def test_the_services_database_user_cannot_bypass_the_erasure_rules(
    person: Response, attempt: str, erased: bool
) -> None:
    if erased:
        erase_response(reference=person.reference, actor=None, why="asked")
    sql = FORBIDDEN[attempt].replace("{{}}", "{}").replace("{id}", str(person.pk))
    refused = (
        r"is append-only: (UPDATE|DELETE) refused|trigger functions can only be called as triggers"
    )
    with pytest.raises(DatabaseError, match=refused), connection.cursor() as cursor:
        cursor.execute(sql)


def test_one_erasure_leaves_every_other_response_as_it_was(person: Response, send: Send) -> None:
    other = send({"violence-comment": "Mine."}, name="Otto", email="otto@example.org")
    erase_response(reference=person.reference, actor=None, why="asked")
    other.refresh_from_db()
    assert (other.texts, other.contact.name, other.confirmation.state) == (
        {"violence-comment": "Mine."},
        "Otto",
        "waiting",
    )


def test_an_erasure_that_fails_halfway_erases_nothing(
    person: Response, monkeypatch: pytest.MonkeyPatch, files: Path
) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError("halfway")

    monkeypatch.setattr("responses.governance.erasing.record", fail)
    before = where(PLANTED)
    with pytest.raises(RuntimeError):
        erase_response(reference=person.reference, actor=None, why="asked")
    assert where(PLANTED) == before
    assert in_files(files) == ["letter.eml", "letter.pdf"]
    assert not default_storage.exists(f"erasures/{person.reference}")


def test_saved_filters_with_the_erased_reference_are_deleted(
    person: Response, reviewer: User
) -> None:
    SavedFilter.objects.create(by=reviewer, name="Hers", query=f"reference={person.reference}")
    SavedFilter.objects.create(
        by=reviewer, name=f"About {person.reference.lower()}", query="word=buses"
    )
    SavedFilter.objects.create(by=reviewer, name="Buses", query="word=buses")
    erase_response(reference=person.reference, actor=None, why="asked")
    assert list(SavedFilter.objects.values_list("name", flat=True)) == ["Buses"]


def test_an_erased_response_cannot_be_changed_or_erased_again(person: Response) -> None:
    erase_response(reference=person.reference, actor=None, why="asked")
    with pytest.raises(ErasedAlready):
        erase_response(reference=person.reference, actor=None, why="asked")
    with pytest.raises(NoSuchReference):
        erase_response(reference="NOTHING", actor=None, why="asked")
    with pytest.raises(ChangedMeanwhile):
        amend(person, f"{PLANTED} is back.")
    with pytest.raises(ChangedMeanwhile):
        withdraw_response(earlier=person, submission_key=uuid4(), started_at=timezone.now())
    assert Confirmation.objects.get(response=person).state == "failed"
    with pytest.raises(NothingToCorrect):
        correct_address(response=person, email="back@example.org")
    assert where(PLANTED) == where("back@example") == set()


def test_an_erasure_is_repeated_after_an_older_backup_is_restored(
    person: Response, files: Path
) -> None:
    reference = person.reference
    with transaction.atomic():
        erase_response(reference=reference, actor=None, why="asked")
        transaction.set_rollback(True)
    assert erase_again(actor=None) == []
    default_storage.save(f"erasures/{reference}", ContentFile(b""))
    assert where(PLANTED)
    assert erase_again(actor=None) == [reference]
    assert where(PLANTED) == set()
    assert erase_again(actor=None) == []
    assert LedgerEntry.objects.filter(event="erased").count() == 1


def test_erasures_are_repeated_after_restoring_an_older_backup(
    person: Response, send: Send, exports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = seal_batch(consultation=person.consultation, actor=None)
    write_batch(batch=batch)
    other = send({"violence-comment": "Mine."})
    reconcile()
    backup = tmp_path / "backup"
    dump_to(backup)
    erase_response(reference=person.reference, actor=None, why="asked")
    with restored(backup):
        assert where(PLANTED) >= {"responses_response", "responses_contact"}
        call_command("erase_response", "--again")
        assert person.reference in capsys.readouterr().out
        assert where(PLANTED) == set()
        assert Response.objects.get(pk=other.pk).texts == {"violence-comment": "Mine."}
        assert reconcile().differences == []
        # The guards came back with it.
        with pytest.raises(DatabaseError, match="append-only"):
            Response.objects.filter(pk=other.pk).update(texts={})
        after = seal_batch(consultation=person.consultation, actor=None)
        write_batch(batch=after)
        lines = [
            json.loads(line)
            for line in (exports / folder_of(after) / "responses.jsonl").read_text().splitlines()
        ]
        assert [(line["act"], line["replaces_batch"]) for line in lines] == [
            ("sent", None),
            ("erased", 1),
        ]
        assert reconcile().differences == []


def test_the_command_erases_only_with_the_reference_typed_twice(
    person: Response, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="twice"):
        call_command("erase_response", person.reference, "--confirm", "OTHER", "--why", "asked")
    assert where(PLANTED)
    call_command(
        "erase_response", person.reference.lower(), "--confirm", person.reference, "--why", "asked"
    )
    assert where(PLANTED) == set()
    with pytest.raises(CommandError, match="already been erased"):
        call_command(
            "erase_response", person.reference, "--confirm", person.reference, "--why", "asked"
        )


def test_an_email_still_waiting_is_not_sent_after_an_erasure(
    send: Send, postbox: Postbox, mail_through: Callable[[int], None]
) -> None:
    waiting = send()
    erase_response(reference=waiting.reference, actor=None, why="asked")
    mail_through(postbox.port)
    assert send_due_confirmations().sent == 0
    assert list(Confirmation.objects.values_list("state", flat=True)) == ["not-wanted"] * 2
    assert reconcile().differences == []


class Stubborn(FileSystemStorage):
    """A storage that will not delete letters for now."""

    refuses = True

    def delete(self, name: str) -> None:
        if self.refuses and name == "letter.pdf":
            raise OSError(16, "Device or resource busy")
        super().delete(name)


def test_a_file_that_cannot_be_deleted_stops_no_other_and_goes_later(
    person: Response,
    files: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stubborn = {"BACKEND": f"{__name__}.Stubborn", "OPTIONS": {"location": files}}
    settings.STORAGES = {**settings.STORAGES, "default": stubborn}
    erase_response(reference=person.reference, actor=None, why="asked")
    assert in_files(files) == ["letter.pdf"]
    assert default_storage.exists(f"erasures/{person.reference}")
    assert "Device or resource busy" in next(what for what, _ in files_to_remove())
    remove_due_files()
    assert FileRemoval.objects.get().attempts == 2
    monkeypatch.setattr(Stubborn, "refuses", False)
    call_command("retain")
    assert in_files(files) == []
    assert not FileRemoval.objects.exists()
    assert list(files_to_remove()) == []


def test_erasing_needs_no_key(person: Response, files: Path, settings: Settings) -> None:
    settings.SECRET_KEY = "another one altogether, since the first was lost for good"
    erase_response(reference=person.reference, actor=None, why="asked")
    # What nobody can find by its response any more stays, and says nothing about who they are.
    assert where(PLANTED) == set()
    assert in_files(files) == []
    assert reconcile().differences == []


def test_nothing_can_be_added_to_what_was_erased(
    person: Response, reviewer: User, files: Path, exports: Path
) -> None:
    keyed = Transcription.objects.get()
    erase_response(reference=person.reference, actor=None, why="asked")
    review = person.review
    for add in (
        lambda: review.steps.create(
            from_state="unread", to_state="unread", note=PLANTED, by=reviewer
        ),
        lambda: person.approvals.create(publish=False, reason=PLANTED, by=reviewer),
        lambda: keyed.attachments.create(
            file="x.pdf", kind="application/pdf", bytes=1, sha256="1" * 64, by=reviewer
        ),
        lambda: start_amending(response=person, started_at=timezone.now()),
    ):
        with pytest.raises(IntegrityError, match="was erased"):
            add()
    with pytest.raises(ChangedSinceOpened):
        attach_file(
            transcription=keyed,
            shown=person,
            file=BytesIO(b"%PDF-1.7 " + PLANTED.encode()),
            by=reviewer,
        )
    assert where(PLANTED) == set()
    assert in_files(files) == []


def test_what_a_mail_server_says_after_an_erasure_is_not_recorded(
    send: Send, files: Path, postbox: Postbox, mail_through: Callable[[int], None]
) -> None:
    response = send(name=PLANTED, email=EMAIL)
    [in_hand] = claim_due(limit=1)
    erase_response(reference=response.reference, actor=None, why="asked")
    _record_failure(in_hand, f"550 no {PLANTED} here", True)
    assert where(PLANTED) == set()
    assert list(Confirmation.objects.get(response=response).tries.values_list("outcome")) == [
        ("refused",)
    ]


def test_an_erasure_is_of_the_version_that_someone_was_shown(person: Response) -> None:
    with pytest.raises(ChangedSinceShown):
        erase_response(
            reference=person.reference, actor=None, why="asked", shown=person.version - 1
        )
    assert where(PLANTED)
    erase_response(reference=person.reference, actor=None, why="asked", shown=person.version)
    assert where(PLANTED) == set()


def test_a_reason_that_names_the_person_is_refused(person: Response, administrator: User) -> None:
    assert names_sender(reference=person.reference, words=f"{PLANTED.lower()} asked by post")
    assert names_sender(reference=person.reference, words=f"see the email from {EMAIL}")
    assert not names_sender(reference=person.reference, words="asked by post")
    with pytest.raises(CommandError, match="names nobody"):
        call_command(
            "erase_response",
            person.reference,
            "--confirm",
            person.reference,
            "--why",
            f"{PLANTED} asked",
        )
    assert where(PLANTED) >= {"responses_response"}
