"""Publishing: making an edition of what is asked, moving the window, withdrawing.

Each is recorded on the audit trail.
"""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Prefetch

from consult.auditing import record
from consult.clock import iso
from consult.models import Action, Consultation, Edition, Option, User

CONSULTATION_FIELDS = [
    *[
        "title",
        "summary",
        "owner",
        "statute",
        "contact",
        "ways_to_respond",
        "alternative_formats",
        "safety_notice",
    ],
    *["statement", "recommendations_statement", "sources", "references", "equality_intro"],
]
OPTIONAL_FIELDS = ["attachments", "translations", "other_versions", "source_titles"]
SECTION_FIELDS = [
    "slug",
    "title",
    "summary",
    "commitments",
    "official_theme",
    "grouping_note",
    "sources",
]
RECOMMENDATION_FIELDS = [
    *[
        "slug",
        "headline",
        "attribution",
        "context",
        "draft_plan_coverage",
        "figures",
        "sources",
        "related_sections",
    ],
]
QUESTION_FIELDS = [
    "slug",
    "part",
    "kind",
    "text",
    "help",
    "scale",
    "max_choices",
    "max_chars",
    "show_if",
    "details",
]
# Moving the closing forward by more than this takes days from people who counted on them.
MUCH_EARLIER = timedelta(days=1)
OPTION_FIELDS = ["slug", "label", "value", "group", "write_in", "exclusive"]


class ClosesBeforeItOpens(ValueError):
    """The window would end before it begins."""


class ClosesInThePast(ValueError):
    """The closing would move to an instant that has already passed."""


class ClosesMuchEarlier(ValueError):
    """The closing would move forward by more than MUCH_EARLIER."""


def publish_edition(*, consultation: Consultation, actor: User | None) -> Edition:
    """Publish what the rows of `consultation` now say as the edition that the public reads and
    answers.

    If they say what the newest edition says, that one is returned and nothing is written. The trail
    records any edition after the first as changed wording.
    """
    with transaction.atomic():
        # Two editors who save at once make one edition after the other; without the lock both would
        # take the same number.
        content = plan_content(
            Consultation.objects.select_for_update(no_key=True).get(pk=consultation.pk)
        )
        digest = digest_of_content(content)
        newest = consultation.editions.order_by("-number").first()
        if newest and newest.digest == digest:
            return newest
        number = newest.number + 1 if newest else 1
        edition = Edition.objects.create(
            consultation=consultation, number=number, content=content, digest=digest
        )
        if newest:
            record(
                action=Action.WORDING_CHANGED,
                actor=actor,
                subject=consultation.slug,
                edition=number,
            )
        return edition


def digest_of_content(content: dict[str, Any]) -> str:
    """Return the SHA-256, as 64 hex digits, of an edition's content in one canonical form."""
    return hashlib.sha256(
        json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    ).hexdigest()


def plan_content(consultation: Consultation) -> dict[str, Any]:
    """Return the content of an edition made now: everything that the rows of `consultation` say and
    ask.
    """
    questions = consultation.questions.prefetch_related(
        Prefetch("options", Option.objects.order_by("order"))
    )
    return {
        **_values(consultation, CONSULTATION_FIELDS),
        # Only where there are any: what was published before keeps its digest.
        **{name: value for name, value in _values(consultation, OPTIONAL_FIELDS).items() if value},
        "sections": [
            _values(section, SECTION_FIELDS) for section in consultation.sections.order_by("order")
        ],
        "recommendations": [
            _values(row, RECOMMENDATION_FIELDS)
            for row in consultation.recommendations.order_by("order")
        ],
        "questions": [
            {
                **_values(question, QUESTION_FIELDS),
                "options": [_values(option, OPTION_FIELDS) for option in question.options.all()],
            }
            for question in questions.order_by("order")
        ],
    }


def _values(row: object, fields: list[str]) -> dict[str, Any]:
    return {field: getattr(row, field) for field in fields}


def change_window(
    *,
    consultation: Consultation,
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    grace_minutes: int | None = None,
    sure: bool = False,
    reason: str = "",
    actor: User | None,
) -> bool:
    """Move the opening or closing instant, or the grace period after it, at once and for everyone.

    The public reads the `reason` beside the new date.
    Returns False if nothing changes. Raises ClosesBeforeItOpens, ClosesInThePast, and
    ClosesMuchEarlier unless someone is `sure`.
    """
    with transaction.atomic():
        kept = Consultation.objects.select_for_update(no_key=True).get(pk=consultation.pk)
        before = (kept.opens_at, kept.closes_at, kept.grace_minutes)
        kept.opens_at, kept.closes_at = opens_at or kept.opens_at, closes_at or kept.closes_at
        kept.grace_minutes = kept.grace_minutes if grace_minutes is None else grace_minutes
        if kept.opens_at >= kept.closes_at:
            raise ClosesBeforeItOpens
        check_closing(closes_at=kept.closes_at, before=before[1], sure=sure)
        if before == (kept.opens_at, kept.closes_at, kept.grace_minutes):
            return False
        record(
            action=Action.WINDOW_CHANGED,
            actor=actor,
            subject=kept.slug,
            before={
                "opens_at": iso(before[0]),
                "closes_at": iso(before[1]),
                "grace_minutes": before[2],
            },
            after={
                "opens_at": iso(kept.opens_at),
                "closes_at": iso(kept.closes_at),
                "grace_minutes": kept.grace_minutes,
            },
            reason=reason,
        )
        kept.save(update_fields=["opens_at", "closes_at", "grace_minutes"])
    return True


def check_closing(*, closes_at: datetime, before: datetime, sure: bool) -> None:
    """Raise ClosesInThePast or ClosesMuchEarlier if a closing may not move from `before` to
    `closes_at`; the second only for someone who is not `sure`.
    """
    if closes_at == before:
        return
    if closes_at <= database_now():
        raise ClosesInThePast
    if closes_at < before - MUCH_EARLIER and not sure:
        raise ClosesMuchEarlier


def database_now() -> datetime:
    """Return the time by the clock that decides what is open."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def change_schedule(*, consultation: Consultation, batch_hour: int, actor: User | None) -> bool:
    """Move the daily batch to another hour of London's day, 0 to 23.

    Returns False if that is its hour already.
    """
    with transaction.atomic():
        kept = Consultation.objects.select_for_update(no_key=True).get(pk=consultation.pk)
        before, kept.batch_hour = kept.batch_hour, batch_hour
        if before == batch_hour:
            return False
        kept.save(update_fields=["batch_hour"])
        record(
            action=Action.SCHEDULE_CHANGED,
            actor=actor,
            subject=kept.slug,
            before={"batch_hour": before},
            after={"batch_hour": batch_hour},
        )
    return True
