"""Entering what came by post, email or telephone: by the same rule as the public form, with who
keyed it and from what.
"""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import BinaryIO
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.functions import Now

from consult.auditing import record
from consult.clock import LONDON
from consult.models import Action, Consultation, Edition, User
from consult.plans.document import Plan
from responses.answers import Answers
from responses.file_removals import remove_file
from responses.models import Attachment, Message, Response, SecondKeying, Transcription
from responses.responding.amending import amend_response
from responses.responding.submitting import Submission, Submitted, submit_response
from responses.reviewing.reading import ChangedSinceOpened, hold_as_shown

CHANNELS = [Response.Channel.POST, Response.Channel.EMAIL, Response.Channel.TELEPHONE]
REASON_MAX_CHARS = 300
ATTACHMENT_MAX_BYTES = 15_000_000
# What a file may be, told by how it begins and never by its name. Nothing that a browser runs.
BEGINNINGS = {
    b"%PDF-": ("application/pdf", "pdf"),
    b"\x89PNG\r\n\x1a\n": ("image/png", "png"),
    b"\xff\xd8\xff": ("image/jpeg", "jpg"),
    b"II*\x00": ("image/tiff", "tif"),
    b"MM\x00*": ("image/tiff", "tif"),
}


class NotReceivedYet(ValueError):
    """It cannot have come on a day in the future."""


class LateWithoutReason(ValueError):
    """It came after closing, and why it is accepted is not said."""


class KeyedByTheSame(Exception):
    """The person who keyed it first cannot be the second pair of eyes."""


class KeyedTwiceAlready(Exception):
    """A second person has keyed it before."""


class NotAFileWeTake(ValueError):
    """By its content it is no PDF, PNG, JPEG or TIFF."""


class FileTooLarge(ValueError):
    """It has more than ATTACHMENT_MAX_BYTES."""


class ReasonMissing(ValueError):
    """Setting a message aside needs words."""


class MessageDecided(Exception):
    """Someone has said already what the message is."""


def last_day_of(consultation: Consultation) -> date:
    """The last London day on which it may arrive in time."""
    return (consultation.closes_at - timedelta(microseconds=1)).astimezone(LONDON).date()


def transcribe_response(
    *,
    consultation: Consultation,
    edition: Edition,
    plan: Plan,
    submission_key: UUID,
    answers: Answers,
    contact: Mapping[str, str],
    channel: Response.Channel,
    received_on: date,
    late_reason: str,
    started_at: datetime,
    by: User,
    message: Message | None = None,
) -> Submitted:
    """Receive what came by another way.

    The respondent gets a reference, and a confirmation where they gave an address.

    In one transaction with who keyed it; the same key twice is one response. `started_at` is when
    keying began. Raises NotReceivedYet, LateWithoutReason, MessageDecided, and whatever
    `submit_response` raises.
    """
    if received_on > started_at.astimezone(LONDON).date():
        raise NotReceivedYet
    late = received_on > last_day_of(consultation)
    if late and not late_reason.strip():
        raise LateWithoutReason
    with transaction.atomic():
        if message is not None:
            message = Message.objects.select_for_update().get(pk=message.pk)
        submitted = submit_response(
            submission=Submission(
                edition=edition,
                submission_key=submission_key,
                answers=answers,
                contact=contact,
                started_at=started_at,
                channel=channel,
                timing=Response.Timing.LATE if late else Response.Timing.IN_TIME,
            )
        )
        if submitted.first:
            if message is not None:
                _decide(message, Message.State.RESPONSE, by)
            reason = late_reason.strip()[:REASON_MAX_CHARS] if late else ""
            Transcription.objects.create(
                response=submitted.response,
                received_on=received_on,
                keyed_by=by,
                late_reason=reason,
                message=message,
            )
            record(
                action=Action.RESPONSE_TRANSCRIBED,
                actor=by,
                subject=submitted.response.reference,
                channel=channel,
                late=late,
            )
    return submitted


def differing_answers(
    response: Response, answers: Answers, contact: Mapping[str, str]
) -> list[str]:
    """The names of the answers and contact details that a second keying has otherwise than
    `response`.
    """
    before = (
        response.choices
        | response.texts
        | {name: getattr(response.contact, name) for name in contact}
    )
    after = answers.choices | answers.texts | dict(contact)
    return sorted(
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    )


def settle_second_keying(
    *,
    transcription: Transcription,
    shown: Response,
    plan: Plan,
    answers: Answers,
    contact: Mapping[str, str],
    take_second: bool,
    submission_key: UUID,
    started_at: datetime,
    by: User,
) -> SecondKeying:
    """Write down that a second person keyed it, and put their answers in the first's place where
    those are right.

    `shown` is the newest version when they began. The first keying stays on record as the earlier
    version. Raises KeyedByTheSame, KeyedTwiceAlready, ChangedSinceOpened, and whatever
    `amend_response` raises.
    """
    with transaction.atomic():
        hold_as_shown(shown)
        first = (
            Transcription.objects.select_for_update(of=("self",))
            .select_related("response__contact", "response__edition")
            .get(pk=transcription.pk)
        )
        if first.keyed_by_id == by.pk:
            raise KeyedByTheSame
        if SecondKeying.objects.filter(transcription=first).exists():
            raise KeyedTwiceAlready
        differing = differing_answers(first.response, answers, contact)
        outcome = SecondKeying.Outcome.AGREED
        if differing:
            outcome = SecondKeying.Outcome.SECOND if take_second else SecondKeying.Outcome.FIRST
        if outcome == SecondKeying.Outcome.SECOND:
            response = first.response
            amend_response(
                earlier=response,
                submission=Submission(
                    edition=response.edition,
                    submission_key=submission_key,
                    answers=answers,
                    contact=contact,
                    started_at=started_at,
                    channel=response.channel,
                    timing=Response.Timing(response.timing),
                ),
            )
        record(
            action=Action.KEYED_AGAIN,
            actor=by,
            subject=first.response.reference,
            outcome=outcome,
            differing=differing,
        )
        return SecondKeying.objects.create(
            transcription=first, by=by, differing=differing, outcome=outcome
        )


def kind_of(beginning: bytes) -> tuple[str, str]:
    """The media type and the ending of the name for a file that begins so.

    Raises NotAFileWeTake.
    """
    for start, kind in BEGINNINGS.items():
        if beginning.startswith(start):
            return kind
    raise NotAFileWeTake


def attach_file(
    *, transcription: Transcription, shown: Response, file: BinaryIO, by: User
) -> Attachment:
    """Keep a scan beside what was keyed from it; the same content twice is one.

    `shown` is the newest version of the response when the page was opened. Raises NotAFileWeTake,
    FileTooLarge and ChangedSinceOpened.
    """
    content = file.read(ATTACHMENT_MAX_BYTES + 1)
    if len(content) > ATTACHMENT_MAX_BYTES:
        raise FileTooLarge
    kind, ending = kind_of(content)
    sha256 = hashlib.sha256(content).hexdigest()
    if known := transcription.attachments.filter(sha256=sha256).first():
        return known
    # The file first: a name without a row is litter, a row without a file would be a loss.
    name = default_storage.save(
        f"attachments/{transcription.pk}-{sha256[:16]}.{ending}", ContentFile(content)
    )
    try:
        with transaction.atomic():
            hold_as_shown(shown)
            record(
                action=Action.FILE_ATTACHED,
                actor=by,
                subject=transcription.response.reference,
                sha256=sha256,
                bytes=len(content),
            )
            return Attachment.objects.create(
                transcription=transcription,
                file=name,
                kind=kind,
                bytes=len(content),
                sha256=sha256,
                by=by,
            )
    except ChangedSinceOpened:
        # It may have been erased: no word of it stays.
        remove_file(storage="default", name=name)
        raise


def set_message_aside(*, message: Message, reason: str, by: User) -> None:
    """Say that a message is not a response, and why. Raises ReasonMissing and MessageDecided."""
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        locked = Message.objects.select_for_update().get(pk=message.pk)
        locked.reason = reason.strip()[:REASON_MAX_CHARS]
        _decide(locked, Message.State.NOT_A_RESPONSE, by)
        record(
            action=Action.MESSAGE_SET_ASIDE,
            actor=by,
            subject=f"message {locked.pk}",
        )


def _decide(message: Message, state: Message.State, by: User) -> None:
    if message.state != Message.State.WAITING:
        raise MessageDecided
    message.state, message.decided_by = state, by
    message.save(update_fields=["state", "decided_by", "reason"])
    Message.objects.filter(pk=message.pk).update(decided_at=Now())
