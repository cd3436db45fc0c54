"""Synthetic responses, for demonstrations, measurements and tests.

Everything in them is made up, and each is marked as such. They are written many rows at a time, but
each is what `submit_response` would have written: the same tables, the same digest, a receipt that
opens. No email goes to their addresses.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import make_msgid
from random import Random
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, Consultation, Edition, User
from consult.plans.editions import current_edition, plan_of
from consult.plans.publishing import change_window, database_now
from responses.answers import digest_of
from responses.demo.inventing import Respondent, invent
from responses.models import Confirmation, Contact, LedgerEntry, Response, Review
from responses.receipt_tokens import hash_token, make_token
from responses.references import new_reference

AT_ONCE = 500
# How a consultation fills up: about half of the responses arrive in the last tenth of the time, and
# a fifth of those in the last hour.
LAST_TENTH, LAST_HOUR = 0.5, 0.1
# Otherwise a rehearsal that has only just opened would show everything on one day.
REHEARSAL = timedelta(weeks=4)


class RealPeopleHere(Exception):
    """This service takes real people's responses: adding synthetic ones must be asked for twice."""


class NotOpenYet(Exception):
    """No response can have arrived before the opening."""


def fill_responses(
    *,
    consultation: Consultation,
    count: int,
    seed: int,
    actor: User | None,
    beside_real_people: bool,
    production: bool,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Make `count` synthetic responses that arrived between the opening and now.

    `progress` is called with how many there are so far. The same seed gives the same people and
    answers; references and times are new. A run that is cut short leaves whole responses. Raises
    RealPeopleHere in production unless `beside_real_people`, and NotOpenYet.
    """
    if production and not beside_real_people:
        raise RealPeopleHere
    current = Consultation.objects.annotate(instant=Now()).get(pk=consultation.pk)
    until = min(current.instant, current.closes_at)
    if until <= current.opens_at:
        raise NotOpenYet
    edition = current_edition(current)
    people = invent(plan=plan_of(edition), seed=seed)
    spread = _arrival_shares(count, seed=seed, hour=timedelta(hours=1) / (until - current.opens_at))
    for start in range(0, count, AT_ONCE):
        arrivals = [
            current.opens_at + (until - current.opens_at) * share
            for share in spread[start : start + AT_ONCE]
        ]
        with transaction.atomic():
            if start == 0:
                record(
                    action=Action.RESPONSES_FILLED,
                    actor=actor,
                    subject=current.slug,
                    count=count,
                    seed=seed,
                )
            write_arrivals(
                [(next(people), arrived) for arrived in arrivals],
                consultation=current,
                edition=edition,
            )
        if progress:
            progress(start + len(arrivals))
    take_stock()


def _arrival_shares(count: int, *, seed: int, hour: float) -> list[float]:
    """Return when each of `count` responses arrives, in order, as a share of the time since the
    opening.

    `hour` is the share of the last hour.
    """
    random = Random(seed)  # noqa: S311  # nothing secret

    def share() -> float:
        part = random.random()
        if part < LAST_HOUR:
            return random.uniform(max(1 - hour, 0), 1)
        return random.uniform(0.9, 1) if part < LAST_TENTH else random.uniform(0, 0.9)

    return sorted(share() for _ in range(count))


def open_weeks_ago(*, consultation: Consultation, actor: User | None) -> None:
    """Make a rehearsal open some weeks ago, so that made-up responses can spread over days.

    Changes nothing if it opened earlier, has not opened yet, or a real person has answered.
    Recorded on the trail, like every change of the window.
    """
    weeks_ago = database_now() - REHEARSAL
    real = Response.objects.filter(consultation=consultation, synthetic=False)
    if weeks_ago < consultation.opens_at <= database_now() and not real.exists():
        change_window(consultation=consultation, opens_at=weeks_ago, actor=actor)


def take_stock() -> None:
    """Tell PostgreSQL's planner how much data there is now.

    It notices by itself within minutes. Until then it takes full tables for empty ones, and joins
    of two of them can take minutes.
    """
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def write_arrivals(
    arrivals: list[tuple[Respondent, datetime]], *, consultation: Consultation, edition: Edition
) -> list[Response]:
    """Write what `submit_response` writes, for many made-up respondents at once, each with its
    time of arrival.
    """
    responses = [
        Response(
            consultation=consultation,
            edition=edition,
            reference=reference,
            choices=person.answers.choices,
            texts=person.answers.texts,
            channel=person.channel,
            timing=Response.Timing.IN_TIME,
            started_at=max(consultation.opens_at, arrived - timedelta(minutes=person.minutes)),
            received_at=arrived,
            submission_key=uuid4(),
            digest=digest_of(answers=person.answers, contact=person.contact),
            receipt_hash=hash_token(make_token(reference)),
            flags=person.flags,
            synthetic=True,
        )
        for (person, arrived), reference in zip(
            arrivals, _new_references(len(arrivals)), strict=True
        )
    ]
    Response.objects.bulk_create(responses)
    host = urlsplit(settings.SITE_URL).hostname
    Contact.objects.bulk_create(
        Contact(response=row, **person.contact)
        for row, (person, _) in zip(responses, arrivals, strict=True)
    )
    Confirmation.objects.bulk_create(
        Confirmation(
            response=row, state=Confirmation.State.NOT_WANTED, message_id=make_msgid(domain=host)
        )
        for row in responses
    )
    Review.objects.bulk_create(Review(response=row) for row in responses)
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            response=row, event=LedgerEntry.Event.RECEIVED, at=row.received_at, digest=row.digest
        )
        for row in responses
    )
    return responses


def _new_references(count: int) -> list[str]:
    """Return references that no response has. Random ones can collide if there are very many."""
    found: set[str] = set()
    while len(found) < count:
        found |= {new_reference() for _ in range(count - len(found))}
        found -= set(
            Response.objects.filter(reference__in=found).values_list("reference", flat=True)
        )
    return list(found)
