"""A code given to many answers at once, or taken off them, and undone, for bulk changes. Nobody is
recorded as having read an answer by that.
"""

from collections import defaultdict
from collections.abc import Sequence

from django.db import connection
from django.db.models.functions import Now

from consult.models import User
from responses.models import Code, Coding

GIVE_TO_MANY = """
    INSERT INTO responses_coding (response_id, question, code_id, by_id)
    SELECT id, %(question)s, %(code)s, %(by)s FROM unnest(%(ids)s) AS id ORDER BY id
    ON CONFLICT DO NOTHING RETURNING response_id, id
"""
TAKE_OFF_MANY = """
    UPDATE responses_coding SET removed_at = statement_timestamp()
    WHERE response_id = ANY(%(ids)s) AND code_id = %(code)s AND by_id = %(by)s
        AND removed_at IS NULL
    RETURNING response_id, id
"""


def give_code_to_many(*, code: Code, responses: Sequence[int], by: User) -> dict[int, int]:
    """Give a code to the whole answer of each of these responses, by primary key, that does not
    have it from `by`.

    Returns each one's new coding. Answers that nobody has gone through stay so.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            GIVE_TO_MANY,
            {
                "ids": list(responses),
                "question": code.question,
                "code": code.pk,
                "by": by.pk,
            },
        )
        return dict(cursor.fetchall())


def take_code_off_many(*, code: Code, responses: Sequence[int], by: User) -> dict[int, list[int]]:
    """Take a code that `by` gave off these responses, by primary key, from whole answers and
    passages. Returns the codings that ended.
    """
    ended: dict[int, list[int]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(TAKE_OFF_MANY, {"ids": list(responses), "code": code.pk, "by": by.pk})
        for response, coding in sorted(cursor.fetchall()):
            ended[response].append(coding)
    return ended


def take_back_given(*, codings: Sequence[int]) -> None:
    """Undo `give_code_to_many`: end these codings."""
    Coding.objects.filter(pk__in=codings, removed_at=None).update(removed_at=Now())


def put_back_taken(*, codings: Sequence[int]) -> None:
    """Undo `take_code_off_many`: give the same codes to the same passages again; the rows that
    ended stay ended.
    """
    ended = (
        Coding.objects.filter(pk__in=codings)
        .order_by("pk")
        .values("response_id", "question", "code_id", "start", "end", "by_id")
    )
    Coding.objects.bulk_create((Coding(**row) for row in ended), ignore_conflicts=True)
