"""Coding passages: a code for the words of an answer that make its point."""

from django.db import transaction
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, User
from consult.text import with_symbols
from responses.models import Code, CodedAnswer, Coding, Response
from responses.reviewing.codes_shown import CodesShown, hold_codes
from responses.reviewing.reading import hold_as_shown


class NoSuchPassage(ValueError):
    """The answer does not contain these words."""


def code_passage(
    *,
    response: Response,
    question: str,
    code: Code,
    passage: str,
    by: User,
    shown: CodesShown | None = None,
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
    return _code_stretch(response, question, code, (start, start + len(words)), by, shown)


def code_span(
    *,
    response: Response,
    question: str,
    code: Code,
    start: int,
    end: int,
    by: User,
    shown: CodesShown | None = None,
) -> Coding:
    """Give a code to the characters of an answer from `start` until before `end`, without the
    space around them.

    Raises NoSuchPassage, ChangedSinceOpened and CodesChanged.
    """
    text = response.texts.get(question, "")
    if not 0 <= start < end <= len(text) or not (words := text[start:end].strip()):
        raise NoSuchPassage
    start = text.index(words, start)
    return _code_stretch(response, question, code, (start, start + len(words)), by, shown)


def _code_stretch(
    response: Response,
    question: str,
    code: Code,
    span: tuple[int, int],
    by: User,
    shown: CodesShown | None,
) -> Coding:
    start, end = span
    with transaction.atomic():
        hold_as_shown(response)
        hold_codes([code], shown)
        coding, new = Coding.objects.get_or_create(
            response=response,
            question=question,
            code=code,
            by=by,
            removed_at=None,
            start=start,
            end=end,
        )
        _looked_at(response, question, by)
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
    """Take one code off a passage, or off a whole answer. The row stays, with the time. Without any
    code left, `by` has not gone through the answer. Raises ChangedSinceOpened.
    """
    with transaction.atomic():
        hold_as_shown(coding.response)
        if not Coding.objects.filter(pk=coding.pk, by=by, removed_at=None).update(removed_at=Now()):
            return
        _looked_at(coding.response, coding.question, by)
        forget_if_without_codes(response=coding.response, question=coding.question, by=by)
        record(
            action=Action.ANSWER_CODED,
            actor=by,
            subject=coding.response.reference,
            question=coding.question,
            codes=[],
        )


def forget_if_without_codes(*, response: Response, question: str, by: User) -> None:
    """An answer without any code of `by`'s left is to be gone through again."""
    about = {"response": response, "question": question, "by": by}
    if not Coding.objects.filter(**about, removed_at=None).exists():
        CodedAnswer.objects.filter(**about).delete()


def _looked_at(response: Response, question: str, by: User) -> None:
    """Of an answer that was coded with another: it was on the screen by itself now."""
    CodedAnswer.objects.filter(response=response, question=question, by=by).update(seen_with=None)
