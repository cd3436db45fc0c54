"""Answers that say exactly the same: found as they come in, and coded together.

Each of them still counts. That one was coded with another, and was not on the screen itself, stays
written beside it.
"""

from collections import defaultdict
from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, User
from responses.current import current_responses
from responses.models import Code, CodedAnswer, Coding, Response, Review, SearchText
from responses.reviewing.codes_shown import CodesShown, hold_codes, refuse_other_words
from responses.reviewing.reading import hold_as_shown

# One statement: by the time, which is the same in all its rows, is known which codings it made.
CODE_TOGETHER = """
    WITH given AS (
        INSERT INTO responses_coding (response_id, question, code_id, by_id)
        SELECT id, %(question)s, code, %(by)s
        FROM unnest(%(ids)s) AS id, unnest(%(codes)s) AS code ORDER BY id, code
        ON CONFLICT DO NOTHING
    )
    INSERT INTO responses_codedanswer (response_id, question, by_id, seen_with_id)
    SELECT id, %(question)s, %(by)s, %(seen_with)s FROM unnest(%(ids)s) AS id ORDER BY id
    ON CONFLICT DO NOTHING
"""


class NothingToGive(ValueError):
    """The answer has no code of the reviewer's that others could be given too."""


def prints_of(response: Response) -> dict[str, str]:
    """Return what tells each answer of a response from others that say something else, by its
    question. None for an answer without a word.
    """
    kept = SearchText.objects.values_list("prints", flat=True).get(response=response) or []
    return {print_.rpartition(":")[0]: print_ for print_ in kept}


def others_saying(response: Response, print_: str) -> QuerySet[Response]:
    """Return the other responses whose answer to the same question says exactly the same."""
    same = current_responses(response.consultation).filter(search_text__prints__contains=[print_])
    return same.exclude(pk=response.pk).order_by("pk")


def code_together(
    *, response: Response, question: str, by: User, shown: CodesShown | None = None
) -> int:
    """Give the codes that `by` gave to a whole answer to all that say exactly the same and that
    they have not gone through, and note with which answer those were seen.

    Returns how many. What others have coded stays. Raises NothingToGive, ChangedSinceOpened,
    CodesChanged and ChangedSinceShown.
    """
    with transaction.atomic():
        hold_as_shown(response)
        refuse_other_words(response=response, question=question, by=by, shown=shown)
        given = Coding.objects.filter(
            response=response,
            question=question,
            by=by,
            removed_at=None,
            start=None,
            code__retired=False,
        )
        codes = list(given.values_list("code", flat=True))
        if not codes:
            raise NothingToGive
        hold_codes(list(Code.objects.filter(pk__in=codes)), shown)
        print_ = prints_of(response).get(question)
        done = CodedAnswer.objects.filter(question=question, by=by).values("response")
        # Nobody may change what they say meanwhile: an amendment waits for its review's row.
        found = others_saying(response, print_) if print_ else Response.objects.none()
        left = Review.objects.filter(
            response__in=found.exclude(pk__in=done).order_by().values("pk"), superseded=False
        )
        held = left.select_for_update().order_by("response")
        ids = list(held.values_list("response_id", flat=True))
        if not ids:
            return 0
        with connection.cursor() as cursor:
            cursor.execute(
                CODE_TOGETHER,
                {
                    "ids": ids,
                    "question": question,
                    "codes": codes,
                    "by": by.pk,
                    "seen_with": response.pk,
                },
            )
        record(
            action=Action.ANSWER_CODED,
            actor=by,
            subject=response.reference,
            question=question,
            codes=codes,
            others=len(ids),
        )
    return len(ids)


def take_back_together(*, response: Response, question: str, by: User) -> int:
    """Undo `code_together`: off the answers that `by` coded with this one, and not by themselves
    since, take the codes that they got by that, so that they are to be gone through again. Returns
    how many those were.
    """
    with transaction.atomic():
        hold_as_shown(response)
        together = CodedAnswer.objects.filter(seen_with=response, question=question, by=by)
        made = together.filter(response=OuterRef("response"), at=OuterRef("at"))
        Coding.objects.filter(
            Exists(made), question=question, by=by, removed_at=None, start=None
        ).update(removed_at=Now())
        ended, _by_table = together.delete()
        if ended:
            record(
                action=Action.ANSWER_CODED,
                actor=by,
                subject=response.reference,
                question=question,
                codes=[],
                others=ended,
            )
    return ended


def last_codes(*, response: Response, questions: Sequence[str], by: User) -> dict[str, list[int]]:
    """Return by question the codes, as primary keys, that `by` gave to the last answer like this:
    one that the search for campaigns found to be similar, or else the last of all.
    """
    similar = Response.objects.filter(cluster_members__cluster__members__response=response)
    recent = CodedAnswer.objects.filter(question__in=questions, by=by, seen_with=None).exclude(
        response=response
    )
    last = _last_of(recent) | _last_of(recent.filter(response__in=similar.values("pk")))
    codings = Coding.objects.filter(
        response__in=last.values(), question__in=questions, by=by, removed_at=None, start=None
    )
    found: dict[str, list[int]] = defaultdict(list)
    for pk, question, code in codings.order_by("pk").values_list(
        "response_id", "question", "code_id"
    ):
        if last[question] == pk:
            found[question].append(code)
    return found


def _last_of(coded: QuerySet[CodedAnswer]) -> dict[str, int]:
    newest = coded.order_by("question", "-id").distinct("question")
    return dict(newest.values_list("question", "response_id"))
