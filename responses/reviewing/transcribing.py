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
from consult.shown import fingerprint_of, refuse_changed
from responses.models import Message, Response, Review, Transcription
from responses.responding.amending import OVER, amend_response
from responses.responding.submitting import Submission, Submitted, submit_response
from responses.reviewing.reading import newest_version
from responses.reviewing.reviews import move_review

CHANNELS = [Response.Channel.POST, Response.Channel.EMAIL, Response.Channel.TELEPHONE]
REASON_MAX_CHARS = 300
KEYED_MAX_CHARS = 200_000


class NotReceivedYet(ValueError):
    """It cannot have arrived on a day in the future."""


class LateWithoutReason(ValueError):
    """It came after closing, and there is no reason for accepting it."""


class ReasonMissing(ValueError):
    """Setting a message aside needs a reason."""


class SenderWithdrew(Exception):
    """The response that was made from the message was withdrawn or erased, so that it cannot be
    entered again. `response` is its newest version.
    """

    def __init__(self, response: Response) -> None:
        super().__init__(response.reference)
        self.response = response


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

    One transaction with the record of who keyed it; the same key twice is one response. From a
    message that was entered before and reopened comes a new version of that response.
    `started_at` of the submission is when keying began. Raises NotReceivedYet, LateWithoutReason,
    MessageDecided, SenderWithdrew, and anything that `submit_response` raises.
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
            if before := _made_from(message):
                return _enter_again(before, replace(submission, timing=timing), message, by)
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


def _made_from(message: Message) -> Response | None:
    """Return the newest version of what was entered from a message that waits again."""
    entered = Transcription.objects.filter(message=message).select_related("response").first()
    if entered is None or message.state != Message.State.WAITING:
        return None
    return newest_version(entered.response.reference)


def _enter_again(before: Response, submission: Submission, message: Message, by: User) -> Submitted:
    if before.act in OVER:
        raise SenderWithdrew(before)
    submitted = amend_response(earlier=before, submission=submission)
    _decide(message, Message.State.RESPONSE, by)
    record(
        action=Action.RESPONSE_TRANSCRIBED,
        actor=by,
        subject=before.reference,
        channel=submission.channel,
        again=True,
    )
    return submitted


def message_shown(message: Message) -> str:
    """The fingerprint of what the page of a message says was decided about it."""
    return fingerprint_of(message.state, message.reason, message.decided_by_id, message.decided_at)


def set_message_aside(*, message: Message, reason: str, by: User, shown: str | None = None) -> None:
    """Record that a message is not a response, and why. What was made from it before it was
    reopened is set aside too, for the same reason.

    Raises ReasonMissing, MessageDecided and ChangedSinceShown.
    """
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        locked = Message.objects.select_for_update().get(pk=message.pk)
        refuse_changed(shown=shown, now=message_shown(locked))
        before = _made_from(locked)
        if before and before.act not in OVER:
            _set_aside(before, reason, by)
        locked.reason = reason.strip()[:REASON_MAX_CHARS]
        _decide(locked, Message.State.NOT_A_RESPONSE, by)
        record(
            action=Action.MESSAGE_SET_ASIDE,
            actor=by,
            subject=f"message {locked.pk}",
        )


def _set_aside(response: Response, reason: str, by: User) -> None:
    # From wherever reading has got to: one decision on a message is not lost for another on the
    # response.
    review = response.review
    if review.state == Review.State.CONSIDERED:
        step = move_review(
            review=review, to_state=Review.State.READING, note=reason, version=review.version, by=by
        )
        review = step.review
    if review.state != Review.State.SET_ASIDE:
        move_review(
            review=review,
            to_state=Review.State.SET_ASIDE,
            note=reason,
            version=review.version,
            by=by,
        )


def reopen_message(*, message: Message, reason: str, by: User, shown: str | None = None) -> None:
    """Let a message that was decided wait for a decision again, and say why.

    A response that was made from it stays as it is, and counts, until that decision. Raises
    ReasonMissing, ChangedSinceShown, and MessageDecided where it is waiting already.
    """
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        locked = Message.objects.select_for_update().get(pk=message.pk)
        refuse_changed(shown=shown, now=message_shown(locked))
        reopened = Message.objects.filter(
            pk=message.pk, state__in=[Message.State.NOT_A_RESPONSE, Message.State.RESPONSE]
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
