"""Coding free text answer by answer: which codes fit an answer, or a passage of it, and how much of
a question is done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, Consultation, User
from consult.text import with_symbols
from responses.current import current_responses
from responses.models import Code, CodedAnswer, Coding, Response, SecondCoding, Tally
from responses.reviewing.claims import take_first
from responses.reviewing.reading import hold_as_shown


class NoSuchPassage(ValueError):
    """The answer does not contain these words."""


class CodesChanged(Exception):
    """Codes that were chosen mean something else since the page was opened, or are not given any
    more.
    """

    def __init__(self, codes: Sequence[Code]) -> None:
        super().__init__(", ".join(code.name for code in codes))


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


def next_to_code(
    consultation: Consultation, question: str, *, by: User, after: int = 0
) -> Response | None:
    """Return the next answer after a response's id that nobody has gone through and nobody else
    has in hand, and take it in hand for `by`.
    """
    left = answers_to(consultation, question).filter(~_gone_through(question))
    return take_first(left, by=by, question=question, after=after)


def next_to_code_again(second: SecondCoding, *, after: int = 0) -> Response | None:
    """Return the next answer of a second coding that its reviewer has not gone through. The sample
    is theirs alone.
    """
    left = answers_to(second.consultation, second.question).filter(
        ~_gone_through(second.question, by=second.by), pk__in=second.responses
    )
    return left.filter(pk__gt=after).first() or left.first()


def _hold_codes(codes: Sequence[Code], shown: Mapping[int, int] | None) -> None:
    """Keep `codes` from being changed while they are given. Raises CodesChanged."""
    if shown is None:
        return
    found = Code.objects.select_for_update(no_key=True).filter(pk__in=[code.pk for code in codes])
    other = [
        code for code in found.order_by("pk") if code.retired or shown.get(code.pk) != code.version
    ]
    if other:
        raise CodesChanged(other)


def code_answer(
    *,
    response: Response,
    question: str,
    codes: Sequence[Code],
    by: User,
    shown: Mapping[int, int] | None = None,
) -> None:
    """Record which codes fit a whole answer, replacing what `by` said before, and that they have
    gone through it by itself.

    Other people's codings do not change, nor those of passages, nor those with a code that is not
    offered any more. `shown` has the version of each code on the page. Raises ChangedSinceOpened
    and CodesChanged.
    """
    with transaction.atomic():
        hold_as_shown(response)
        _hold_codes(codes, shown)
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


def code_passage(
    *,
    response: Response,
    question: str,
    code: Code,
    passage: str,
    by: User,
    shown: Mapping[int, int] | None = None,
) -> Coding:
    """Give a code to the first place where an answer contains `passage`.

    `shown` has the version of each code on the page. Raises NoSuchPassage, ChangedSinceOpened and
    CodesChanged.
    """
    # Both as a page shows them, because the words were copied from one.
    words = with_symbols(passage.replace("\r\n", "\n").strip())
    start = with_symbols(response.texts.get(question, "")).find(words)
    if not words or start < 0:
        raise NoSuchPassage
    with transaction.atomic():
        _hold_codes([code], shown)
        return _code_stretch(response, question, code, (start, start + len(words)), by)


def code_span(
    *, response: Response, question: str, code: Code, start: int, end: int, by: User
) -> Coding:
    """Give a code to the characters of an answer from `start` until before `end`, without the
    space around them.

    Raises NoSuchPassage and ChangedSinceOpened.
    """
    text = response.texts.get(question, "")
    if not 0 <= start < end <= len(text) or not (words := text[start:end].strip()):
        raise NoSuchPassage
    start = text.index(words, start)
    return _code_stretch(response, question, code, (start, start + len(words)), by)


def uncode_answer(*, response: Response, question: str, by: User) -> None:
    """Take off what `by` gave to a whole answer: they have not gone through it, unless they coded
    passages of it. Raises ChangedSinceOpened.
    """
    with transaction.atomic():
        hold_as_shown(response)
        mine = Coding.objects.filter(response=response, question=question, by=by, removed_at=None)
        mine.filter(start=None).update(removed_at=Now())
        if not mine.exists():
            CodedAnswer.objects.filter(response=response, question=question, by=by).delete()
        record(
            action=Action.ANSWER_CODED,
            actor=by,
            subject=response.reference,
            question=question,
            codes=[],
        )


def _code_stretch(
    response: Response, question: str, code: Code, span: tuple[int, int], by: User
) -> Coding:
    start, end = span
    with transaction.atomic():
        hold_as_shown(response)
        coding, new = Coding.objects.get_or_create(
            response=response,
            question=question,
            code=code,
            by=by,
            removed_at=None,
            start=start,
            end=end,
        )
        if new:
            record(
                action=Action.ANSWER_CODED,
                actor=by,
                subject=response.reference,
                question=question,
                codes=[code.pk],
                start=start,
                end=end,
            )
    return coding


def take_off(*, coding: Coding, by: User) -> None:
    """Take a code off a passage. The row stays, with the time. Raises ChangedSinceOpened."""
    with transaction.atomic():
        hold_as_shown(coding.response)
        if Coding.objects.filter(pk=coding.pk, by=by, removed_at=None).update(removed_at=Now()):
            record(
                action=Action.ANSWER_CODED,
                actor=by,
                subject=coding.response.reference,
                question=coding.question,
                codes=[],
            )
