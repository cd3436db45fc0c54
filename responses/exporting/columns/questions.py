"""The columns of answers: one or more for each question."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Any

from consult.cells import NOT_ASKED
from consult.plans.document import EQUALITY, Plan, Question
from consult.plans.kinds.choosing import write_in_name
from consult.plans.kinds.entry import Column as Place
from responses.exporting.columns.column import Column, Kind, Missing, Value, cell
from responses.exporting.columns.entries import Entry, EqualityEntry
from responses.exporting.columns.responses import RESPONSES
from responses.exporting.columns.sql import Field, Record, quoted, safe_cell, typed_cell
from responses.models import Response

# By the type that a kind of question gives its column: how an answer's value is written.
KINDS = {
    "string": Kind.TYPED,
    "boolean": Kind.YES_NO,
    "integer": Kind.NUMBER,
    "number": Kind.DECIMAL,
    "date": Kind.DATE,
}
VALUES: dict[str, Callable[[str], Value]] = {
    "string": str,
    "integer": int,
    "number": float,
    "date": date.fromisoformat,
}


@dataclass(frozen=True)
class AnswerColumn(Column):
    """A column of answers, placed by the question's kind.

    Its meaning is the newest wording of what it answers, `limits` what the data package says about
    it, and its `sql` the whole cell.
    """

    place: Place = field(default_factory=lambda: Place("", ""))
    limits: Mapping[str, Any] = field(default_factory=dict)
    fields: Sequence[Field] = ()

    @property
    def cell_sql(self) -> str:
        return self.sql


def places_of(question: Question) -> Iterator[Place]:
    """Yield the columns of a question, as its kind says. None has the name of one of ours."""
    taken = {column.name for column in RESPONSES}
    for place in question.entry.columns(question):
        # No slug has an underscore in it, so nothing else has this name.
        yield replace(place, name=f"question_{place.name}") if place.name in taken else place


def key_of(place: Place) -> str:
    """Return the key of its text in `texts`."""
    return write_in_name(place.question, place.option) if place.text else place.question


def answer_columns(plans: Mapping[int, Plan]) -> list[AnswerColumn]:
    """Return a column for everything that any of `plans` asks: first what the newest asks, in its
    order, then what only earlier ones asked.

    `plans` has them by the primary keys of their editions, the newest last.
    """
    return _columns({pk: plan.asked for pk, plan in plans.items()})


def equality_columns(plans: Mapping[int, Plan]) -> list[AnswerColumn]:
    """Return the same for the equality questions."""
    return _columns({pk: plan.questions_of(EQUALITY) for pk, plan in plans.items()})


def _columns(asked: Mapping[int, Sequence[Question]]) -> list[AnswerColumn]:
    places: dict[str, Place] = {}
    for questions in reversed(list(asked.values())):
        for question in questions:
            for place in places_of(question):
                # Decimal places that any edition allowed are in the answers.
                if place.type == "number" or place.name not in places:
                    places[place.name] = place
    # A question's columns stay together, including those for options that only an earlier edition
    # had.
    order = list(dict.fromkeys(place.question for place in places.values()))
    together = sorted(places.values(), key=lambda place: order.index(place.question))
    return [_column(place, asked) for place in together]


def _column(place: Place, asked: Mapping[int, Sequence[Question]]) -> AnswerColumn:
    by_edition = {
        pk: next((one for one in questions if one.slug == place.question), None)
        for pk, questions in asked.items()
    }
    wordings = [question for question in by_edition.values() if question]
    newest = wordings[-1]
    labels = {option.slug: option.label for one in wordings for option in one.options}
    meaning = newest.text
    if place.option:
        meaning = f"{meaning} – {labels[place.option]}{' (in words)' if place.text else ''}"
    chosen = newest.closed and place.type == "string" and not place.text
    return AnswerColumn(
        place.name,
        Kind.TEXT if chosen else KINDS[place.type],
        meaning,
        partial(answer_at, place=place),
        sql=_of_any_edition(
            {pk: _cell_in_sql(place, question) for pk, question in by_edition.items()}
        ),
        one_of=list(labels) if chosen else (),
        labels=labels if chosen else {},
        fields=[field for question in wordings for field in _fields(place, question)],
        place=place,
        limits={} if place.option else _limits(wordings),
    )


def _limits(wordings: Sequence[Question]) -> Mapping[str, Any]:
    """What every answer keeps to: nothing that only some of the editions asked for."""
    first, *others = [question.entry.constraints(question) for question in wordings]
    return first if all(other == first for other in others) else {}


def answer_at(entry: Entry | EqualityEntry, *, place: Place) -> Value:
    """Return what the respondent answered there."""
    question, said = entry.asked.get(place.question), entry.said
    if question is None or not _has_option(question, place.option):
        return Missing.NOT_ASKED
    if place.option and not place.text:
        chosen = said.choices.get(place.question)
        return None if chosen is None else place.option in chosen
    answers = said.choices if question.closed and not place.text else said.texts
    answer: str | None = answers.get(key_of(place)) or None
    return VALUES[place.type](answer) if answer else None


def _has_option(question: Question, slug: str) -> bool:
    return not slug or any(option.slug == slug for option in question.options)


def _of_any_edition(cells: Mapping[int, str]) -> str:
    """Return the cell as each edition has it, by its primary key. A respondent who withdrew answers
    nothing, and was asked nothing.
    """
    said = next(iter(cells.values()))
    if len(set(cells.values())) > 1:
        cases = " ".join(f"WHEN {pk} THEN {cell}" for pk, cell in cells.items())
        said = f"CASE member.edition_id {cases} END"
    if said == quoted(NOT_ASKED):
        return said
    asked_nothing = (
        f"member.act NOT IN ({quoted(Response.Act.SENT)}, {quoted(Response.Act.AMENDED)})"
    )
    return f"CASE WHEN {asked_nothing} THEN {quoted(NOT_ASKED)} ELSE {said} END"


def _cell_in_sql(place: Place, question: Question | None) -> str:
    """Return the cell over a row of `member` with the column's `fields`; NULL is empty."""
    if question is None or not _has_option(question, place.option):
        return quoted(NOT_ASKED)
    answer = _field_of(place, question).sql
    if place.option and not place.text:
        ticked = f"{answer} ? {quoted(place.option)}"
        said = f"CASE {ticked} WHEN true THEN '1' WHEN false THEN '0' END"
    elif question.closed and not place.text:
        said = _option_in_sql(answer, question)
    else:
        said = typed_cell(answer) if place.type == "string" else answer
    if not question.show_if:
        return said
    asked = " AND ".join(
        f"coalesce({field.sql} = {quoted(question.show_if[field.key])}, false)"
        for field in _conditions(question)
    )
    return f"CASE WHEN {asked} THEN {said} ELSE {quoted(NOT_ASKED)} END"


def _option_in_sql(chosen: str, question: Question) -> str:
    """Return the cell of the one option that was chosen: few need a guard."""
    slugs = [option.slug for option in question.options]
    plain = ", ".join(quoted(slug) for slug in slugs if cell(Kind.TEXT, slug) == slug)
    known = f"WHEN {chosen} IN ({plain}) THEN {chosen} " if plain else ""
    return f"CASE WHEN {chosen} IS NULL THEN '' {known}ELSE {safe_cell(chosen)} END"


def _fields(place: Place, question: Question) -> list[Field]:
    return [_field_of(place, question), *_conditions(question)]


def _field_of(place: Place, question: Question) -> Field:
    if place.option and not place.text:
        return Field(Record.TICKED, place.question)
    if question.closed and not place.text:
        return Field(Record.CHOSEN, place.question)
    return Field(Record.WRITTEN, key_of(place))


def _conditions(question: Question) -> list[Field]:
    return [Field(Record.CHOSEN, slug) for slug in question.show_if]
