"""The columns of codebook.csv: a row in each edition for every option, or for a question without
options.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from consult.plans.document import EQUALITY, Option, Plan, Question
from consult.plans.kinds import KIND_NAMES
from responses.exporting.columns.column import Column, Kind
from responses.exporting.columns.questions import places_of
from responses.exporting.columns.variables import Codes, variable_name


@dataclass(frozen=True)
class Asked:
    """A question as one edition worded it, or one option of it. Numbers start at 1."""

    edition: int
    order: int
    question: Question
    option: Option | None = None
    option_order: int | None = None
    codes: Codes = field(default_factory=dict)

    @property
    def slug(self) -> str:
        return self.option.slug if self.option else ""

    @property
    def column(self) -> str:
        return self.names.get((self.slug, False)) or self.names["", False]

    @property
    def code(self) -> int | None:
        if self.option is None or self.question.part == EQUALITY:
            return None
        # An option with a column of its own is chosen there or not.
        if (self.slug, False) in self.names:
            return 1
        return self.codes.get((self.question.slug, self.slug))

    @cached_property
    def names(self) -> dict[tuple[str, bool], str]:
        """The names of the question's columns, by option and whether the column is for the words
        beside it.
        """
        return {(one.option, one.text): one.name for one in places_of(self.question)}


CODEBOOK = [
    Column(
        "edition", Kind.NUMBER, "The edition's number.", lambda asked: asked.edition, always=True
    ),
    Column(
        "part",
        Kind.SLUG,
        "The page it is on: the slug of a section or recommendation, `general` or `about-you`.",
        lambda asked: asked.question.part,
    ),
    Column(
        "question",
        Kind.SLUG,
        "The question's slug.",
        lambda asked: asked.question.slug,
        always=True,
    ),
    Column(
        "kind",
        Kind.SLUG,
        f"{KIND_NAMES}.",
        lambda asked: asked.question.kind,
        always=True,
    ),
    Column(
        "wording", Kind.TEXT, "The question as it was worded.", lambda asked: asked.question.text
    ),
    Column(
        "asked_if",
        Kind.SLUG,
        "`question=option` if only people who chose that option are asked it.",
        lambda asked: ";".join(
            f"{slug}={option}" for slug, option in asked.question.show_if.items()
        ),
    ),
    Column(
        "order", Kind.NUMBER, "Its place among the questions, from 1.", lambda asked: asked.order
    ),
    Column("option", Kind.SLUG, "The option's slug.", lambda asked: asked.slug),
    Column(
        "option_label",
        Kind.TEXT,
        "The option as it was shown.",
        lambda asked: asked.option and asked.option.label,
    ),
    Column(
        "option_value",
        Kind.NUMBER,
        'Its place on the scale; empty if it is not on it, such as "Don\'t know".',
        lambda asked: asked.option and asked.option.value,
    ),
    Column(
        "option_order",
        Kind.NUMBER,
        "Its place among the options, from 1.",
        lambda asked: asked.option_order,
    ),
    Column(
        "column",
        Kind.SLUG,
        "The column of `responses.csv` that holds the answer.",
        lambda asked: asked.column,
    ),
    Column(
        "text_column",
        Kind.SLUG,
        "The column that holds what was written in beside this option.",
        lambda asked: asked.names.get((asked.slug, True)),
    ),
    Column(
        "variable",
        Kind.SLUG,
        "The variable of `responses.sav` that holds the answer.",
        lambda asked: None if asked.question.part == EQUALITY else variable_name(asked.column),
    ),
    Column(
        "code",
        Kind.NUMBER,
        "The option's number in that variable, the same in every batch.",
        lambda asked: asked.code,
    ),
]


def asked_by(plans: Mapping[int, Plan], *, codes: Codes, equality: bool = False) -> Iterator[Asked]:
    """Yield the rows of the codebook.

    `plans` maps the editions' numbers to their plans. The equality questions, if wanted, come last.
    """
    for edition, plan in plans.items():
        questions = [*plan.asked, *(plan.questions_of(EQUALITY) if equality else ())]
        for order, question in enumerate(questions, 1):
            if not question.options:
                yield Asked(edition, order, question, codes=codes)
            for number, option in enumerate(question.options, 1):
                yield Asked(edition, order, question, option, number, codes)
