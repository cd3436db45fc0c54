"""Entering what came by post, email or telephone: by the same rule as the public form, with a
record of who typed it in and from what.
"""

from dataclasses import replace
from datetime import date, timedelta

from django.db import transaction
from django.db.models.functions import Now

from consult.auditing import record
from consult.clock import LONDON
from consult.models import Action, Consultation, Edition, User
from consult.plans.document import Plan
from consult.plans.editions import plan_of
from responses.models import Message, Response, Transcription
from responses.responding.submitting import Submission, Submitted, submit_response

CHANNELS = [Response.Channel.POST, Response.Channel.EMAIL, Response.Channel.TELEPHONE]
REASON_MAX_CHARS = 300
KEYED_MAX_CHARS = 200_000


class NotReceivedYet(ValueError):
    """It cannot have arrived on a day in the future."""


class LateWithoutReason(ValueError):
    """It came after closing, and there is no reason for accepting it."""


class ReasonMissing(ValueError):
    """Setting a message aside needs a reason."""


class MessageDecided(Exception):
    """Someone has already said what the message is."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.pk)
        self.message = message


def plan_to_key(edition: Edition) -> Plan:
    """Return an edition's plan without limits on length, so that nothing people sent by letter
    is too long to enter.
    """
    plan = plan_of(edition)
    questions = tuple(
        replace(question, max_chars=KEYED_MAX_CHARS) if question.prose else question
        for question in plan.questions
    )
    return replace(plan, questions=questions)


def last_day_of(consultation: Consultation) -> date:
    """Return the last day in London on which it can arrive in time."""
    return (consultation.closes_at - timedelta(microseconds=1)).astimezone(LONDON).date()


def transcribe_response(
    *,
    submission: Submission,
    received_on: date,
    late_reason: str,
    by: User,
    message: Message | None = None,
) -> Submitted:
    """Receive a response that came by another way.

    The respondent gets a reference, and a confirmation if they gave an address.

    One transaction with the record of who keyed it; the same key twice is one response.
    `started_at` of the submission is when keying began. Raises NotReceivedYet, LateWithoutReason,
    MessageDecided, and anything that `submit_response` raises.
    """
    if received_on > submission.started_at.astimezone(LONDON).date():
        raise NotReceivedYet
    late = received_on > last_day_of(submission.edition.consultation)
    if late and not late_reason.strip():
        raise LateWithoutReason
    timing = Response.Timing.LATE if late else Response.Timing.IN_TIME
    with transaction.atomic():
        if message is not None:
            message = Message.objects.select_for_update().get(pk=message.pk)
        submitted = submit_response(submission=replace(submission, timing=timing))
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
                channel=submission.channel,
                late=late,
            )
    return submitted


def set_message_aside(*, message: Message, reason: str, by: User) -> None:
    """Record that a message is not a response, and why. Raises ReasonMissing and MessageDecided."""
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


def reopen_message(*, message: Message, reason: str, by: User) -> None:
    """Let a message that was set aside wait for a decision again, and say why.

    Raises ReasonMissing, and MessageDecided where it is waiting or was entered.
    """
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        reopened = Message.objects.filter(
            pk=message.pk, state=Message.State.NOT_A_RESPONSE
        ).exclude(file="")
        if not reopened.update(
            state=Message.State.WAITING,
            reason=reason.strip()[:REASON_MAX_CHARS],
            decided_by=None,
            decided_at=None,
        ):
            raise MessageDecided(message)
        record(action=Action.MESSAGE_REOPENED, actor=by, subject=f"message {message.pk}")


def _decide(message: Message, state: Message.State, by: User) -> None:
    if message.state != Message.State.WAITING:
        raise MessageDecided(message)
    message.state, message.decided_by = state, by
    message.save(update_fields=["state", "decided_by", "reason"])
    Message.objects.filter(pk=message.pk).update(decided_at=Now())
