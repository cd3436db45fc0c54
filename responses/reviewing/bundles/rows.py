"""What each row of a table says, checked by the rules of the form.

Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from consult.plans.document import Plan, Question
from consult.plans.kinds.choosing import write_in_name
from consult.text import is_blank, one_line_break
from responses.answers import AnswersRefused, read_answers, says_something
from responses.contacts import read_contact
from responses.models import Bundle
from responses.reviewing.bundles.cells import channel_of, day_of, value_of

Kind = Bundle.Kind
# What a row may say besides answers. The first is what is written on the sheet, or the number that
# the other system gave it.
SHEET, RECEIVED, CHANNEL, LATE, OWN_WORDS = (
    "sheet",
    "received_on",
    "channel",
    "why_late",
    "own_words",
)
CONTACT = ("name", "email", "postcode")
EXPLAINED = "What it is"
# Where a standard letter's words stand, if the plan has the question.
LETTER_QUESTION = "anything-else"


@dataclass(frozen=True)
class Row:
    """One response to be: `fields` are as the whole form has them, with the contact details."""

    number: int
    sheet: str
    received_on: date
    channel: str
    late_reason: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Problem:
    """What is wrong with a row, or with a column of the heading, which is row 1."""

    number: int
    column: str
    words: str


@dataclass(frozen=True)
class Terms:
    """By what a table is checked: what the letter says that all rows share, and the days."""

    kind: str
    plan: Plan
    today: date
    last_day: date
    letter: Mapping[str, Any] = field(default_factory=dict)


def columns_for(kind: str, plan: Plan) -> list[tuple[str, str]]:
    """Return the columns that a table can have: each name, and what it is."""
    sheet = "Its number in the other system" if kind == Kind.IMPORTED else "What is written on it"
    columns = [
        (SHEET, sheet),
        (RECEIVED, "The day on which it came, such as 2027-01-21"),
        (LATE, "If it came after closing: why it is accepted"),
        ("name", "Name"),
        ("email", "Email"),
        ("postcode", "Postcode, or its first half"),
    ]
    if kind != Kind.IMPORTED:
        columns.insert(2, (CHANNEL, "How it came: post, email or telephone"))
    if kind == Kind.LETTER and place_of_letter(plan):
        columns.append((OWN_WORDS, "What this sender added or changed, word for word"))
    for question in plan.asked:
        columns.append((question.slug, _explained(question)))
        columns += [
            (write_in_name(question.slug, option.slug), f"{option.label}: what was written in")
            for option in question.options
            if option.write_in
        ]
    return columns


def _explained(question: Question) -> str:
    if question.entry.several:
        return f"{question.text} (several: with ; between them)"
    return question.text


def check_table(table: Sequence[Sequence[str]], terms: Terms) -> tuple[list[Row], list[Problem]]:
    """Return every row, and everything that is wrong with any; then none may be loaded."""
    known = dict(columns_for(terms.kind, terms.plan))
    by_words = {words.strip().casefold(): name for name, words in known.items()}
    heading: list[str] = []
    problems = []
    for at, cell in enumerate(table[0]):
        name = cell.strip()
        name = name if name in known else by_words.get(name.casefold(), name)
        heading.append(name)
        if name and name not in known:
            problems.append(Problem(1, name, "There is no column with this name in the template."))
        elif name in heading[:at] and name:
            problems.append(Problem(1, name, "Two columns have this name."))
        elif not name and any(row[at].strip() for row in table[1:] if at < len(row)):
            problems.append(Problem(1, f"column {at + 1}", "A column has words and no name."))
    if problems:
        return [], problems
    rows: list[Row] = []
    seen: dict[tuple[str, ...], int] = {}
    for number, cells in enumerate(table[1:], start=2):
        said = {name: one_line_break(cell) for name, cell in zip(heading, cells, strict=False)}
        if not any(cell.strip() for cell in cells) or said.get(SHEET) == EXPLAINED:
            continue
        same = seen.setdefault(tuple(cell.strip() for cell in cells), number)
        if same != number:
            problems.append(Problem(number, "", f"This row is the same as row {same}."))
        # An unquoted comma in a CSV row pushes words out past the heading.
        problems += [
            Problem(number, f"column {at}", "It has words and no name: an unquoted comma, perhaps.")
            for at, cell in enumerate(cells[len(heading) :], start=len(heading) + 1)
            if cell.strip()
        ]
        row, wrong = _check_row(number, said, terms)
        problems += wrong
        if row:
            rows.append(row)
    problems += _twice(rows)
    return rows, problems


def _twice(rows: Sequence[Row]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for row in rows:
        if row.sheet and first.setdefault(row.sheet, row.number) != row.number:
            words = f"Row {first[row.sheet]} has the same."
            yield Problem(row.number, SHEET, words)


def _check_row(
    number: int, said: Mapping[str, str], terms: Terms
) -> tuple[Row | None, list[Problem]]:
    problems = []

    def wrong(column: str, words: str) -> None:
        problems.append(Problem(number, column, words))

    received = day_of(said.get(RECEIVED, ""))
    if received is None:
        wrong(RECEIVED, "Enter the day on which it came, like 2027-01-21.")
    elif received > terms.today:
        wrong(RECEIVED, "The day it came must be today or in the past.")
    elif received > terms.last_day and not said.get(LATE, "").strip():
        wrong(LATE, "It came after closing. Give the reason for accepting it.")
    channel = channel_of(said.get(CHANNEL, ""), terms.kind)
    if not channel:
        wrong(CHANNEL, "Enter how it came: post, email or telephone.")
    fields = fields_of(said, terms)
    for column, words in _wrong_answers(fields, terms.plan):
        wrong(column, words)
    if problems or received is None:
        return None, problems
    late = said.get(LATE, "").strip() if received > terms.last_day else ""
    return Row(number, said.get(SHEET, "").strip()[:80], received, channel, late, fields), []


def _wrong_answers(fields: Mapping[str, Any], plan: Plan) -> Iterator[tuple[str, str]]:
    try:
        read_contact(fields)
    except AnswersRefused as refused:
        yield from refused.problems.items()
    try:
        answers = read_answers(plan, fields)
    except AnswersRefused as refused:
        yield from refused.problems.items()
        return
    if not says_something(plan, answers):
        yield "", "There is no answer in this row."
    taken = answers.choices.keys() | answers.texts.keys()
    for name, value in fields.items():
        if name not in taken and name not in CONTACT and value and value != [""]:
            yield name, "This is not asked of someone with these other answers, or has no place."


def fields_of(said: Mapping[str, str], terms: Terms) -> dict[str, Any]:
    """Return what a row says as the fields of the whole form: what the letter says, unless the row
    says it otherwise, and the sender's own words before the letter's.
    """
    fields = dict(terms.letter)
    for question in terms.plan.asked:
        cell = said.get(question.slug, "")
        if not is_blank(cell):
            fields[question.slug] = value_of(question, cell)
        for option in question.options:
            name = write_in_name(question.slug, option.slug)
            if not is_blank(said.get(name, "")):
                fields[name] = said[name]
    if not is_blank(own := said.get(OWN_WORDS, "")):
        place = place_of_letter(terms.plan)
        shared = str(fields.get(place, ""))
        fields[place] = f"{own}\n\n{shared}" if shared else own
    return fields | {name: said.get(name, "").strip() for name in CONTACT}


def place_of_letter(plan: Plan) -> str:
    """Return the question under which the words of a letter stand: one that is always asked. Empty
    where a plan has none that is answered in words.
    """
    prose = [one.slug for one in plan.asked if one.prose and not one.show_if]
    return LETTER_QUESTION if LETTER_QUESTION in prose else next(reversed(prose), "")
