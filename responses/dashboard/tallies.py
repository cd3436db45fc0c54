"""The counts for the dashboard. A job counts, and small groups are not shown."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Now

from consult.models import Consultation
from consult.plans.document import Question
from consult.plans.editions import current_edition, plan_of
from responses.arrivals import REACHED_ON
from responses.current import current_responses
from responses.models import Batch, CodedAnswer, Confirmation, Response, Review, Tally
from responses.responding.resending import NOT_REACHED
from responses.reviewing.codebooks import questions_to_code

# A smaller group is not shown: in it, someone might be recognised by what they chose.
FEWEST_SHOWN = 5
UNANSWERED = ""


@dataclass(frozen=True)
class Row:
    """An answer and how many people gave it; None if too few did to show."""

    slug: str
    label: str
    count: int | None


def tally(*, consultation: Consultation) -> Tally:
    """Count everything again.

    It takes seconds with a million responses, so a job does it and not a page.
    """
    current = current_responses(consultation)
    days = (
        Response.objects.filter(consultation=consultation, version=1)
        .order_by()
        .annotate(day=REACHED_ON)
        .values_list("day", "channel")
        .annotate(count=Count("pk"))
        .order_by("day", "channel")
    )
    with transaction.atomic():
        figures = {
            "received": Response.objects.filter(consultation=consultation, version=1).count(),
            "current": current.count(),
            "synthetic": current.filter(synthetic=True).count(),
            "days": [[day.isoformat(), channel, count] for day, channel, count in days],
            "choices": _choices(consultation),
            "bands": {
                question.slug: _bands(consultation, question)
                for question in counted_questions(consultation)
                if question.entry.banded
            },
            "states": dict(
                Review.objects.filter(response__in=current)
                .values_list("state")
                .annotate(count=Count("pk"))
            ),
            "in_bulk": dict(
                Review.objects.filter(response__in=current, decided_in_bulk=True)
                .values_list("state")
                .annotate(count=Count("pk"))
            ),
            "unopened": current.filter(review__first_read_at=None).count(),
            "coded": {
                question.slug: _coded(consultation, question)
                for question in questions_to_code(consultation)
            },
        }
        made, _new = Tally.objects.update_or_create(
            consultation=consultation, defaults={"figures": figures, "counted_at": Now()}
        )
    made.refresh_from_db()
    return made


def _choices(consultation: Consultation) -> dict[str, dict[str, int]]:
    """Return how many gave each answer to each closed question.

    If several can be chosen, a response counts for each.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT answer.key, option.slug, count(*) FROM responses_response AS response
            JOIN responses_review AS review ON review.response_id = response.id
                AND NOT review.superseded,
            LATERAL jsonb_each(response.choices) AS answer,
            LATERAL jsonb_array_elements_text(
                CASE jsonb_typeof(answer.value) WHEN 'array' THEN answer.value
                    ELSE jsonb_build_array(answer.value) END
            ) AS option(slug)
            WHERE response.consultation_id = %s AND response.act IN ('sent', 'amended')
            GROUP BY 1, 2
            """,
            [consultation.pk],
        )
        found: dict[str, dict[str, int]] = {}
        for question, option, count in cursor.fetchall():
            found.setdefault(question, {})[option] = count
    return found


def _bands(consultation: Consultation, question: Question) -> list[list[str | int]]:
    """Return how many answers are in each band of a question, in order: its label and the count."""
    stored = (
        current_responses(consultation)
        .filter(texts__has_key=question.slug)
        .order_by()
        .values_list(KeyTextTransform(question.slug, "texts"))
        .annotate(count=Count("pk"))
    )
    counts: Counter[tuple[int, str]] = Counter()
    for text, count in stored:
        counts[question.entry.band(question, text)] += count
    return [[label, count] for (_place, label), count in sorted(counts.items())]


def _coded(consultation: Consultation, question: Question) -> list[int]:
    answers = current_responses(consultation).filter(texts__has_key=question.slug)
    gone_through = CodedAnswer.objects.filter(response=OuterRef("pk"), question=question.slug)
    return [answers.count(), answers.filter(Exists(gone_through)).count()]


def suppress(counts: Mapping[str, int], *, exclusive: bool) -> dict[str, int | None]:
    """Return `counts` with None for groups too small to show.

    If each response is in one group only (`exclusive`) and the total is known, a missing group
    could be worked out from the rest. So at least two groups are hidden, with FEWEST_SHOWN between
    them: the next smallest go too.
    """
    hidden = {name for name, count in counts.items() if 0 < count < FEWEST_SHOWN}
    if exclusive and hidden:
        others = sorted(
            (name for name, count in counts.items() if count >= FEWEST_SHOWN),
            key=lambda name: (counts[name], name),
        )
        while others and (len(hidden) < 2 or sum(counts[name] for name in hidden) < FEWEST_SHOWN):
            hidden.add(others.pop(0))
    return {name: None if name in hidden else count for name, count in counts.items()}


def distribution(figures: Mapping[str, Any], question: Question) -> list[Row]:
    """Return a row for each option or band of a question, in order, and one for those who
    left it out.
    """
    counted = figures["choices"].get(question.slug, {})
    counts = {option.slug: counted.get(option.slug, 0) for option in question.options}
    counts |= dict(figures.get("bands", {}).get(question.slug, []))
    exclusive = not question.entry.several
    if exclusive:
        counts[UNANSWERED] = max(figures["current"] - sum(counts.values()), 0)
    shown = suppress(counts, exclusive=exclusive)
    labels = {option.slug: option.label for option in question.options}
    return [
        Row(slug, labels.get(slug, slug) or "Not answered, or not asked", count)
        for slug, count in shown.items()
    ]


def counted_questions(consultation: Consultation) -> list[Question]:
    """Return the questions whose answers can be counted: those in prose cannot.

    Never the equality ones, which are kept apart.
    """
    return [
        question
        for question in plan_of(current_edition(consultation)).asked
        if question.closed or question.entry.banded
    ]


def full_titles(consultation: Consultation) -> dict[str, str]:
    """Return each question's wording by slug, after the title of its part: several parts ask the
    same.
    """
    parts = plan_of(current_edition(consultation)).parts
    return {
        question.slug: f"{part.title}: {question.text}"
        for part in parts
        for question in part.questions
    }


def waiting_now(consultation: Consultation) -> dict[str, Any]:
    """Return what cannot wait for the next count: the oldest unread response, confirmations and
    the last batch.
    """
    # Ids are in the order of arrival, as is the index on the state, so the first is found without
    # reading the others.
    unread = (
        current_responses(consultation)
        .filter(review__state=Review.State.UNREAD)
        .order_by("review__response_id")
    )
    left = [Confirmation.State.WAITING, *NOT_REACHED]
    confirmations = Confirmation.objects.filter(response__consultation=consultation, state__in=left)
    states = dict(confirmations.values_list("state").annotate(count=Count("pk")))
    return {
        "oldest_unread": unread.values_list("received_at", flat=True).first(),
        "waiting": states.get(Confirmation.State.WAITING, 0),
        "failed": sum(states.get(state, 0) for state in NOT_REACHED),
        "batch": Batch.objects.filter(consultation=consultation).order_by("-number").first(),
    }
