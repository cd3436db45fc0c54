"""The equality questions: asked once the response is safely sent, kept apart from it, and out of
use at one step.

They tell MOPAC whether it has heard from a wide range of people, so they have to be counted and
never to be traced. They are handed over after closing, all together: in a nightly batch of a
handful of responses, a handful of rows would tell whose they are.
"""

import hashlib
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from consult.models import Consultation, Edition, published
from responses.answers import Answers
from responses.models import Batch, EqualityAnswers

# Anyone who sends at the last minute has this long, after the grace period, for the equality
# questions. The first daily batch after that takes them: with a closing at midnight, a grace period
# below an hour and a batch at 02:00, that of the same night.
ASKED_AFTER_GRACE = timedelta(hours=1)


class NotAskedNow(Exception):
    """The consultation does not take equality answers: it is over, or withdrawn."""


class NothingAnswered(Exception):
    """There is no answer in it."""


class AnsweredBefore(Exception):
    """There are equality answers from this respondent already, or their use was stopped after they
    were handed over.
    """


def give_equality_answers(
    *, consultation: Consultation, edition: Edition, token: str, answers: Answers
) -> EqualityAnswers:
    """Keep what the holder of the receipt `token` answered.

    Raises NotAskedNow, NothingAnswered or AnsweredBefore.
    """
    if not are_asked(consultation):
        raise NotAskedNow
    if not answers.choices and not answers.texts:
        raise NothingAnswered
    try:
        with transaction.atomic():
            return EqualityAnswers.objects.create(
                consultation=consultation,
                edition=edition,
                holder_hash=_holder(token),
                choices=answers.choices,
                texts=answers.texts,
            )
    except IntegrityError as reason:
        # The constraint decides, so that pressing twice at once keeps one.
        raise AnsweredBefore from reason


def equality_answers_of(token: str) -> EqualityAnswers | None:
    """What the holder of the receipt `token` answered, if anything."""
    return EqualityAnswers.objects.filter(holder_hash=_holder(token)).first()


def stop_equality_use(*, token: str) -> bool:
    """Take the answers of the holder of `token` out of use.

    True where there were any in use.

    They are removed; where a batch holds them already they are emptied instead, and the next batch
    names their id.
    """
    mine = EqualityAnswers.objects.filter(holder_hash=_holder(token), stopped=False)
    removed, _ = mine.filter(batch=None).delete()
    # Sealed between these two: then the first found nothing, and the second does.
    emptied = mine.update(choices={}, texts={}, stopped=True)
    return bool(removed or emptied)


def empty_equality_answers(found: QuerySet[EqualityAnswers]) -> int:
    """Empty answers that were handed over and have been kept for their time; the next batch names
    them. How many.
    """
    return found.filter(stopped=False, batch__isnull=False).update(
        choices={}, texts={}, stopped=True
    )


def are_asked(consultation: Consultation) -> bool:
    """Whether the questions are put at this moment, by the database's clock."""
    window = published().filter(pk=consultation.pk).first()
    return (
        window is not None
        and window.opens_at <= window.now < window.grace_ends_at + ASKED_AFTER_GRACE
    )


def to_hand_over(consultation: Consultation, *, now: datetime) -> QuerySet[EqualityAnswers]:
    """The answers that a batch sealed at `now` takes: none before all are in."""
    everyone = EqualityAnswers.objects.filter(consultation=consultation, batch=None)
    over = (
        now >= consultation.grace_ends_at + ASKED_AFTER_GRACE
        or consultation.withdrawn_at is not None
    )
    return everyone if over else everyone.none()


def to_recall(consultation: Consultation) -> QuerySet[EqualityAnswers]:
    """The answers whose use was stopped after they were handed over, and of which MOPAC does not
    know yet.
    """
    return EqualityAnswers.objects.filter(consultation=consultation, stopped=True, recalled_in=None)


def put_in_batch(*, batch: Batch, now: datetime) -> None:
    """Let a batch that is being sealed take what is due. Needs the transaction that seals it."""
    to_recall(batch.consultation).update(recalled_in=batch)
    to_hand_over(batch.consultation, now=now).update(batch=batch)


def _holder(token: str) -> str:
    return hashlib.sha256(f"equality answers of {token}".encode()).hexdigest()
