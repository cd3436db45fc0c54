"""Loading a mailbox: each message becomes one row, and each row is a response or, with a reason,
not one.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.contrib.postgres.search import SearchVectorField
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DataError, IntegrityError, transaction
from django.db.models import Func, QuerySet, TextField, Value
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consult.auditing import record
from consult.jobs import ROW_TROUBLE
from consult.models import Action, Consultation, User
from responses.models import Message
from responses.reviewing.inbound import outlook
from responses.reviewing.inbound.headers import kept
from responses.reviewing.inbound.letters import Letter, letter_in, unreadable_letter
from responses.reviewing.inbound.mail_files import messages_in
from responses.reviewing.inbound.moments import first_moment
from responses.reviewing.inbound.parts import Content, part_of

log = logging.getLogger(__name__)

OPENING_CHARS = 200
# In one transaction: a loading that is stopped has lost this many at most, and finds the others.
AT_ONCE = 50
SEARCHED_CHARS = 60_000
# How many files without a message are named, of a zip that may hold thousands.
NAMED = 20


class NotAMailbox(ValueError):
    """The file contains no message."""


class NoSuchPart(LookupError):
    """The message has no part with that number, or the part is not a message."""


@dataclass(frozen=True)
class Taken:
    """A message that is here; whether it is `new`; and, if so, whether another letter that was here
    before has its Message-ID.
    """

    message: Message
    new: bool
    namesake: bool = False


@dataclass(frozen=True)
class Loaded:
    """What was found in a file: its messages; how many had been loaded before; how many carry the
    Message-ID of another letter; and the files in a zip that contain no message.
    """

    messages: int
    known: int
    namesakes: int = 0
    without: tuple[str, ...] = ()


def load_mailbox(
    *, consultation: Consultation, path: Path, by: User | None, name: str = ""
) -> Loaded:
    """Load every message of an mbox, .eml, .emlx or .msg file, or of a zip of them.

    Loading it again, whole or in part, finds what is there and adds the rest, even if messages were
    read, flagged, moved or saved again since. That also continues a loading that was stopped.

    Raises NotAMailbox, and OSError if the file cannot be read.
    """
    found = known = namesakes = 0
    without = []
    every = messages_in(path, name=name)
    while lot := list(islice(every, AT_ONCE)):
        without += [one.name for one in lot if one.raw is None]
        taken = take_up([one.raw for one in lot if one.raw], consultation=consultation, by=by)
        found += len(taken)
        known += sum(not one.new for one in taken)
        namesakes += sum(one.namesake for one in taken)
    if not found:
        raise NotAMailbox
    return Loaded(found, known, namesakes, tuple(without))


def loaded_in_words(loaded: Loaded) -> str:
    """Return what was found, for the person who loaded it."""
    words = ngettext(
        "%(messages)s message is in the file; loaded before: %(known)s.",
        "%(messages)s messages are in the file; %(known)s of them were loaded before.",
        loaded.messages,
    ) % {"messages": f"{loaded.messages:,}", "known": f"{loaded.known:,}"}
    if loaded.namesakes:
        words += " " + _(
            "Letters with the Message-ID of another one and other words: %(number)s. Both are "
            "kept, and name each other."
        ) % {"number": f"{loaded.namesakes:,}"}
    if loaded.without:
        words += " " + _("No message was found in: %(names)s.") % {
            "names": ", ".join(kept(name) for name in loaded.without[:NAMED])
        }
    return words


def take_up(
    raws: Sequence[bytes],
    *,
    consultation: Consultation,
    by: User | None,
    within: Message | None = None,
) -> list[Taken]:
    """Make messages letters here: those that are here already are found. One transaction, and one
    act on the trail, for all of them.
    """
    letters = [(raw, _read(raw)) for raw in raws]
    if not letters:
        return []
    with transaction.atomic():
        # Two loadings of one mailbox at once: the second waits for the first, and finds each
        # message there.
        Consultation.objects.select_for_update(no_key=True).get(pk=consultation.pk)
        taken = [_take_up_apart(raw, letter, consultation, by, within) for raw, letter in letters]
        record(
            action=Action.MAILBOX_LOADED,
            actor=by,
            subject=consultation.slug,
            messages=len(taken),
            known=sum(not one.new for one in taken),
        )
    return taken


def take_up_forwarded(*, message: Message, number: int, by: User) -> Message:
    """Make a message that was forwarded within another one a letter of its own.

    The second time it is the same row. Raises NoSuchPart, and FileNotFoundError if the file was
    removed.
    """
    part = read_part(message, number)
    if not part.forwarded:
        raise NoSuchPart
    taken = take_up([part.content], consultation=message.consultation, by=by, within=message)
    return taken[0].message


def _read(raw: bytes) -> Letter:
    """Return what a message says. One that cannot be read is kept as it is, and stops no other."""
    try:
        return letter_in(raw)
    except ROW_TROUBLE as trouble:
        log.exception("A message cannot be read: %s", type(trouble).__name__)
        return unreadable_letter(raw)


def _take_up_apart(
    raw: bytes, letter: Letter, consultation: Consultation, by: User | None, within: Message | None
) -> Taken:
    """Take up one message; one whose words the database refuses is kept as unreadable."""
    try:
        with transaction.atomic():
            return _take_up(raw, letter, consultation, by, within)
    except (DataError, IntegrityError, ValueError) as trouble:
        log.exception("A message cannot be kept: %s", type(trouble).__name__)
        return _take_up(raw, unreadable_letter(raw), consultation, by, within)


def _take_up(
    raw: bytes, letter: Letter, consultation: Consultation, by: User | None, within: Message | None
) -> Taken:
    sha256 = letter.identity
    known = Message.objects.filter(consultation=consultation, sha256=sha256).first()
    if known is not None:
        return Taken(known, new=False)
    ending = "msg" if raw.startswith(outlook.BEGINNING) else "eml"
    name = default_storage.save(f"messages/{sha256}.{ending}", ContentFile(raw))
    made = Message.objects.create(
        consultation=consultation,
        file=name,
        sha256=sha256,
        sender_name=letter.sender_name[:200],
        sender_email=letter.sender_email[:320],
        subject=letter.subject[:500],
        message_id=letter.message_id[:500],
        within=within,
        **_said_by(letter),
        received_at=first_moment([letter.received, letter.sent]),
        loaded_by=by,
    )
    return Taken(made, new=True, namesake=others_with_its_id(made).exists())


def described(raw: bytes) -> dict[str, Any]:
    """Return the columns of a message that its text fills."""
    return _said_by(_read(raw))


def _said_by(letter: Letter) -> dict[str, Any]:
    opening = " ".join(letter.words[: OPENING_CHARS * 2].split())[:OPENING_CHARS]
    # What a search of the mailbox looks in: no more than PostgreSQL can index of one text.
    said = f"{letter.sender} {letter.subject} {letter.words}"[:SEARCHED_CHARS]
    words = Func(Value(said), function="words_in", output_field=TextField())
    typed = Func(words, function="as_typed", output_field=SearchVectorField())
    return {"opening": opening, "words": typed}


def others_with_its_id(message: Message) -> QuerySet[Message]:
    """Return other letters with the same Message-ID: copies in another form, or a mail program's
    fault.
    """
    if not message.message_id:
        return Message.objects.none()
    return Message.objects.filter(
        consultation=message.consultation_id, message_id=message.message_id
    ).exclude(pk=message.pk)


def original_of(message: Message) -> bytes:
    """Return the message as it was in the mailbox. Raises FileNotFoundError if it was removed."""
    if not message.file:
        raise FileNotFoundError
    with default_storage.open(message.file) as file:
        content: bytes = file.read()
    return content


def read_letter(message: Message) -> Letter:
    """Return what a message says. Raises FileNotFoundError if its file was removed."""
    return _read(original_of(message))


def read_part(message: Message, number: int) -> Content:
    """Return a part of a message. Raises NoSuchPart, and FileNotFoundError if
    its file was removed.
    """
    part = part_of(original_of(message), number)
    if part is None:
        raise NoSuchPart
    return part
