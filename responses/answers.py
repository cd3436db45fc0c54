"""What was typed, checked against what was asked.

Pure: values in, values out.

A form's field has its question's slug as its name; the line beside a write-in option is
"question-slug--option-slug". Text is kept as it was typed, in every script, but for line breaks:
browsers send two characters where people see and count one, so each becomes a single line feed
before anything is counted or stored.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from consult.plans.document import ABOUT_YOU, EQUALITY, Plan, Question
from consult.text import CANNOT_BE_KEPT, is_blank, one_line_break

WRITE_IN_MAX_CHARS = 200
SHORT_TEXT_MAX_CHARS = 200


@dataclass(frozen=True)
class Answers:
    """What a response says.

    `choices` and `texts` are as on `responses.models.Response`; no answer, no key.
    """

    choices: dict[str, str | list[str]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


class AnswersRefused(ValueError):
    """Some answers cannot be taken as they are. `problems` says why, in words, by field name."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {problem}" for name, problem in problems.items()))
        self.problems = problems


def write_in_name(question: str, option: str) -> str:
    """The field name of what is written in beside an option."""
    return f"{question}--{option}"


def is_asked(question: Question, choices: Mapping[str, object]) -> bool:
    """Whether `question` is asked of somebody who chose `choices`: some are only asked after a
    certain answer.
    """
    return all(choices.get(slug) == option for slug, option in question.show_if.items())


def read_answers(plan: Plan, raw: Mapping[str, Any]) -> Answers:
    """The answers in `raw`, which maps field names to text or to a list of texts.

    Answers to questions that the other answers leave unasked are dropped, and so are fields that
    the plan does not know. Raises AnswersRefused with every problem at once.
    """
    return _read(plan.asked, raw)


def read_equality_answers(plan: Plan, raw: Mapping[str, Any]) -> Answers:
    """The same for the equality questions, which are asked after sending. Raises AnswersRefused."""
    return _read(plan.questions_of(EQUALITY), raw)


def _read(questions: Sequence[Question], raw: Mapping[str, Any]) -> Answers:
    choices: dict[str, str | list[str]] = {}
    texts: dict[str, str] = {}
    problems: dict[str, str] = {}
    for question in questions:
        if not is_asked(question, choices):
            continue
        given = raw.get(question.slug)
        values = [
            value
            for value in (given if isinstance(given, list) else [given])
            if value not in (None, "")
        ]
        field_name = question.slug
        try:
            if any(not isinstance(value, str) for value in values):
                raise ValueError("This answer is not text. Type it again.")
            if not question.closed:
                _read_text(
                    question.slug, question.max_chars or SHORT_TEXT_MAX_CHARS, values, into=texts
                )
            elif values:
                choices[question.slug] = chosen = _read_choice(question, values)
                for option in question.options:
                    if option.write_in and option.slug in chosen:
                        field_name = write_in_name(question.slug, option.slug)
                        beside = raw.get(field_name)
                        _read_text(
                            field_name,
                            WRITE_IN_MAX_CHARS,
                            [beside] if isinstance(beside, str) else [],
                            into=texts,
                        )
        except ValueError as problem:
            problems[field_name] = str(problem)
    if problems:
        raise AnswersRefused(problems)
    return Answers(choices, texts)


def _read_text(name: str, max_chars: int, values: list[str], *, into: dict[str, str]) -> None:
    text = one_line_break(values[0]) if values else ""
    if is_blank(text):
        return
    if CANNOT_BE_KEPT.search(text):
        raise ValueError(
            "Your answer has a character in it that cannot be stored. Type the answer again, or "
            "paste it as plain text."
        )
    if len(text) > max_chars:
        over = len(text) - max_chars
        raise ValueError(
            f"Your answer is {over:,} character{'s' if over > 1 else ''} too long. The most is "
            f"{max_chars:,}."
        )
    into[name] = text


def _read_choice(question: Question, values: list[str]) -> str | list[str]:
    known = {option.slug for option in question.options}
    if not known.issuperset(values):
        raise ValueError("Choose one of the answers shown.")
    # In the order of the options, whatever order the browser sent them in, so that equal answers
    # are equal values.
    chosen = [option.slug for option in question.options if option.slug in values]
    if question.kind == "one":
        if len(chosen) > 1:
            raise ValueError("Choose one answer only.")
        return chosen[0]
    exclusive = [
        option for option in question.options if option.exclusive and option.slug in chosen
    ]
    if exclusive and len(chosen) > 1:
        raise ValueError(f"Choose “{exclusive[0].label}” or other answers, not both.")
    if question.max_choices and len(chosen) > question.max_choices:
        raise ValueError(f"Choose {question.max_choices} at the most. You chose {len(chosen)}.")
    return chosen


def says_something(plan: Plan, answers: Answers) -> bool:
    """Whether the answers hold a view on anything. Who somebody is, by itself, is not one."""
    about_you = {question.slug for question in plan.questions_of(ABOUT_YOU)}
    names = {*answers.choices, *answers.texts}
    return any(name.split("--")[0] not in about_you for name in names)


def digest_of(*, answers: Answers, contact: Mapping[str, str]) -> str:
    """SHA-256, as 64 hex digits, of everything that was sent, in one canonical form."""
    content = {"choices": answers.choices, "texts": answers.texts, "contact": dict(contact)}
    return hashlib.sha256(
        json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    ).hexdigest()
