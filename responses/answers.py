"""What was typed, checked against what was asked. Pure.

A form's field has its question's slug as its name; what belongs beside or within it, such as the
line of a write-in option, is "question-slug--option-slug". Text is kept as it was typed, in every
script, except for line breaks: browsers send two characters where people see and count one, so each
becomes a single line feed before anything is counted or stored.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from consult.plans.document import ABOUT_YOU, Plan, Question


@dataclass(frozen=True)
class Answers:
    """What a response says.

    `choices` and `texts` are as on `responses.models.Response`. An unanswered question has no key.
    """

    choices: dict[str, str | list[str]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


class AnswersRefused(ValueError):
    """Some answers cannot be accepted. `problems` explains why, by field name."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {problem}" for name, problem in problems.items()))
        self.problems = problems


def is_asked(question: Question, choices: Mapping[str, object]) -> bool:
    """Tell whether `question` is asked of someone who chose `choices`: some questions depend on
    another answer.
    """
    return all(choices.get(slug) == option for slug, option in question.show_if.items())


def read_answers(plan: Plan, raw: Mapping[str, Any]) -> Answers:
    """Return the answers in `raw`, which maps field names to text or to a list of texts.

    Drops answers to questions that the other answers leave unasked, and fields that the plan does
    not know. Raises AnswersRefused with every problem at once.
    """
    return _read(plan.asked, raw)


def read_equality_answers(
    plan: Plan, raw: Mapping[str, Any], *, organisation: bool = False
) -> Answers:
    """Do the same for the equality questions, which are asked after sending. What an organisation
    is not asked is not read. Raises AnswersRefused.
    """
    return _read(plan.equality_for(organisation=organisation).questions, raw)


def _read(questions: Sequence[Question], raw: Mapping[str, Any]) -> Answers:
    choices: dict[str, str | list[str]] = {}
    texts: dict[str, str] = {}
    problems: dict[str, str] = {}
    for question in questions:
        if is_asked(question, choices):
            kept = question.entry.read(question, raw)
            if kept.choice is not None:
                choices[question.slug] = kept.choice
            texts |= kept.texts
            problems |= kept.problems
    if problems:
        raise AnswersRefused(problems)
    return Answers(choices, texts)


def answers_for_an_organisation(choices: Mapping[str, Any]) -> bool:
    """Tell whether someone answers for an organisation, which has no age or sex."""
    return choices.get("capacity") == "organisation"


def says_something(plan: Plan, answers: Answers) -> bool:
    """Tell whether the answers hold a view on anything. Who someone is does not count as one."""
    about_you = {question.slug for question in plan.questions_of(ABOUT_YOU)}
    names = {*answers.choices, *answers.texts}
    return any(name.split("--")[0] not in about_you for name in names)


def digest_of(*, answers: Answers, contact: Mapping[str, str]) -> str:
    """Return the SHA-256, as 64 hex digits, of everything that was sent, in one canonical form."""
    content = {"choices": answers.choices, "texts": answers.texts, "contact": dict(contact)}
    return hashlib.sha256(
        json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    ).hexdigest()
