"""The mailbox on the mail server: read whole, once, with nothing changed there, and compared."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from consult.imap import MailboxTrouble, open_mailbox
from consult.models import Consultation, User
from responses.governance.reconciling import reconcile
from responses.models import MailboxCopy, MailboxReading, Message
from responses.reviewing import imap
from responses.reviewing.imap import read_mailbox
from responses.reviewing.tasks import read_due_mailbox
from tests.support.imap import PASSWORD, USER, ImapServer
from tests.support.impostor import make_unknown_certificate
from tests.support.mails import CORPUS

Read = Callable[[], MailboxReading]


def mail(number: int) -> bytes:
    return (
        f"From: Ann <ann{number}@example.org>\r\nSubject: Letter {number}\r\n"
        f"Message-ID: <{number}@example.org>\r\n\r\nWords of letter {number}.\r\n"
    ).encode()


@pytest.fixture
def server(files: Path) -> Iterator[ImapServer]:
    """A mail server with three letters."""
    made = ImapServer()
    made.folder.messages = {number: mail(number) for number in (3, 4, 9)}
    yield made
    made.close()


def url_of(server: ImapServer, *, password: str = PASSWORD, folder: str = "INBOX") -> str:
    return f"imap://{USER}:{quote(password, safe='')}@127.0.0.1:{server.port}/{folder}"


@pytest.fixture
def read(server: ImapServer, consultation: Consultation) -> Read:
    """Read the mailbox into the consultation, as the job does."""
    return lambda: read_mailbox(consultation=consultation, url=url_of(server))


def test_every_message_comes_over_once_and_the_numbers_agree(
    read: Read, consultation: Consultation
) -> None:
    first = read()
    assert (first.on_server, first.here, first.letters, first.trouble) == (3, 3, 3, "")
    assert [one.subject for one in consultation.messages.all()] == [
        *("Letter 3", "Letter 4", "Letter 9")
    ]
    again = read()
    assert (again.pk, again.on_server, again.here) == (first.pk, 3, 3)
    assert consultation.messages.count() == MailboxCopy.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_the_books_balance_after_a_mailbox_was_read(read: Read, server: ImapServer) -> None:
    server.folder.messages |= {number: mail(number) for number in range(100, 145)}
    server.folder.cut_after = 30
    read()
    server.folder.cut_after = None
    assert read().here == 48
    assert reconcile().differences == []


def test_nothing_is_changed_on_the_server(read: Read, server: ImapServer) -> None:
    read()
    assert server.folder.seen == set()
    assert not any(command.startswith("SELECT") for command in server.folder.commands)
    changing = ("STORE", "EXPUNGE", "APPEND", "COPY", "MOVE", "DELETE", "CLOSE")
    assert not any(word in command for command in server.folder.commands for word in changing)


def test_what_is_new_is_fetched_alone(read: Read, server: ImapServer) -> None:
    read()
    server.folder.commands.clear()
    server.folder.messages[10] = mail(10)
    reading = read()
    fetched = [one for one in server.folder.commands if "BODY" in one]
    assert fetched == ["UID FETCH 10 (BODY.PEEK[])"]
    assert (reading.on_server, reading.here) == (4, 4)


@pytest.mark.parametrize("answer", ["NO", "BAD"])
def test_a_message_that_the_server_refuses_keeps_no_other_back(
    read: Read, server: ImapServer, answer: str
) -> None:
    server.folder.refused[4] = answer
    reading = read()
    assert (reading.on_server, reading.here) == (3, 2)
    assert reading.trouble == "The server does not hand over 1 message: 4."
    server.folder.refused.clear()
    again = read()
    assert (again.here, again.trouble) == (3, "")


def test_a_large_mailbox_is_listed_and_read_in_lots(
    read: Read, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consult.imap.NUMBERS_AT_ONCE", 2)
    monkeypatch.setattr(imap, "LOT_BYTES", 10)
    lots: list[int] = []
    take_up = imap.take_up

    def counted(raws: list[bytes], **values: Any) -> list[Any]:
        lots.append(len(raws))
        return take_up(raws, **values)

    monkeypatch.setattr(imap, "take_up", counted)
    reading = read()
    assert (reading.on_server, reading.here, reading.trouble) == (3, 3, "")
    listed = [one for one in server.folder.commands if "(UID)" in one]
    assert listed == ["FETCH 1:2 (UID)", "FETCH 3:3 (UID)"]
    assert lots == [1, 1, 1]


def test_an_empty_mailbox_is_read_without_trouble(read: Read, server: ImapServer) -> None:
    server.folder.messages.clear()
    reading = read()
    assert (reading.on_server, reading.here, reading.letters, reading.trouble) == (0, 0, 0, "")


def test_a_letter_delivered_twice_is_one_and_said_so(read: Read, server: ImapServer) -> None:
    server.folder.messages[10] = mail(9)
    reading = read()
    assert (reading.on_server, reading.here, reading.letters) == (4, 4, 3)
    assert Message.objects.count() == 3


def test_a_letter_loaded_from_a_file_before_is_the_same(
    read: Read, consultation: Consultation, reviewer: User, tmp_path: Path
) -> None:
    (tmp_path / "in.eml").write_bytes(mail(9).replace(b"\r\n", b"\n"))
    call_command("load_mailbox", consultation.slug, str(tmp_path / "in.eml"))
    assert read().here == 3
    assert consultation.messages.count() == 3


def test_a_cut_connection_is_noted_and_the_next_run_goes_on(
    read: Read, server: ImapServer, consultation: Consultation
) -> None:
    server.folder.cut_after = 2
    cut = read()
    assert (cut.on_server, cut.here) == (3, 2)
    assert cut.trouble
    server.folder.cut_after = None
    whole = read()
    assert (whole.on_server, whole.here, whole.trouble) == (3, 3, "")
    assert consultation.messages.count() == 3


def test_a_run_that_ends_for_its_time_is_continued(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "RUN_FOR_SECONDS", -1)
    assert (read().here, Message.objects.count()) == (0, 0)
    monkeypatch.undo()
    assert read().here == 3


def test_a_message_that_was_deleted_there_stays_here(read: Read, server: ImapServer) -> None:
    read()
    del server.folder.messages[3]
    reading = read()
    assert (reading.on_server, reading.here) == (2, 2)
    assert Message.objects.count() == 3


def test_a_folder_that_was_made_again_counts_no_letter_twice(
    read: Read, server: ImapServer
) -> None:
    read()
    server.folder.validity = 8
    server.folder.messages = {number: mail(number + 2) for number in (1, 2)}
    reading = read()
    assert (reading.on_server, reading.here) == (2, 2)
    assert Message.objects.count() == 3


def test_mails_of_every_kind_come_over_whole(
    read: Read, server: ImapServer, consultation: Consultation
) -> None:
    made = list(CORPUS.values())
    server.folder.messages = {at: one.raw for at, one in enumerate(made, start=1)}
    reading = read()
    assert reading.here == reading.on_server == len(made) >= 40
    assert reading.letters == consultation.messages.count()


def test_a_wrong_password_is_noted_without_the_password(
    server: ImapServer, consultation: Consultation
) -> None:
    reading = read_mailbox(consultation=consultation, url=url_of(server, password="a-secret"))
    assert "AUTHENTICATIONFAILED" in reading.trouble
    assert "a-secret" not in reading.trouble
    assert (reading.on_server, reading.here) == (0, 0)


def test_a_folder_that_is_not_there_is_noted(
    server: ImapServer, consultation: Consultation
) -> None:
    reading = read_mailbox(consultation=consultation, url=url_of(server, folder="Letters"))
    assert reading.trouble == "There is no folder Letters."


def test_a_server_that_is_away_is_noted(consultation: Consultation) -> None:
    url = "imap://desk:x@127.0.0.1:1/INBOX"
    assert "ConnectionRefusedError" in read_mailbox(consultation=consultation, url=url).trouble


def test_a_server_without_a_trusted_certificate_is_told_no_password(
    files: Path, consultation: Consultation, tmp_path: Path
) -> None:
    impostor = ImapServer(make_unknown_certificate(tmp_path))
    url = url_of(impostor).replace("imap://", "imaps://")
    reading = read_mailbox(consultation=consultation, url=url)
    assert "SSLCertVerificationError" in reading.trouble
    assert impostor.folder.commands == []
    impostor.close()


def test_a_server_elsewhere_is_told_no_password_in_the_clear(
    server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consult.imap.ON_THIS_MACHINE", set())
    with pytest.raises(MailboxTrouble), open_mailbox(url_of(server)):
        pass
    assert not any("LOGIN" in command for command in server.folder.commands)


def test_a_database_that_is_away_is_not_taken_for_the_servers_trouble(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_raws: object, **_values: object) -> Message:
        raise DatabaseError

    monkeypatch.setattr(imap, "take_up", away)
    with pytest.raises(DatabaseError):
        read()


def test_the_job_reads_the_mailbox_of_the_settings(
    server: ImapServer, consultation: Consultation, settings: Settings
) -> None:
    settings.INBOUND_MAILBOX_URL, settings.INBOUND_MAILBOX_CONSULTATION = "", ""
    read_due_mailbox()
    assert not MailboxReading.objects.exists()
    settings.INBOUND_MAILBOX_URL = url_of(server)
    settings.INBOUND_MAILBOX_CONSULTATION = consultation.slug
    read_due_mailbox()
    assert MailboxReading.objects.get().here == 3


def test_the_page_says_how_the_two_numbers_compare(
    read: Read, server: ImapServer, reviewer: User, sign_in: Callable[[User], Client]
) -> None:
    server.folder.messages[10] = mail(9)
    read()
    rosa = sign_in(reviewer)
    page = " ".join(rosa.get(reverse("entering")).content.decode().split())
    assert "127.0.0.1/INBOX had 4 messages" in page
    assert "all of them are here, as 3 letters" in page
    server.folder.cut_after = 0
    server.folder.messages[11] = mail(11)
    read()
    page = " ".join(rosa.get(reverse("entering")).content.decode().split())
    assert "4 of 5 are here" in page
    assert "The mail server could not be read to the end" in page
