"""Why an answer makes no point of its own: always by name, and never for good."""

from django.db import connection, transaction
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, User
from responses.deciding.answers_in_words import MADE, arguments_for, is_answer
from responses.deciding.places import NoSuchAnswer
from responses.models import Campaign, NoPoint, Response
from responses.reviewing.reading import hold_as_shown


class NoSuchReason(ValueError):
    """A reason is one of those that the list has."""


class NotTheSameLetter(ValueError):
    """The other answer is not there, is the answer itself, or makes no point."""


def name_reason(
    *,
    response: Response,
    question: str,
    reason: str,
    by: User,
    same_as: Response | None = None,
    same_question: str = "",
) -> NoPoint:
    """Say why an answer makes no point of its own, in the place of what was said before.

    The same letter as another counts for each point that the other makes. Raises NoSuchReason,
    NoSuchAnswer, NotTheSameLetter and ChangedSinceOpened.
    """
    if reason not in NoPoint.Reason.values:
        raise NoSuchReason(reason)
    letter = reason == NoPoint.Reason.SAME_LETTER
    if letter and (
        same_as is None
        or (same_as.pk, same_question) == (response.pk, question)
        or not _says_something(same_as, same_question)
    ):
        raise NotTheSameLetter
    with transaction.atomic():
        hold_as_shown(response)
        if not is_answer(response, question):
            raise NoSuchAnswer
        NoPoint.objects.filter(response=response, question=question, removed_at=None).update(
            removed_at=Now()
        )
        named = NoPoint.objects.create(
            response=response,
            question=question,
            reason=reason,
            same_as=same_as if letter else None,
            same_question=same_question if letter else "",
            by=by,
        )
        record(
            action=Action.NO_POINT_NAMED,
            actor=by,
            subject=response.reference,
            version=response.version,
            question=question,
            reason=reason,
        )
    return named


# Members' own answer to the question by which they were found similar. Those that lead somewhere
# already, by a point, a reason or a code, are passed over; so is what was changed meanwhile.
SAME_LETTERS = """
    INSERT INTO responses_nopoint
        (response_id, question, reason, same_as_id, same_question, by_id)
    SELECT member.response_id, member.question, 'same-letter', %(same)s, %(question)s, %(by)s
    FROM responses_campaignmember AS member
    JOIN responses_response AS response ON response.id = member.response_id
    JOIN responses_review AS review ON review.response_id = response.id AND NOT review.superseded
    WHERE member.campaign_id = %(campaign)s AND member.response_id <> %(same)s
        AND member.print = (SELECT print FROM responses_campaignmember
            WHERE campaign_id = %(campaign)s AND response_id = %(same)s)
        AND response.act IN ('sent', 'amended') AND response.texts ? member.question
        AND NOT EXISTS (SELECT FROM responses_coding AS coding
            WHERE coding.response_id = member.response_id AND coding.question = member.question
                AND coding.removed_at IS NULL)
        AND NOT EXISTS (SELECT FROM responses_pointpassage AS passage
            WHERE passage.response_id = member.response_id
                AND passage.question = member.question AND passage.removed_at IS NULL)
    ON CONFLICT DO NOTHING
"""


def name_same_letters(*, campaign: Campaign, by: User) -> int:
    """Say of each member of a campaign that says word for word what its sample says that it is the
    same letter; whatever the letter's case and punctuation. Others, who changed or added something,
    are left to be read. Returns how many.

    Raises NotTheSameLetter while the sample makes no point.
    """
    sample = campaign.sample
    if not _says_something(sample, campaign.question):
        raise NotTheSameLetter
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            SAME_LETTERS,
            {
                "campaign": campaign.pk,
                "same": sample.pk,
                "question": campaign.question,
                "by": by.pk,
            },
        )
        named = cursor.rowcount
        if named:
            record(
                action=Action.NO_POINT_NAMED,
                actor=by,
                subject=f"campaign {campaign.pk}",
                reason=NoPoint.Reason.SAME_LETTER,
                answers=named,
            )
    return named


def take_reason_back(*, named: NoPoint, by: User) -> None:
    """Take back why an answer makes no point: it leads nowhere again. The row stays."""
    with transaction.atomic():
        if NoPoint.objects.filter(pk=named.pk, removed_at=None).update(removed_at=Now()):
            record(
                action=Action.NO_POINT_NAMED,
                actor=by,
                subject=named.response.reference,
                question=named.question,
                reason="",
            )


def _says_something(response: Response, question: str) -> bool:
    """Whether an answer makes a point by itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {MADE} SELECT EXISTS (SELECT FROM said WHERE response_id = %(response)s"  # noqa: S608
            " AND question = %(question)s)",
            arguments_for(response.consultation) | {"response": response.pk, "question": question},
        )
        return bool(cursor.fetchone()[0])
