"""A batch's rows: responses and questions as lines of CSV and JSON. Pure: values in, values out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from consult.cells import NOT_ASKED, json_line, safe_cell, typed_cell
from consult.clock import iso
from consult.plans.document import EQUALITY, Option, Plan, Question
from consult.plans.kinds.choosing import write_in_name
from consult.plans.kinds.entry import Column
from responses.answers import is_asked
from responses.models import Contact, EqualityAnswers, Response

RESPONSE_COLUMNS = [
    *[
        "reference",
        "version",
        "act",
        "replaces_batch",
        "replaces_row",
        "row",
        "received_at",
        "started_at",
    ],
    *["channel", "timing", "edition", "synthetic", "flags", "campaigns", "codes"],
]
# These hold several values; in CSV they stand in one cell, with semicolons between them.
LISTS = {"flags", "campaigns", "codes"}
ANSWER_COLUMNS = [
    *["reference", "version", "row", "edition", "part", "question", "kind"],
    *["option", "option_label", "option_value", "text", "codes"],
]
CONTACT_COLUMNS = ["reference", "version", "name", "email", "postcode_district"]
EQUALITY_COLUMNS = ["id", "edition"]
CODE_COLUMNS = ["question", "group", "code", "definition", "version", "retired"]
CODEBOOK_COLUMNS = [
    *["edition", "part", "question", "kind", "wording", "asked_if", "order"],
    *["option", "option_label", "option_value", "option_order", "column", "text_column"],
]


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


def answer_columns(plans: Sequence[Plan]) -> list[Column]:
    """The columns for everything that any of `plans` asks, as the last and newest has them; what
    only earlier ones asked follows.
    """
    return _columns([plan.asked for plan in plans])


def equality_columns(plans: Sequence[Plan]) -> list[Column]:
    """The same for the equality questions."""
    return _columns([plan.questions_of(EQUALITY) for plan in plans])


def _columns(asked: Sequence[Sequence[Question]]) -> list[Column]:
    columns = {
        column.name: column
        for questions in reversed(asked)
        for question in questions
        for column in _columns_of(question)
    }
    # A question keeps its columns together, also those for options that only an earlier edition
    # had.
    order = list(dict.fromkeys(column.question for column in columns.values()))
    return sorted(columns.values(), key=lambda column: order.index(column.question))


def _columns_of(question: Question) -> Iterator[Column]:
    for column in question.entry.columns(question):
        # No slug has an underscore in it, so that this is nobody else's name.
        taken = column.name in RESPONSE_COLUMNS
        yield replace(column, name=f"question_{column.name}") if taken else column


def response_row(
    response: Response,
    *,
    row: int,
    replaces: Place | None,
    edition: int,
    plan: Plan,
    columns: Sequence[Column],
    marks: Marks = NO_MARKS,
) -> list[str]:
    """One version of a response as a row of CSV, under RESPONSE_COLUMNS and then `columns`.

    `plan` is what it answered, `replaces` where the version before it stands. A withdrawal answers
    nothing, and was asked nothing.
    """
    says = response.act in {Response.Act.SENT, Response.Act.AMENDED}
    asked = {
        question.slug: question
        for question in plan.asked
        if says and is_asked(question, response.choices)
    }
    about = [
        response.reference,
        str(response.version),
        response.act,
        str(replaces.batch) if replaces else "",
        str(replaces.row) if replaces else "",
        str(row),
        iso(response.received_at),
        iso(response.started_at),
        response.channel,
        response.timing,
        str(edition),
        str(int(response.synthetic)),
        _listed(response.flags),
        _listed(marks.campaigns),
        _listed(marks.coded),
    ]
    return about + [_cell(column, asked.get(column.question), response) for column in columns]


def _listed(values: Sequence[str]) -> str:
    """Several values in one cell.

    Staff name codes and campaigns as they like: a semicolon in a name would part it in two.
    """
    return typed_cell(";".join(value.replace(";", ",") for value in values))


def chosen_options(question: Question, choices: Mapping[str, Any]) -> list[Option]:
    """The options of a closed question that `choices` has, in the order in which they
    were shown.
    """
    chosen = choices.get(question.slug, [])
    slugs = [chosen] if isinstance(chosen, str) else chosen
    return [option for option in question.options if option.slug in slugs]


def equality_row(
    said: EqualityAnswers, *, edition: int, plan: Plan, columns: Sequence[Column]
) -> list[str]:
    """One respondent's equality answers as a row of CSV, under EQUALITY_COLUMNS and
    then `columns`.
    """
    asked = {
        question.slug: question
        for question in plan.questions_of(EQUALITY)
        if is_asked(question, said.choices)
    }
    return [
        str(said.pk),
        str(edition),
        *(_cell(column, asked.get(column.question), said) for column in columns),
    ]


def _cell(column: Column, question: Question | None, response: Response | EqualityAnswers) -> str:
    if question is None or (
        column.option and column.option not in {option.slug for option in question.options}
    ):
        return NOT_ASKED
    if column.text:
        return typed_cell(response.texts.get(write_in_name(column.question, column.option), ""))
    if column.option:
        chosen = response.choices.get(column.question)
        return "" if chosen is None else str(int(column.option in chosen))
    if question.closed:
        return safe_cell(response.choices.get(column.question, ""))
    said = response.texts.get(column.question, "")
    return typed_cell(said) if column.type == "string" else said


def response_line(
    response: Response, *, row: int, replaces: Place | None, edition: int, marks: Marks = NO_MARKS
) -> str:
    """One response as a line of JSON, with every text as it was typed."""
    # Without its digest: that covers the contact details too, so that whoever guesses a name could
    # check the guess with it.
    return json_line(
        {
            "reference": response.reference,
            "version": response.version,
            "act": response.act,
            "replaces_batch": replaces.batch if replaces else None,
            "replaces_row": replaces.row if replaces else None,
            "row": row,
            "received_at": iso(response.received_at),
            "started_at": iso(response.started_at),
            "channel": response.channel,
            "timing": response.timing,
            "edition": edition,
            "synthetic": response.synthetic,
            "flags": response.flags,
            "campaigns": list(marks.campaigns),
            "codes": marks.coded,
            "choices": response.choices,
            "texts": response.texts,
        }
    )


def contact_row(reference: str, version: int, contact: Contact) -> list[str]:
    """Whom a version of a response came from, under CONTACT_COLUMNS."""
    return [
        reference,
        str(version),
        *map(typed_cell, (contact.name, contact.email, contact.postcode_district)),
    ]


def code_row(code: Mapping[str, Any]) -> list[str]:
    """A code of the reviewers under CODE_COLUMNS.

    In `codes` of the other tables semicolons part names, and in none stands one.
    """
    name = typed_cell(code["name"].replace(";", ","))
    about = [typed_cell(code["group"]), name, typed_cell(code["definition"])]
    return [code["question"], *about, str(code["version"]), str(int(code["retired"]))]


def codebook_rows(plans: Mapping[int, Plan], *, equality: bool = False) -> Iterator[list[str]]:
    """What was asked, under CODEBOOK_COLUMNS: for each edition a row for every option, or for a
    question that has none.

    `plans` maps the editions' numbers to their plans. The equality questions come last, where they
    are wanted.
    """
    for edition, plan in plans.items():
        for order, question in enumerate(
            [*plan.asked, *(plan.questions_of(EQUALITY) if equality else ())], 1
        ):
            asked_if = ";".join(f"{slug}={option}" for slug, option in question.show_if.items())
            about = [
                str(edition),
                question.part,
                question.slug,
                question.kind,
                safe_cell(question.text),
                asked_if,
                str(order),
            ]
            columns = list(_columns_of(question))
            answers = {column.option: column.name for column in columns if not column.text}
            beside = {column.option: column.name for column in columns if column.text}
            if not question.options:
                yield [*about, "", "", "", "", answers[""], ""]
            for number, option in enumerate(question.options, 1):
                value = "" if option.value is None else str(option.value)
                column_name = answers.get(option.slug) or answers[""]
                yield [
                    *about,
                    option.slug,
                    safe_cell(option.label),
                    value,
                    str(number),
                    column_name,
                    beside.get(option.slug, ""),
                ]
