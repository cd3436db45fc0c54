"""A mailbox on a mail server, opened over IMAP for reading alone.

Messages are peeked at: what people have not read stays unread, and nothing is changed there.
"""

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

SILENT_SECONDS = 30
ON_THIS_MACHINE = {"127.0.0.1", "localhost", "::1"}
NUMBER = re.compile(rb"UID (\d+)")
NUMBERS_AT_ONCE = 5000


class MailboxTrouble(Exception):
    """The mail server cannot be reached, refuses us, or answers what is no IMAP."""


class MessageRefused(Exception):
    """The server does not hand one message over. The others may be whole."""


class Mailbox:
    """A folder that is open for reading."""

    def __init__(self, server: imaplib.IMAP4, name: str, count: int) -> None:
        self.server, self.name, self.count = server, name, count
        self.validity = int(self.server.response("UIDVALIDITY")[1][0] or 0)

    def numbers(self) -> list[int]:
        """Return the numbers of all messages in it, asked for in lots: in one line those of a full
        mailbox are longer than the library reads.
        """
        found = []
        for first in range(1, self.count + 1, NUMBERS_AT_ONCE):
            last = min(first + NUMBERS_AT_ONCE - 1, self.count)
            done, said = self.server.fetch(f"{first}:{last}", "(UID)")
            if done != "OK":
                raise MailboxTrouble("The server refused to list its messages.")
            lines = [line for line in said if isinstance(line, bytes)]
            found += [int(number) for line in lines for number in NUMBER.findall(line)]
        return found

    def content_of(self, number: int) -> bytes | None:
        """Return a message as it is there; None if it has gone meanwhile. Raises MessageRefused."""
        try:
            done, pieces = self.server.uid("FETCH", str(number), "(BODY.PEEK[])")
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as refused:
            raise MessageRefused(number) from refused
        if done != "OK":
            raise MessageRefused(number)
        return next((bytes(piece[1]) for piece in pieces if isinstance(piece, tuple)), None)


@contextmanager
def open_mailbox(url: str) -> Iterator[Mailbox]:
    """Open the folder that a URL names, such as imaps://name:password@host/INBOX.

    With imaps all of it is encrypted, and with imap what follows STARTTLS, unless the server is
    this machine. Raises MailboxTrouble, which never quotes the password.
    """
    parts = urlsplit(url)
    host, folder = parts.hostname or "", _folder(url)
    try:
        server = _connect(parts.scheme, host, parts.port)
        try:
            server.login(unquote(parts.username or ""), unquote(parts.password or ""))
            done, said = server.select(f'"{folder}"', readonly=True)
            if done != "OK":
                raise MailboxTrouble(f"There is no folder {folder}.")
            yield Mailbox(server, mailbox_name(url), int(said[0] or 0))
        finally:
            server.shutdown()
    except (imaplib.IMAP4.error, OSError) as trouble:
        raise MailboxTrouble(f"{type(trouble).__name__}: {_said_by(trouble)}") from trouble


def mailbox_name(url: str) -> str:
    """Return the server's name and the folder, without who reads it."""
    return f"{urlsplit(url).hostname}/{_folder(url)}"


def _folder(url: str) -> str:
    return unquote(urlsplit(url).path.strip("/")) or "INBOX"


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
