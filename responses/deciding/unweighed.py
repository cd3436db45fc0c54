"""What leads nowhere: answers in words that make no point, and for which nobody said why; and
messages of the mailbox that nobody has looked at yet.
"""

from dataclasses import dataclass

from django.db import connection

from consult.models import Consultation
from responses.deciding.answers_in_words import ANSWERS, MADE, REASONED, arguments_for
from responses.models import Message

LEFT = """
    unweighed AS (
        SELECT response_id, question FROM answer
        EXCEPT SELECT response_id, question FROM made
        EXCEPT SELECT response_id, question FROM reasoned
    )"""


@dataclass(frozen=True)
class Unweighed:
    """An answer that leads nowhere, and whether codes were given to it that make no point."""

    response: int
    reference: str
    question: str
    coded: bool


@dataclass(frozen=True)
class Weighing:
    """How many answers in words count today, and where they lead."""

    answers: int
    leading: int
    reasoned: int
    nowhere: int
    never_opened: int
    messages: int = 0

    @property
    def done(self) -> bool:
        return not (self.nowhere or self.messages)


def count_weighed(consultation: Consultation) -> Weighing:
    """Count every answer in words by where it leads. An answer that makes a point counts there,
    whatever else was said about it. One that makes a point and that nobody ever opened, since its
    code was given to many at once, is counted beside.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH {ANSWERS}, {MADE}, {REASONED},
            point_of AS (SELECT DISTINCT response_id, question FROM made),
            why AS (SELECT DISTINCT response_id, question FROM reasoned)
            SELECT count(*), count(point_of.question),
                count(*) FILTER (WHERE point_of.question IS NULL AND why.question IS NOT NULL),
                count(*) FILTER (WHERE point_of.question IS NULL AND why.question IS NULL),
                count(*) FILTER (WHERE point_of.question IS NOT NULL
                    AND review.first_read_at IS NULL AND NOT EXISTS (
                        SELECT FROM responses_nopoint AS same
                        WHERE same.response_id = answer.response_id
                            AND same.question = answer.question AND same.removed_at IS NULL))
            FROM answer LEFT JOIN point_of USING (response_id, question)
                LEFT JOIN why USING (response_id, question)
                JOIN responses_review AS review ON review.response_id = answer.response_id""",  # noqa: S608
            arguments_for(consultation),
        )
        answers, leading, reasoned, nowhere, never_opened = cursor.fetchone()
    waiting = Message.objects.filter(consultation=consultation, state=Message.State.WAITING)
    return Weighing(answers, leading, reasoned, nowhere, never_opened, waiting.count())


def list_unweighed(
    consultation: Consultation, *, after: int = 0, limit: int | None = 50
) -> list[Unweighed]:
    """Return answers that lead nowhere, in the order of arrival, from the response after an id.
    `limit` counts responses, each with all its answers; None is all of them.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH {ANSWERS}, {MADE}, {REASONED}, {LEFT}
            SELECT response.id, response.reference, page.question,
                EXISTS (SELECT FROM responses_coding AS coding
                    WHERE coding.response_id = response.id
                        AND coding.question = page.question AND coding.removed_at IS NULL)
            FROM (SELECT *, dense_rank() OVER (ORDER BY response_id) AS nth FROM unweighed
                WHERE response_id > %(after)s) AS page
            JOIN responses_response AS response ON response.id = page.response_id
            WHERE %(limit)s::bigint IS NULL OR nth <= %(limit)s
            ORDER BY response.id, page.question""",  # noqa: S608
            arguments_for(consultation) | {"after": after, "limit": limit},
        )
        return [Unweighed(*row) for row in cursor.fetchall()]
