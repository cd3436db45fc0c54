"""Answers in the wording of the questions as they were asked: for checking, for the receipt, for
reviewers. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consult.plans.document import Part, Plan, Question
from responses.answers import is_asked


@dataclass(frozen=True)
class WordedAnswer:
    """A question and what was answered: the options' labels, what was written in, or the text.

    Empty where nothing was.
    """

    question: Question
    lines: tuple[str, ...]


@dataclass(frozen=True)
class WordedPart:
    part: Part
    answers: tuple[WordedAnswer, ...]

    @property
    def answered(self) -> bool:
        return any(answer.lines for answer in self.answers)


def in_words(plan: Plan, raw: Mapping[str, Any]) -> list[WordedPart]:
    """Every question that was asked, part by part, with its answer.

    `raw` is a draft's answers, or choices and texts together.
    """
    return [
        WordedPart(
            part,
            tuple(_worded(question, raw) for question in part.questions if is_asked(question, raw)),
        )
        for part in plan.parts
    ]


@dataclass(frozen=True)
class Difference:
    """A question that two versions of a response answer differently."""

    question: Question
    before: tuple[str, ...]
    after: tuple[str, ...]


def differences(before: list[WordedPart], after: list[WordedPart]) -> list[Difference]:
    """What the version `after` says otherwise than `before`, in the order of the questions; what
    only one of them was asked too.
    """
    earlier = {answer.question.slug: answer for part in before for answer in part.answers}
    later = {answer.question.slug: answer for part in after for answer in part.answers}
    found = []
    for slug in [*later, *(slug for slug in earlier if slug not in later)]:
        was, now = earlier.get(slug), later.get(slug)
        lines = (was.lines if was else (), now.lines if now else ())
        if lines[0] != lines[1]:
            found.append(Difference((now or earlier[slug]).question, *lines))
    return found


def _worded(question: Question, raw: Mapping[str, Any]) -> WordedAnswer:
    return WordedAnswer(question, question.entry.lines(question, raw))
