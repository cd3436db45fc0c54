"""Erasing drafts and emails that were found about a person, from the page where they were found."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from consult.models import AuditEntry, Consultation, User
from consult.plans.editions import current_edition
from responses.governance.erasing_unsent import erase_unsent
from responses.governance.personal_data import NothingAboutThem
from responses.governance.subject_access import find_person
from responses.models import Draft, DraftAnswer, Message, Response
from responses.responding.drafting import start_amending
from responses.reviewing.transcribing import MessageDecided, set_message_aside
from tests.responses.governance.test_erasing import PLANTED, in_files, where
from tests.support.pressing import press

pytestmark = pytest.mark.django_db(transaction=True)
LETTER = f"From: {PLANTED} <{PLANTED}@example.org>\nSubject: {PLANTED}\n\nI am {PLANTED}.\n"


@pytest.fixture
def files(tmp_path: Path, settings: Settings) -> Path:
    """A folder of the test's own for emails and the notes of erasures."""
    folder = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": tmp_path / "files"},
    }
    settings.STORAGES = {**settings.STORAGES, "default": folder}
    return tmp_path / "files"


@pytest.fixture
def draft(consultation: Consultation) -> Draft:
    """What someone typed and never sent."""
    edition = current_edition(consultation)
    made = Draft.objects.create(
        consultation=consultation,
        token_hash="0" * 64,
        submission_key="00000000-0000-4000-8000-000000000001",
    )
    DraftAnswer.objects.create(
        draft=made, name="name", value=f"{PLANTED} Smith", revision=1, edition=edition
    )
    DraftAnswer.objects.create(
        draft=made, name="violence-comment", value=f"I am {PLANTED}.", revision=2, edition=edition
    )
    made.links.create(email=f"{PLANTED}@example.org", message_id=f"<{PLANTED}@here>")
    return made


@pytest.fixture
def letter(consultation: Consultation, files: Path) -> Message:
    """An email that nobody has entered yet."""
    default_storage.save("one.eml", ContentFile(LETTER.encode()))
    return Message.objects.create(
        consultation=consultation,
        file="one.eml",
        sha256="2" * 64,
        sender_name=PLANTED,
        sender_email=f"{PLANTED}@example.org",
    )


@pytest.fixture
def asked(client: Client, administrator: User) -> Client:
    """An administrator who has just given their password."""
    client.force_login(administrator)
    session = client.session
    session["confirmed_at"] = int(time.time())
    session.save()
    return client


def test_drafts_and_emails_about_a_person_leave_no_word_behind(
    draft: Draft, letter: Message, files: Path, administrator: User
) -> None:
    held = find_person(words=f"{PLANTED}@example.org", actor=None)
    assert (held.drafts, held.letters) == ([draft], [letter])
    assert where(PLANTED) >= {"responses_draftanswer", "responses_draftlink"}
    assert in_files(files) == ["one.eml"]
    done = erase_unsent(
        drafts=[draft.pk], letters=[letter.pk], actor=administrator, why="asked by post"
    )
    assert done == (1, 1, 0)
    assert where(PLANTED) == set()
    assert in_files(files) == []
    entry = AuditEntry.objects.get(action="unsent_erased")
    assert (entry.actor, entry.details) == (
        administrator,
        {"why": "asked by post", "drafts": [draft.pk], "letters": [letter.pk]},
    )
    with pytest.raises(NothingAboutThem):
        erase_unsent(drafts=[draft.pk], letters=[letter.pk], actor=administrator, why="again")


def test_an_erased_email_cannot_be_entered_or_set_aside_afterwards(
    letter: Message, reviewer: User
) -> None:
    erase_unsent(drafts=[], letters=[letter.pk], actor=None, why="asked")
    with pytest.raises(MessageDecided):
        set_message_aside(message=letter, reason=PLANTED, by=reviewer)
    assert where(PLANTED) == set()


def test_drafts_and_emails_that_a_backup_brings_back_are_erased_again(
    draft: Draft, letter: Message, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with transaction.atomic():
        erase_unsent(drafts=[draft.pk], letters=[letter.pk], actor=None, why="asked")
        transaction.set_rollback(True)
    call_command("erase_response", "--again")
    assert "Nothing had come back." in capsys.readouterr().out
    for name in (f"draft-{draft.submission_key}", f"email-{letter.sha256}"):
        default_storage.save(f"erasures/{name}", ContentFile(b""))
    call_command("erase_response", "--again")
    assert "2 drafts, emails and rows" in capsys.readouterr().out
    assert where(PLANTED) == set()
    assert in_files(files) == []


def test_what_became_a_response_meanwhile_is_left_to_its_reference(
    letter: Message, send: Callable[..., Response], reviewer: User
) -> None:
    response = send()
    amending = start_amending(response=response, started_at=timezone.now())
    Message.objects.update(state=Message.State.RESPONSE)
    with pytest.raises(NothingAboutThem):
        erase_unsent(drafts=[], letters=[letter.pk], actor=None, why="asked")
    assert Message.objects.get().file == "one.eml"
    assert amending


def test_the_page_erases_what_was_chosen_and_refuses_a_reason_with_a_name(
    asked: Client, draft: Draft, letter: Message, files: Path
) -> None:
    address = f"{reverse('erase-found')}?draft={draft.pk}&letter={letter.pk}"
    page = asked.get(address).content.decode()
    assert f"Answers that were not sent, number {draft.pk}" in page
    assert f"Email number {letter.pk}" in page
    refused = press(asked, address, {"why": f"{PLANTED} wrote to us"}).content.decode()
    assert "names nobody" in refused
    assert where(PLANTED)
    done = press(asked, address, {"why": "asked by post"}, follow=True).content.decode()
    assert "Erased: 1 draft, 1 email and 0 rows." in done
    assert where(PLANTED) == set()
    assert in_files(files) == []
    assert "still there" in asked.get(address).content.decode()
