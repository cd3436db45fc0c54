"""The equality questions: asked after the response is sent, and kept apart from it.

They tell MOPAC whether it has heard from a wide range of people, so they must be counted and must
never be traced. Once given, nobody can tell one person's answers from another's, neither we nor
they. They are handed over together after closing: in a nightly batch of five responses, five rows
of equality answers would show whose they are. Decision 27 explains how, and what remains possible.
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

# How long after the grace period someone who sent at the last minute can answer. The first daily
# batch after that takes the answers: with closing at midnight, a grace period under an hour and a
# batch at 02:00, that is the same night's.
ASKED_AFTER_GRACE = timedelta(hours=1)
# How many earlier answers are written again with each new one.
MIXED_WITH = 100
# Writes rows again in one transaction, with new ids and in the order of those ids, so that nothing
# PostgreSQL keeps about a row (xmin, ctid) tells them apart. A row altered outside the service gets
# no seal, so that the integrity check still reports it.
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
    """The consultation does not take equality answers now: it is over, or withdrawn."""


class NothingAnswered(Exception):
    """There is no answer in it."""


class AnsweredBefore(Exception):
    """This respondent has already given equality answers."""


def give_equality_answers(
    *, consultation: Consultation, edition: Edition, token: str, answers: Answers
) -> None:
    """Keep the answers of the holder of the receipt `token`, mixed with other people's.

    Waits while another answer to the same consultation is being kept. Raises NotAskedNow,
    NothingAnswered or AnsweredBefore.
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
    """Tell whether the holder of the receipt `token` answered. Nobody can find what they said."""
    return EqualityHolder.objects.filter(holder_hash=_holder(token)).exists()


def empty_equality_answers(found: QuerySet[EqualityAnswers]) -> int:
    """Empty the answers that have been kept long enough, and return how many.

    The next batch names the ids of those that were handed over.
    """
    return found.filter(stopped=False).update(choices={}, texts={}, stopped=True, seal="")


def are_asked(consultation: Consultation) -> bool:
    """Tell whether the questions are asked now, by the database's clock."""
    window = published().filter(pk=consultation.pk).first()
    return (
        window is not None
        and window.opens_at <= window.now < window.grace_ends_at + ASKED_AFTER_GRACE
    )


def to_hand_over(consultation: Consultation, *, now: datetime) -> QuerySet[EqualityAnswers]:
    """Return the answers that a batch sealed at `now` takes: none until all are in, and never a
    few.

    Fewer than EQUALITY_TOGETHER answers to the same questions stay here: next to the responses of
    the same nights they would show whose they are.
    """
    there = _waiting(consultation)
    if not _are_all_in(consultation, now=now):
        return there.none()
    enough = there.values("edition").annotate(together=Count("pk"))
    return there.filter(
        edition__in=enough.filter(together__gte=settings.EQUALITY_TOGETHER).values("edition")
    )


def too_few_to_hand_over(consultation: Consultation, *, now: datetime) -> QuerySet[EqualityAnswers]:
    """Return the answers that stay here although all are in, because they are too few.

    They are handed over if enough others arrive after an extension.
    """
    there = _waiting(consultation)
    if not _are_all_in(consultation, now=now):
        return there.none()
    return there.exclude(pk__in=to_hand_over(consultation, now=now).values("pk"))


def to_recall(consultation: Consultation) -> QuerySet[EqualityAnswers]:
    """Return the answers that were emptied after being handed over, and that MOPAC does not know
    about yet.

    None while they are fewer than EQUALITY_TOGETHER.
    """
    found = EqualityAnswers.objects.filter(
        consultation=consultation, stopped=True, batch__isnull=False, recalled_in=None
    )
    return found if found.count() >= settings.EQUALITY_TOGETHER else found.none()


def put_in_batch(*, batch: Batch, now: datetime) -> None:
    """Put what is due in a batch that is being sealed. Needs the transaction that seals it."""
    consultation = batch.consultation
    _take_turn(consultation)
    to_recall(consultation).update(recalled_in=batch)
    due = to_hand_over(consultation, now=now)
    _mix(consultation, list(due.values_list("pk", flat=True)), batch=batch)


def take_back_in(*, batch: Batch, answers: list[EqualityAnswers], holders: set[str]) -> None:
    """Take in what a batch handed over before an older backup was restored, and who had answered by
    then. Needs the transaction that brings the batch back.

    Answers that were waiting at the time of the backup are among them. The same number is removed
    from those waiting, matched by content, since nothing else tells them apart.
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
    """Return MIXED_WITH random rows that are in no batch, or all if there are fewer.

    The cost does not grow with their number: ids are random, so the rows after a random id are too.
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
    """Wait for a turn: two people answering at once would each be mixed without the other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext(%s))", [f"equality answers {consultation.pk}"]
        )


def _first_asking_the_same(edition: Edition) -> Edition:
    """Return the first edition with these equality questions.

    If each row named its own, those from just after a new edition would stand out.
    """
    asked = plan_of(edition).equality
    every = Edition.objects.filter(consultation=edition.consultation_id).order_by("number")
    return next(earlier for earlier in every if plan_of(earlier).equality == asked)


def _holder(token: str) -> str:
    return hashlib.sha256(f"equality answers of {token}".encode()).hexdigest()
