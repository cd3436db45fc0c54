"""Answers in the wording of the questions as they were asked: for checking, for the receipt, for reviewers. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consult.plan import Part, Plan, Question
from responses.answers import is_asked, write_in_name


@dataclass(frozen=True)
class WordedAnswer:
    """A question and what was answered: the options' labels, what was written in, or the text. Empty where nothing was."""

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
    """Every question that was asked, part by part, with its answer. `raw` is a draft's answers, or choices and texts together."""
    return [
        WordedPart(part, tuple(_worded(question, raw) for question in part.questions if is_asked(question, raw))) for part in plan.parts
    ]


def _worded(question: Question, raw: Mapping[str, Any]) -> WordedAnswer:
    given = raw.get(question.slug) or []
    values = given if isinstance(given, list) else [given]
    if not question.closed:
        return WordedAnswer(question, tuple(values))
    lines: list[str] = []
    for option in question.options:
        if option.slug in values:
            beside = raw.get(write_in_name(question.slug, option.slug))
            lines.append(f"{option.label}: {beside}" if beside else option.label)
    return WordedAnswer(question, tuple(lines))
