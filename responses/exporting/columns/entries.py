"""What a row of responses.csv, and of the tables like it, is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from consult.plans.document import EQUALITY, Plan, Question
from responses.answers import is_asked
from responses.models import EqualityAnswers, Response


@dataclass(frozen=True)
class Place:
    """Where a version of a response stands: the batch's number, and the row in it from 1."""

    batch: int
    row: int


@dataclass(frozen=True)
class Marks:
    """What reviewers had made of a response: the campaigns that it is in, and (question, code) for
    what its answers say.
    """

    campaigns: Sequence[str] = ()
    codes: Sequence[tuple[str, str]] = ()

    @property
    def coded(self) -> list[str]:
        """The codes as they stand in one list: "question=code"."""
        return [f"{question}={code}" for question, code in self.codes]


NO_MARKS = Marks()


@dataclass(frozen=True)
class Entry:
    """One version of a response, on its row of a pack.

    `replaces` is where the version before it stands, `edition` and `plan` what it answered,
    `newest` whether no later version of it is in this pack, and `marks` what reviewers had made of
    it.
    """

    response: Response
    row: int
    replaces: Place | None
    edition: int
    plan: Plan
    newest: bool = True
    marks: Marks = NO_MARKS

    @cached_property
    def asked(self) -> Mapping[str, Question]:
        """What was put to the respondent. A withdrawal answers nothing, and was asked nothing."""
        if self.response.act not in {Response.Act.SENT, Response.Act.AMENDED}:
            return {}
        return asked_of(self.plan.asked, self.response.choices)

    @property
    def said(self) -> Response:
        """What has the answers."""
        return self.response


@dataclass(frozen=True)
class EqualityEntry:
    """One respondent's equality answers."""

    said: EqualityAnswers
    edition: int
    plan: Plan

    @cached_property
    def asked(self) -> Mapping[str, Question]:
        """What was put to the respondent."""
        return asked_of(self.plan.questions_of(EQUALITY), self.said.choices)


def asked_of(questions: Sequence[Question], choices: Mapping[str, Any]) -> dict[str, Question]:
    """Those of `questions` that were put to someone who chose this, by their slugs."""
    return {question.slug: question for question in questions if is_asked(question, choices)}
