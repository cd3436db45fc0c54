"""Reads the mailbox on a mail server over IMAP, message by message, and changes nothing there.

The folder is opened for reading alone, and messages are peeked at: what people have not read stays
unread.
"""

import imaplib
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

from django.db import transaction
from django.db.models.functions import Now

from consult.models import Consultation
from responses.models import MailboxCopy, MailboxReading
from responses.reviewing.mailboxes import take_up

SILENT_SECONDS = 30
# A run ends before its task would be stopped; the next one continues.
RUN_FOR_SECONDS = 1200
# Fetched before they are written together: each may be as large as a server lets it be.
AT_ONCE = 20
ON_THIS_MACHINE = {"127.0.0.1", "localhost", "::1"}
NUMBER = re.compile(rb"\d+")


class MailboxTrouble(Exception):
    """The mail server cannot be reached, refuses us, or answers what is no IMAP."""


class Mailbox:
    """A folder that is open for reading."""

    def __init__(self, server: imaplib.IMAP4, name: str) -> None:
        self.server, self.name = server, name
        self.validity = int(self.server.response("UIDVALIDITY")[1][0] or 0)

    def numbers(self) -> list[int]:
        """Return the numbers of all messages in it."""
        return [int(number) for number in NUMBER.findall(self._uid("SEARCH", "ALL")[0] or b"")]

    def content_of(self, number: int) -> bytes | None:
        """Return a message as it is there; None if it has gone meanwhile."""
        pieces = self._uid("FETCH", str(number), "(BODY.PEEK[])")
        return next((bytes(piece[1]) for piece in pieces if isinstance(piece, tuple)), None)

    def _uid(self, *command: str) -> list[Any]:
        done, said = self.server.uid(*command)
        if done != "OK":
            raise MailboxTrouble(f"The server refused {command[0]}.")
        return said


@contextmanager
def open_mailbox(url: str) -> Iterator[Mailbox]:
    """Open the folder that a URL names, such as imaps://name:password@host/INBOX.

    With imaps all of it is encrypted, and with imap what follows STARTTLS, unless the server is
    this machine. Raises MailboxTrouble, which never quotes the password.
    """
    parts = urlsplit(url)
    host, folder = parts.hostname or "", unquote(parts.path.strip("/")) or "INBOX"
    try:
        server = _connect(parts.scheme, host, parts.port)
        try:
            server.login(unquote(parts.username or ""), unquote(parts.password or ""))
            done, _said = server.select(f'"{folder}"', readonly=True)
            if done != "OK":
                raise MailboxTrouble(f"There is no folder {folder}.")
            yield Mailbox(server, f"{host}/{folder}")
        finally:
            server.shutdown()
    except (imaplib.IMAP4.error, OSError) as trouble:
        raise MailboxTrouble(f"{type(trouble).__name__}: {_said_by(trouble)}") from trouble


def _connect(scheme: str, host: str, port: int | None) -> imaplib.IMAP4:
    checked = ssl.create_default_context()
    if scheme == "imaps":
        return imaplib.IMAP4_SSL(host, port or 993, ssl_context=checked, timeout=SILENT_SECONDS)
    server = imaplib.IMAP4(host, port or 143, timeout=SILENT_SECONDS)
    if host not in ON_THIS_MACHINE:
        server.starttls(ssl_context=checked)
    return server


def _said_by(trouble: Exception) -> str:
    said = trouble.args[-1] if trouble.args else ""
    return (said.decode(errors="replace") if isinstance(said, bytes) else str(said))[:200]


def read_mailbox(*, consultation: Consultation, url: str) -> MailboxReading:
    """Take up what is new in the mailbox on the server, and compare the numbers of both.

    What was taken up is noted message by message: a run that is cut off, or ends for its time, is
    continued by the next. Trouble is noted, with how far it got.
    """
    parts = urlsplit(url)
    name = f"{parts.hostname}/{unquote(parts.path.strip('/')) or 'INBOX'}"
    reading, _new = MailboxReading.objects.get_or_create(
        mailbox=name, defaults={"consultation": consultation}
    )
    reading.trouble = ""
    try:
        with open_mailbox(url) as mailbox:
            _take_what_is_new(mailbox, consultation, reading)
    except MailboxTrouble as trouble:
        reading.trouble = str(trouble)[:300]
    reading.save()
    MailboxReading.objects.filter(pk=reading.pk).update(at=Now())
    return reading


def _take_what_is_new(
    mailbox: Mailbox, consultation: Consultation, reading: MailboxReading
) -> None:
    ends_at = time.monotonic() + RUN_FOR_SECONDS
    place = {"mailbox": mailbox.name, "validity": mailbox.validity}
    numbers = mailbox.numbers()
    here = set(MailboxCopy.objects.filter(**place).values_list("uid", flat=True))
    waiting = [number for number in numbers if number not in here]
    try:
        while waiting and time.monotonic() < ends_at:
            _take_some(mailbox, waiting[:AT_ONCE], consultation, place)
            del waiting[:AT_ONCE]
    finally:
        copies = MailboxCopy.objects.filter(**place, uid__in=numbers)
        reading.on_server, reading.here = len(numbers), copies.count()
        reading.letters = copies.values("message").distinct().count()


def _take_some(
    mailbox: Mailbox, numbers: list[int], consultation: Consultation, place: dict[str, Any]
) -> None:
    """Take up the messages with these numbers, as many as come over before the line is cut."""
    raws: dict[int, bytes] = {}
    try:
        for number in numbers:
            if (raw := mailbox.content_of(number)) is not None:
                raws[number] = raw
    finally:
        with transaction.atomic():
            taken = take_up(list(raws.values()), consultation=consultation, by=None)
            MailboxCopy.objects.bulk_create(
                [
                    MailboxCopy(**place, uid=number, consultation=consultation, message=one.message)
                    for number, one in zip(raws, taken, strict=True)
                ],
                ignore_conflicts=True,
            )
