"""What a row of responses.csv, and of similar tables, is made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from consult.plans.document import EQUALITY, Plan, Question
from responses.answers import is_asked
from responses.models import EqualityAnswers, Response


@dataclass(frozen=True)
class Place:
    """Where a version of a response is: the batch's number, and the row in it from 1."""

    batch: int
    row: int


@dataclass(frozen=True)
class Marks:
    """What reviewers have decided about a response: the campaigns it is in, and (question, code)
    for each code given to its answers.
    """

    campaigns: Sequence[str] = ()
    codes: Sequence[tuple[str, str]] = ()

    @property
    def coded(self) -> list[str]:
        """Return the codes as written in one list: "question=code"."""
        return [f"{question}={code}" for question, code in self.codes]


NO_MARKS = Marks()
# More responses than any batch has. Up to batch 1,073 the ids stay below 2^31, the most that the
# importer's database takes.
IDS_A_BATCH = 2_000_000


@dataclass(frozen=True)
class Entry:
    """One version of a response, on its row of a pack.

    `replaces` is the place of the version before it, `edition` and `plan` are what it answered,
    `newest` says that this pack has no later version of it, `marks` is what reviewers have decided
    about it, `batch` is the batch's number, 0 in an extract, and `reached_on` the day on which it
    reached us.
    """

    response: Response
    row: int
    replaces: Place | None
    edition: int
    plan: Plan
    newest: bool = True
    marks: Marks = NO_MARKS
    batch: int = 0
    reached_on: date | None = None

    @property
    def themefinder_id(self) -> int:
        """Its number in the theme files, which no row of another batch has."""
        return self.batch * IDS_A_BATCH + self.row

    @cached_property
    def asked(self) -> Mapping[str, Question]:
        """What the respondent was asked. A withdrawal answers nothing, and was asked nothing."""
        if self.response.act not in {Response.Act.SENT, Response.Act.AMENDED}:
            return {}
        return asked_of(self.plan.asked, self.response.choices)

    @property
    def said(self) -> Response:
        return self.response


@dataclass(frozen=True)
class EqualityEntry:
    """One respondent's equality answers."""

    said: EqualityAnswers
    edition: int
    plan: Plan

    @cached_property
    def asked(self) -> Mapping[str, Question]:
        return asked_of(self.plan.questions_of(EQUALITY), self.said.choices)


def asked_of(questions: Sequence[Question], choices: Mapping[str, Any]) -> dict[str, Question]:
    """Return those of `questions` that were asked of someone who made these choices, by slug."""
    return {question.slug: question for question in questions if is_asked(question, choices)}
