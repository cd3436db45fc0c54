"""A mailbox on a mail server, opened over IMAP for reading alone.

Messages are peeked at: what people have not read stays unread, and nothing is changed there.
"""

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

SILENT_SECONDS = 30
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
    host, folder = parts.hostname or "", _folder(url)
    try:
        server = _connect(parts.scheme, host, parts.port)
        try:
            server.login(unquote(parts.username or ""), unquote(parts.password or ""))
            done, _said = server.select(f'"{folder}"', readonly=True)
            if done != "OK":
                raise MailboxTrouble(f"There is no folder {folder}.")
            yield Mailbox(server, mailbox_name(url))
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
