"""The responses as a file for SPSS, which Stata and R read too: with the questions' wording on the
variables, and options as numbers that say what they mean.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path

from consult.clock import LONDON
from responses.exporting.columns.column import Column, Kind, Missing, Value
from responses.exporting.columns.entries import Entry
from responses.exporting.columns.questions import AnswerColumn
from responses.exporting.columns.responses import RESPONSES
from responses.exporting.columns.variables import NOT_ASKED_CODE, Codes, variable_name
from responses.exporting.formats import sav_file
from responses.exporting.formats.makers import Rows, Take
from responses.exporting.formats.sav_file import TEXT_BYTES, Cell, SavFile, Variable, cut

LABELLED = "responses.sav"
SHOWN = {
    Kind.DECIMAL: sav_file.DECIMAL,
    Kind.INSTANT: sav_file.MOMENT,
    Kind.DATE: sav_file.DAY,
}
WORDS = {Kind.SLUG, Kind.TEXT, Kind.TYPED, Kind.LIST}
NOT_ASKED_LABEL = {NOT_ASKED_CODE: "not asked"}
# SPSS counts the seconds since then.
BEGINNING = datetime(1582, 10, 14)  # noqa: DTZ001  # a sheet of SPSS has no time zones


@dataclass(frozen=True)
class Field:
    """A column with the variables that hold it: several if its texts are too long for one."""

    column: Column
    variables: Sequence[Variable]
    codes: Mapping[str, int]

    def cells(self, entry: Entry) -> Iterator[Cell]:
        value = self.column.value(entry)
        if self.variables[0].width:
            yield from self._texts(value)
        elif isinstance(value, str):
            yield self.codes[value]
        elif isinstance(value, Missing):
            yield self.variables[0].missing
        else:
            yield _number(value)

    def _texts(self, value: Value) -> Iterator[str]:
        if value is None or isinstance(value, Missing):
            text = ""
        elif isinstance(value, str):
            text = value
        else:
            names = value if isinstance(value, Sequence) else [str(value)]
            text = ";".join(name.replace(";", ",") for name in names)
        for _ in self.variables:
            piece = cut(text, TEXT_BYTES).decode()
            yield piece
            text = text[len(piece) :]


def _number(value: Value) -> float | None:
    """A number, or an instant or a day in London as SPSS counts it."""
    if isinstance(value, datetime):
        return (value.astimezone(LONDON).replace(tzinfo=None) - BEGINNING).total_seconds()
    if isinstance(value, date):
        return (value - BEGINNING.date()).total_seconds()
    return float(value) if isinstance(value, int | float) else None


def fields_of(
    columns: Sequence[AnswerColumn], *, codes: Codes, longest: Mapping[str, int]
) -> list[Field]:
    """Return the columns of responses.csv as variables. `longest` says how many bytes the longest
    text of each column has.
    """
    ours = [_field(column, column.name, {}, longest) for column in RESPONSES]
    for column in columns:
        mine = {slug: codes[column.place.question, slug] for slug in column.labels}
        ours.append(_field(column, variable_name(column.name), mine, longest))
    return ours


def _field(
    column: Column, name: str, codes: Mapping[str, int], longest: Mapping[str, int]
) -> Field:
    meaning = column.meaning.replace("`", "")
    variable = partial(Variable, label=meaning)
    if codes:
        labels = NOT_ASKED_LABEL | {codes[slug]: words for slug, words in column.labels.items()}
        return Field(column, [variable(name, labels=labels, missing=NOT_ASKED_CODE)], codes)
    if column.kind in WORDS:
        length = max(longest.get(column.name, 0), 1)
        # A text may end up to three bytes early, rather than within a character.
        pieces = 1 if length <= TEXT_BYTES else -(-length // (TEXT_BYTES - 3))
        names = [name, *(variable_name(f"{name} {number}") for number in range(2, pieces + 1))]
        widths = [length] if pieces == 1 else [TEXT_BYTES] * pieces
        texts = [
            variable(one, width=width, shown=sav_file.TEXT)
            for one, width in zip(names, widths, strict=True)
        ]
        return Field(column, texts, {})
    if column.kind is Kind.YES_NO:
        labels = NOT_ASKED_LABEL | {0: "no", 1: "yes"}
        return Field(column, [variable(name, labels=labels, missing=NOT_ASKED_CODE)], {})
    return Field(column, [variable(name, shown=SHOWN.get(column.kind, sav_file.WHOLE))], {})


@contextmanager
def labelled_table(
    folder: Path,
    rows: Rows,
    *,
    fields: Sequence[Field],
    title: str,
    made_at: datetime,
    cases: int,
) -> Iterator[Take]:
    """Write a case for each version of a response. The same rows give the same bytes."""
    variables = [variable for one in fields for variable in one.variables]
    count = 0
    with (folder / LABELLED).open("wb") as file:
        sav = SavFile(file, variables, title=title, made_at=made_at.astimezone(LONDON), cases=cases)

        def take(entry: Entry) -> None:
            nonlocal count
            count += 1
            sav.write(cell for one in fields for cell in one.cells(entry))

        yield take
        sav.finish()
    rows[LABELLED] = count
