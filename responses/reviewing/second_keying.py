"""Typing in a letter a second time, without seeing the first typing, and settling the
differences.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from consult.auditing import record
from consult.models import Action, User
from consult.plans.document import Plan
from responses.answers import Answers
from responses.models import Response, SecondKeying, Transcription
from responses.responding.amending import amend_response
from responses.responding.submitting import Submission
from responses.reviewing.reading import hold_as_shown


class KeyedByTheSame(Exception):
    """The person who keyed it first cannot be the second one."""


class KeyedTwiceAlready(Exception):
    """A second person has keyed it already."""


def differing_answers(
    response: Response, answers: Answers, contact: Mapping[str, str]
) -> list[str]:
    """Return the names of the answers and contact details in which a second keying differs from
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
    """Record that a second person keyed it, and replace the first person's answers where theirs are
    right.

    `shown` is the newest version when they began. The first keying stays as the earlier version.
    Raises KeyedByTheSame, KeyedTwiceAlready, ChangedSinceOpened, and anything that `amend_response`
    raises.
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
