"""Answers in the wording that the questions had when they were asked: for checking, for the
receipt, for reviewers. Pure.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consult.plans.document import Part, Plan, Question
from consult.plans.kinds.choosing import write_in_name
from consult.plans.rewording import changed_questions
from consult.text import with_symbols
from responses.answers import is_asked


@dataclass(frozen=True)
class WordedAnswer:
    """A question and its answer: the options' labels, what was written in, or the text.

    Empty if nothing was answered.
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
    """Return every question that was asked, part by part, with its answer.

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
    """Return how the version `after` differs from `before`, in the order of the questions,
    including questions that only one of them was asked.
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


def titles_of_questions(plan: Plan) -> dict[str, str]:
    """Return what to call each question, by slug: its wording, after its part's title if another
    question has the same wording.
    """
    often = Counter(question.text for question in plan.questions)
    parts = {part.slug: part.title for part in plan.parts}
    return {
        question.slug: f"{parts[question.part]}: {question.text}"
        if often[question.text] > 1
        else question.text
        for question in plan.questions
    }


def titles_of_texts(plan: Plan) -> dict[str, str]:
    """Return what to call each text of a response, by key: its question, and the option too for
    what was written in beside one.
    """
    titles = titles_of_questions(plan)
    return titles | {
        write_in_name(question.slug, option.slug): f"{titles[question.slug]} {option.label}"
        for question in plan.questions
        for option in question.options
        if option.write_in
    }


@dataclass(frozen=True)
class RewordedAnswer:
    """An answer to a question that has since been reworded, or dropped: then `new` is None.

    `now` is what the same answer says under the new wording, which may be nothing.
    """

    old: Question
    lines: tuple[str, ...]
    new: Question | None
    now: tuple[str, ...]


def reworded_answers(
    *, given_to: Plan, asked_now: Plan, raw: Mapping[str, Any]
) -> list[RewordedAnswer]:
    """Return the answers in `raw`, given to the questions of one plan, that another plan rewords or
    drops.

    Before such an answer is kept under the new wording, the person who gave it must see both.
    """
    found = []
    for change in changed_questions(given_to, asked_now).values():
        lines = _worded(change.old, raw).lines
        if lines and is_asked(change.old, raw):
            now = _worded(change.new, raw).lines if change.new else ()
            found.append(RewordedAnswer(change.old, lines, change.new, now))
    return found


def _worded(question: Question, raw: Mapping[str, Any]) -> WordedAnswer:
    lines = question.entry.lines(question, raw)
    return WordedAnswer(question, tuple(map(with_symbols, lines)))
