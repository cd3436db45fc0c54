"""Loading a mailbox: every message in it becomes a row once, and each row is a response or not one,
with the reason.
"""

import hashlib
import mailbox
import re
from codecs import lookup
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.html import strip_tags

from consult.auditing import record
from consult.jobs import ROW_TROUBLE
from consult.models import Action, Consultation, User
from consult.text import with_symbols
from responses.models import Message

# Of a message's words, as much as a person can look over. The whole stays in its file.
SHOWN_CHARS = 50_000
DECODED_BYTES = 1_000_000
# Names that Python takes for those of character sets: parts of web addresses, whose decoding takes
# the square of their length.
NO_CHARSETS = {"idna", "punycode"}
# In an mbox file a line that begins so is written with one more ">", or it would begin the next
# message. https://www.loc.gov/preservation/digital/formats/fdd/fdd000385.shtml
QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)


class NotAMailbox(ValueError):
    """The file holds no message."""


@dataclass(frozen=True)
class Loaded:
    """What a loading found: messages in the file, and how many of them had been loaded before."""

    messages: int
    known: int


@dataclass(frozen=True)
class Letter:
    """A message as a person reads it.

    Everything in it comes from outside and is to be shown as text.
    """

    sender: str
    subject: str
    sent: str
    words: str
    attachments: list[str]


def load_mailbox(*, consultation: Consultation, path: Path, by: User | None) -> Loaded:
    """Take up every message of an mbox or .eml file.

    Loading it again, whole or in part, finds what is there and adds the rest.

    Raises NotAMailbox, and OSError where the file cannot be read.
    """
    found = known = 0
    for raw in _messages(path):
        found += 1
        known += not _take_up(raw, consultation, by)
    if not found:
        raise NotAMailbox
    record(
        action=Action.MAILBOX_LOADED,
        actor=by,
        subject=consultation.slug,
        messages=found,
        known=known,
    )
    return Loaded(found, known)


def _messages(path: Path) -> Iterator[bytes]:
    if path.suffix.lower() == ".eml":
        yield path.read_bytes()
        return
    # The mailbox module has an error of its own for a file that is not there.
    path.stat()
    box = mailbox.mbox(path, create=False)
    try:
        for key in box.iterkeys():
            yield QUOTED_FROM.sub(rb"\1", box.get_bytes(key))
    finally:
        box.close()


def _take_up(raw: bytes, consultation: Consultation, by: User | None) -> bool:
    """Whether it is new."""
    sha256 = hashlib.sha256(raw).hexdigest()
    with transaction.atomic():
        # Two loadings of one mailbox at once: the second waits for the first message, and finds
        # each there.
        Consultation.objects.select_for_update(no_key=True).get(pk=consultation.pk)
        if Message.objects.filter(consultation=consultation, sha256=sha256).exists():
            return False
        name = default_storage.save(f"messages/{sha256}.eml", ContentFile(raw))
        Message.objects.create(
            consultation=consultation,
            file=name,
            sha256=sha256,
            received_at=_received_at(raw),
            loaded_by=by,
        )
    return True


def _received_at(raw: bytes) -> datetime | None:
    """When it reached the mailbox: the date of the uppermost Received header, or else what the
    sender says.
    """
    parsed = _parsed(raw)
    stamps = [_read_header(parsed, "Received").rpartition(";")[2], _read_header(parsed, "Date")]
    for stamp in stamps:
        try:
            moment = parsedate_to_datetime(stamp.strip())
            # Some write an offset of 23 hours, which PostgreSQL has never heard of.
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except ROW_TROUBLE:
            continue
    return None


def _parsed(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


def read_letter(message: Message) -> Letter:
    """What a message says. Raises FileNotFoundError where its file was removed."""
    if not message.file:
        raise FileNotFoundError
    with default_storage.open(message.file) as file:
        parsed = _parsed(file.read())
    return Letter(
        sender=_header(parsed, "From"),
        subject=_header(parsed, "Subject"),
        sent=_header(parsed, "Date"),
        words=_words(parsed)[:SHOWN_CHARS],
        attachments=[name for part in parsed.walk() if (name := _attached(part))],
    )


def _read_header(parsed: EmailMessage, name: str) -> str:
    """What a header says; as it was sent, where the library cannot make sense of it."""
    try:
        return str(parsed.get(name, ""))
    except ROW_TROUBLE:
        raw = dict(parsed.raw_items())
        return str(raw.get(name, ""))


def _attached(part: EmailMessage) -> str:
    """The name of an attached file, or its kind; "" for a part that is none."""
    try:
        if part.get_content_disposition() != "attachment":
            return ""
        return _kept(part.get_filename() or part.get_content_type())
    except ROW_TROUBLE:
        return "?"


def _header(parsed: EmailMessage, name: str) -> str:
    return _kept(" ".join(_read_header(parsed, name).split()))[:500]


def _words(parsed: EmailMessage) -> str:
    try:
        body = parsed.get_body(preferencelist=("plain", "html"))
        raw = body.get_payload(decode=True) if body else b""
    except ROW_TROUBLE:
        return ""
    content = raw[:DECODED_BYTES] if isinstance(raw, bytes) else b""
    try:
        charset = lookup(body.get_content_charset() or "utf-8").name if body else "utf-8"
        text = content.decode("utf-8" if charset in NO_CHARSETS else charset, errors="replace")
    except (LookupError, UnicodeError):
        # A character set that nobody knows; most such messages are UTF-8 all the same.
        text = content.decode("utf-8", errors="replace")
    if body and body.get_content_type() == "text/html":
        text = strip_tags(text)
    return _kept(text.replace("\r\n", "\n").replace("\r", "\n").strip())


def _kept(text: str) -> str:
    # Nothing that PostgreSQL cannot store, nor that a page should not show.
    return with_symbols(text.replace("\x00", "").encode("utf-8", "replace").decode())
