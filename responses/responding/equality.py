"""The equality questions: asked once the response is safely sent, and kept apart from it.

They tell MOPAC whether it has heard from a wide range of people, so they have to be counted and
never to be traced. Once given, nobody can tell one person's answers from others': not we, and not
they. They are handed over after closing, all together: in a nightly batch of a handful of
responses, a handful of rows would tell whose they are. Decision 27 says how, and what is left.
"""

import hashlib
import json
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, QuerySet

from consult.models import Consultation, Edition, published
from consult.plans.editions import plan_of
from responses.answers import Answers
from responses.models import Batch, EqualityAnswers, EqualityHolder

# Anyone who sends at the last minute has this long, after the grace period, for the equality
# questions. The first daily batch after that takes them: with a closing at midnight, a grace period
# below an hour and a batch at 02:00, that of the same night.
ASKED_AFTER_GRACE = timedelta(hours=1)
# How many answers that are there already are written again with one that arrives.
MIXED_WITH = 100
# Writes rows again in one transaction, as new rows with new ids, in the order of those: nothing
# that PostgreSQL keeps about a row (xmin, ctid) tells them apart. What was altered outside the
# service gets no seal, so that the integrity check goes on naming it.
MIX = """
    WITH taken AS (
        DELETE FROM responses_equalityanswers WHERE id = ANY(%(mixed)s)
        RETURNING edition_id, choices, texts,
            seal = equality_seal(id, edition_id, choices, texts) AS ours
    ), together AS (
        SELECT gen_random_uuid() AS id, * FROM taken
        UNION ALL
        SELECT gen_random_uuid(), edition_id, choices, texts, true
        FROM jsonb_to_recordset(%(arrived)s::jsonb)
            AS arrived (edition_id bigint, choices jsonb, texts jsonb)
    )
    INSERT INTO responses_equalityanswers
        (id, consultation_id, edition_id, choices, texts, batch_id, stopped, seal)
    SELECT id, %(consultation)s, edition_id, choices, texts, %(batch)s, false,
        CASE WHEN ours THEN equality_seal(id, edition_id, choices, texts) ELSE '' END
    FROM together ORDER BY id
"""


class NotAskedNow(Exception):
    """The consultation does not take equality answers: it is over, or withdrawn."""


class NothingAnswered(Exception):
    """There is no answer in it."""


class AnsweredBefore(Exception):
    """There are equality answers from this respondent already."""


def give_equality_answers(
    *, consultation: Consultation, edition: Edition, token: str, answers: Answers
) -> None:
    """Keep what the holder of the receipt `token` answered, among what others did.

    Waits while others of the consultation are being kept. Raises NotAskedNow, NothingAnswered or
    AnsweredBefore.
    """
    if not are_asked(consultation):
        raise NotAskedNow
    if not answers.choices and not answers.texts:
        raise NothingAnswered
    arrived = {
        "edition_id": _first_asking_the_same(edition).pk,
        "choices": answers.choices,
        "texts": answers.texts,
    }
    try:
        with transaction.atomic():
            _take_turn(consultation)
            EqualityHolder.objects.create(holder_hash=_holder(token), consultation=consultation)
            _mix(consultation, _some_waiting(consultation), arrived=[arrived])
    except IntegrityError as reason:
        # The constraint decides, so that pressing twice at once keeps one.
        raise AnsweredBefore from reason


def gave_equality_answers(token: str) -> bool:
    """Whether the holder of the receipt `token` answered. What they said, nobody can find."""
    return EqualityHolder.objects.filter(holder_hash=_holder(token)).exists()


def empty_equality_answers(found: QuerySet[EqualityAnswers]) -> int:
    """Empty answers that have been kept for their time; of those that were handed over, the next
    batch names the ids. How many.
    """
    return found.filter(stopped=False).update(choices={}, texts={}, stopped=True, seal="")


def are_asked(consultation: Consultation) -> bool:
    """Whether the questions are put at this moment, by the database's clock."""
    window = published().filter(pk=consultation.pk).first()
    return (
        window is not None
        and window.opens_at <= window.now < window.grace_ends_at + ASKED_AFTER_GRACE
    )


def to_hand_over(consultation: Consultation, *, now: datetime) -> QuerySet[EqualityAnswers]:
    """The answers that a batch sealed at `now` takes: none before all are in, and never a few.

    Fewer than EQUALITY_TOGETHER to the same questions stay here: beside the responses of the same
    nights they would tell whose they are.
    """
    there = _waiting(consultation)
    if not _are_all_in(consultation, now=now):
        return there.none()
    enough = there.values("edition").annotate(together=Count("pk"))
    return there.filter(
        edition__in=enough.filter(together__gte=settings.EQUALITY_TOGETHER).values("edition")
    )


def too_few_to_hand_over(consultation: Consultation, *, now: datetime) -> QuerySet[EqualityAnswers]:
    """The answers that stay here although all are in, until enough others come after an
    extension.
    """
    there = _waiting(consultation)
    if not _are_all_in(consultation, now=now):
        return there.none()
    return there.exclude(pk__in=to_hand_over(consultation, now=now).values("pk"))


def to_recall(consultation: Consultation) -> QuerySet[EqualityAnswers]:
    """The answers that were handed over and emptied since, and of which MOPAC does not know yet.

    None while they are fewer than EQUALITY_TOGETHER.
    """
    found = EqualityAnswers.objects.filter(
        consultation=consultation, stopped=True, batch__isnull=False, recalled_in=None
    )
    return found if found.count() >= settings.EQUALITY_TOGETHER else found.none()


def put_in_batch(*, batch: Batch, now: datetime) -> None:
    """Let a batch that is being sealed take what is due. Needs the transaction that seals it."""
    consultation = batch.consultation
    _take_turn(consultation)
    to_recall(consultation).update(recalled_in=batch)
    due = to_hand_over(consultation, now=now)
    _mix(consultation, list(due.values_list("pk", flat=True)), batch=batch)


def take_back_in(*, batch: Batch, answers: list[EqualityAnswers], holders: set[str]) -> None:
    """Take in what a batch handed over before an older backup was restored, and who had answered by
    then. Needs the transaction that brings the batch back.

    Answers that were waiting when the backup was made are among them: as many are removed from
    those that wait, by what they say, since nothing else tells them apart.
    """
    consultation = batch.consultation
    _take_turn(consultation)
    known = EqualityHolder.objects.filter(consultation=consultation, holder_hash__in=holders)
    surplus, kept = known.count(), Counter(map(_said, answers))
    handed_over: list[UUID] = []
    for row in _waiting(consultation):
        if len(handed_over) < surplus and kept[_said(row)]:
            kept[_said(row)] -= 1
            handed_over.append(row.pk)
    _waiting(consultation).filter(pk__in=handed_over).delete()
    EqualityAnswers.objects.bulk_create(sorted(answers, key=lambda row: row.pk))
    EqualityHolder.objects.bulk_create(
        [EqualityHolder(holder_hash=one, consultation=consultation) for one in sorted(holders)],
        ignore_conflicts=True,
    )


def _said(row: EqualityAnswers) -> str:
    return json.dumps([row.edition_id, row.choices, row.texts], sort_keys=True)


def _are_all_in(consultation: Consultation, *, now: datetime) -> bool:
    return (
        now >= consultation.grace_ends_at + ASKED_AFTER_GRACE
        or consultation.withdrawn_at is not None
    )


def _waiting(consultation: Consultation) -> QuerySet[EqualityAnswers]:
    return EqualityAnswers.objects.filter(consultation=consultation, batch=None, stopped=False)


def _some_waiting(consultation: Consultation) -> list[UUID]:
    """MIXED_WITH rows that are in no batch, or all where there are no more.

    Random ones, at a cost that does not grow with their number: ids are random, so those after
    a random id are.
    """
    ids, start = _waiting(consultation).order_by("pk").values_list("pk", flat=True), uuid4()
    found = list(ids.filter(pk__gte=start)[:MIXED_WITH])
    return found + list(ids.filter(pk__lt=start)[: MIXED_WITH - len(found)])


def _mix(
    consultation: Consultation,
    mixed: list[UUID],
    *,
    arrived: list[dict[str, object]] | None = None,
    batch: Batch | None = None,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            MIX,
            {
                "mixed": mixed,
                "arrived": json.dumps(arrived or []),
                "consultation": consultation.pk,
                "batch": batch.pk if batch else None,
            },
        )


def _take_turn(consultation: Consultation) -> None:
    """One at a time: two who answer at once would each be mixed without the other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext(%s))", [f"equality answers {consultation.pk}"]
        )


def _first_asking_the_same(edition: Edition) -> Edition:
    """The first edition with these equality questions: with each row's own, those who came just
    after a new edition would stand out.
    """
    asked = plan_of(edition).equality
    every = Edition.objects.filter(consultation=edition.consultation_id).order_by("number")
    return next(earlier for earlier in every if plan_of(earlier).equality == asked)


def _holder(token: str) -> str:
    return hashlib.sha256(f"equality answers of {token}".encode()).hexdigest()
