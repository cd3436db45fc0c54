"""Coding free text answer by answer: which codes fit a whole answer, and how much of a question is
done.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, Consultation, User
from responses.current import current_responses
from responses.models import Code, CodedAnswer, Coding, Response, SecondCoding, Tally
from responses.reviewing.claims import take_first
from responses.reviewing.codes_shown import CodesShown, hold_codes, refuse_other_words
from responses.reviewing.coding_passages import forget_if_without_codes
from responses.reviewing.reading import hold_as_shown


@dataclass(frozen=True)
class Progress:
    """How many of the answers to a question someone has gone through."""

    answers: int
    coded: int

    @property
    def percent(self) -> int:
        """In whole per cent; 100 only if all are done."""
        return 100 * self.coded // self.answers if self.answers else 100


def answers_to(consultation: Consultation, question: str) -> QuerySet[Response]:
    """Return the responses that answer a question today, in the order of their arrival."""
    return current_responses(consultation).filter(texts__has_key=question).order_by("id")


def _gone_through(question: str, **by: User) -> Exists:
    return Exists(CodedAnswer.objects.filter(response=OuterRef("pk"), question=question, **by))


def progress_of(consultation: Consultation, question: str) -> Progress:
    """Return how much of a question is coded: of the answers as the dashboard last counted them,
    those coded now.
    """
    counted = (
        Tally.objects.filter(consultation=consultation)
        .values_list(f"figures__coded__{question}", flat=True)
        .first()
    )
    answers = answers_to(consultation, question)
    coded = answers.filter(_gone_through(question)).count()
    return Progress(max(counted[0], coded) if counted else answers.count(), coded)


def left_to_code(consultation: Consultation, question: str) -> QuerySet[Response]:
    """Return the responses whose answer to a question nobody has gone through."""
    return answers_to(consultation, question).filter(~_gone_through(question))


def next_to_code(
    consultation: Consultation, question: str, *, by: User, after: int = 0
) -> Response | None:
    """Return the next answer after a response's id that nobody has gone through and nobody else
    has in hand, and take it in hand for `by`.
    """
    left = left_to_code(consultation, question)
    return take_first(left, by=by, question=question, after=after)


def next_to_code_again(second: SecondCoding, *, after: int = 0) -> Response | None:
    """Return the next answer of a second coding that its reviewer has not gone through. The sample
    is theirs alone.
    """
    left = answers_to(second.consultation, second.question).filter(
        ~_gone_through(second.question, by=second.by), pk__in=second.responses
    )
    return left.filter(pk__gt=after).first() or left.first()


def code_answer(
    *,
    response: Response,
    question: str,
    codes: Sequence[Code],
    by: User,
    shown: CodesShown | None = None,
) -> None:
    """Record which codes fit a whole answer, replacing what `by` said before, and that they have
    gone through it by itself.

    Other people's codings do not change, nor those of passages, nor those with a code that is not
    offered any more. Raises ChangedSinceOpened, CodesChanged, and ChangedSinceShown.
    """
    with transaction.atomic():
        hold_as_shown(response)
        hold_codes(codes, shown)
        mine = Coding.objects.select_for_update(of=("self",)).filter(
            response=response,
            question=question,
            by=by,
            removed_at=None,
            start=None,
            code__retired=False,
        )
        had = {coding.code_id for coding in mine}
        wanted = {code.pk for code in codes}
        if had != wanted:
            refuse_other_words(response=response, question=question, by=by, shown=shown)
        mine.exclude(code__in=wanted).update(removed_at=Now())
        new = [
            Coding(response=response, question=question, code_id=pk, by=by)
            for pk in sorted(wanted - had)
        ]
        # The same page sent twice at once: the second finds its rows there.
        Coding.objects.bulk_create(new, ignore_conflicts=True)
        CodedAnswer.objects.update_or_create(
            response=response, question=question, by=by, defaults={"seen_with": None}
        )
        record(
            action=Action.ANSWER_CODED,
            actor=by,
            subject=response.reference,
            question=question,
            codes=sorted(wanted),
        )


def say_codes(
    *,
    response: Response,
    question: str,
    codes: Sequence[Code],
    none_fits: bool,
    by: User,
    shown: CodesShown,
) -> None:
    """Record what is ticked beside an answer: codes, that none fits, or, with nothing ticked, that
    `by` has not gone through it. Raises what `code_answer` does.
    """
    if codes or none_fits:
        code_answer(response=response, question=question, codes=codes, by=by, shown=shown)
    else:
        uncode_answer(response=response, question=question, by=by, shown=shown)


def uncode_answer(
    *, response: Response, question: str, by: User, shown: CodesShown | None = None
) -> None:
    """Take off what `by` gave to a whole answer, but for codes that are not offered any more: they
    have not gone through it, unless they coded passages of it. Raises ChangedSinceOpened and
    ChangedSinceShown.
    """
    with transaction.atomic():
        hold_as_shown(response)
        mine = Coding.objects.filter(
            response=response,
            question=question,
            by=by,
            removed_at=None,
            start=None,
            code__retired=False,
        )
        through = CodedAnswer.objects.filter(response=response, question=question, by=by)
        if mine.exists() or through.exists():
            refuse_other_words(response=response, question=question, by=by, shown=shown)
        mine.update(removed_at=Now())
        through.update(seen_with=None)
        forget_if_without_codes(response=response, question=question, by=by)
        record(
            action=Action.ANSWER_CODED,
            actor=by,
            subject=response.reference,
            question=question,
            codes=[],
        )
