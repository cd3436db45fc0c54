"""Cells of CSV as SQL expressions, for the tables that PostgreSQL writes itself.

A cell follows the rules of `consult.cells` and `responses.exporting.columns.column.cell`, less the
symbols for control characters, which `responses.exporting.formats.copies` puts in; tests compare
the two. Each expression stands in millions of rows: what nearly every cell is, it finds out first
and cheaply. Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from consult.cells import FORMULA, GUARD, NOT_ASKED, NOTHING_AS_WRITTEN, VALUE, VALUE_CHARACTERS

# ISO 8601 with London's offset, to the microsecond, as consult.clock.iso writes it.
ISO = """to_char({said} AT TIME ZONE 'Europe/London', 'YYYY-MM-DD"T"HH24:MI:SS.US')
    || to_char(({said} AT TIME ZONE 'Europe/London') - ({said} AT TIME ZONE 'UTC'), '"+"HH24:MI')"""

# PostgreSQL cuts longer names of columns. Slugs are ASCII.
NAME_CHARACTERS = 63


def quoted(words: str) -> str:
    """Return `words` as a text in SQL."""
    return "'" + words.replace("'", "''") + "'"


@dataclass(frozen=True)
class Field:
    """One entry of an object that a column holds, read by `joined_fields`."""

    record: "Record"
    key: str

    @property
    def sql(self) -> str:
        """Return the expression for it over a row that the record is joined to."""
        if len(self.key) > NAME_CHARACTERS:
            return f"({self.record.column} {self.record.operator} {quoted(self.key)})"
        return f'{self.record.value}."{self.key}"'


class Record(Enum):
    """What reads a column of a response: by the name that it is joined under."""

    CHOSEN = "chosen"
    TICKED = "ticked"
    WRITTEN = "written"

    @property
    def column(self) -> str:
        return "member.texts" if self is Record.WRITTEN else "member.choices"

    @property
    def operator(self) -> str:
        return "->" if self is Record.TICKED else "->>"

    @property
    def type(self) -> str:
        return "jsonb" if self is Record.TICKED else "text"


def joined_fields(fields: Iterable[Field]) -> str:
    """Return what goes after FROM to read all `fields` of a row at once: an expression for each of
    them would search the whole object as often.
    """
    wanted = sorted({(field.record.value, field.key): field for field in fields}.items())
    joins = ""
    for record in Record:
        names = [
            f'"{field.key}" {record.type}'
            for _, field in wanted
            if field.record is record and len(field.key) <= NAME_CHARACTERS
        ]
        if names:
            is_object = f"jsonb_typeof({record.column}) = 'object'"
            read = f"jsonb_to_record(CASE WHEN {is_object} THEN {record.column} ELSE '{{}}' END)"
            joins += f" CROSS JOIN LATERAL {read} AS {record.value} ({', '.join(names)})"
    return joins


def unchanged(said: str) -> str:
    """Return the expression for a word of ours, which needs no guard."""
    return said


def number(said: str) -> str:
    return f"({said})::text"


def yes_no(said: str) -> str:
    """Return the expression that writes 1 or 0."""
    return f"({said})::int::text"


def instant(said: str) -> str:
    return ISO.format(said=said)


def safe_cell(said: str) -> str:
    """Return the expression for `consult.cells.safe_cell`."""
    plain = _plain(said, longer_than=len(NOT_ASKED))
    nothing = f"{said} ~ {quoted(f'^(?:{NOTHING_AS_WRITTEN})$')}"
    guarded = f"{said} ~ {quoted(f'^(?:{FORMULA})')} OR {nothing} OR {said} = {quoted(NOT_ASKED)}"
    return (
        f"CASE WHEN {plain} THEN {said} WHEN {guarded} THEN {quoted(GUARD)} || {said} "
        f"ELSE {said} END"
    )


def typed_cell(said: str) -> str:
    """Return the expression for `consult.cells.typed_cell`."""
    plain = _plain(said, longer_than=VALUE_CHARACTERS)
    value = f"length({said}) <= {VALUE_CHARACTERS} AND {said} ~* {quoted(f'^(?:{VALUE})$')}"
    return (
        f"CASE WHEN {plain} THEN {said} WHEN {value} THEN {quoted(GUARD)} || {said} "
        f"ELSE {safe_cell(said)} END"
    )


def _plain(said: str, *, longer_than: int) -> str:
    """Return the expression that tells quickly of most texts that they need no guard: they begin
    with a letter, as no formula does, and are longer than any text that is guarded whole.
    """
    return f"ascii({said}) BETWEEN 65 AND 122 AND length({said}) > {longer_than}"


def names_of(array: str) -> str:
    """Return the expression for the names in an array, separated by semicolons."""
    names = f"unnest({array}) WITH ORDINALITY AS name(value, number)"
    return _listed(names, unless_empty=f"cardinality({array}) > 0")


def codes_of_member(value: str, *, fits: str = "true") -> str:
    """Return the same for the codes of a member's answers, each written as `value` says of its
    `pair`.

    Two reviewers may have given the same code: it is listed once, where the first of them gave it.
    """
    coded = f"""(
        SELECT {value} AS value, min(number) AS number
        FROM jsonb_array_elements(member.codes) WITH ORDINALITY AS given(pair, number)
        WHERE {fits} GROUP BY pair ->> 0, pair ->> 1
    ) AS coded"""  # noqa: S608  # of our own words
    return _listed(coded, unless_empty="jsonb_typeof(member.codes) = 'array'")


def _listed(values: str, *, unless_empty: str) -> str:
    """Return the expression for several values in one cell, which none of them may split in two.

    `values` goes after FROM, and yields each `value` and its `number`.
    """
    cell = "coalesce(string_agg(replace(value, ';', ','), ';' ORDER BY number), '')"
    listed = f"(SELECT {typed_cell('listed')} FROM (SELECT {cell} AS listed FROM {values}) AS cell)"  # noqa: S608  # of our own words
    return f"CASE WHEN {unless_empty} THEN {listed} ELSE '' END"
