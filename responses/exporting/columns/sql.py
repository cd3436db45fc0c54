"""Cells of CSV as SQL expressions, for the tables that PostgreSQL writes itself.

A cell follows the rules of `consult.cells` and `responses.exporting.columns.column.cell`; tests
compare the two. Pure.
"""

from consult.cells import FORMULA, GUARD, NOT_ASKED, NOTHING_AS_WRITTEN, VALUE, VALUE_CHARACTERS
from consult.text import CONTROLS, SYMBOLS

# ISO 8601 with London's offset, to the microsecond, as consult.clock.iso writes it.
ISO = """to_char({said} AT TIME ZONE 'Europe/London', 'YYYY-MM-DD"T"HH24:MI:SS.US')
    || to_char(({said} AT TIME ZONE 'Europe/London') - ({said} AT TIME ZONE 'UTC'), '"+"HH24:MI')"""


def quoted(words: str) -> str:
    """Return `words` as a text in SQL."""
    return "'" + words.replace("'", "''") + "'"


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
    nothing = f"{said} ~ {quoted(f'^(?:{NOTHING_AS_WRITTEN})$')}"
    guarded = f"{said} ~ {quoted(f'^(?:{FORMULA})')} OR {nothing} OR {said} = {quoted(NOT_ASKED)}"
    return f"CASE WHEN {guarded} THEN {quoted(GUARD)} ELSE '' END || {with_symbols(said)}"


def typed_cell(said: str) -> str:
    """Return the expression for `consult.cells.typed_cell`."""
    value = f"length({said}) <= {VALUE_CHARACTERS} AND {said} ~* {quoted(f'^(?:{VALUE})$')}"
    return (
        f"CASE WHEN {value} THEN {quoted(GUARD)} || {with_symbols(said)} ELSE {safe_cell(said)} END"
    )


def with_symbols(said: str) -> str:
    """Return the expression for `consult.text.with_symbols`.

    It searches first, because few texts have any.
    """
    return (
        f"CASE WHEN {said} ~ {quoted(f'[{CONTROLS}]')} "
        f"THEN translate({said}, {quoted(CONTROLS)}, {quoted(SYMBOLS)}) ELSE {said} END"
    )


def listed(values: str) -> str:
    """Return the expression for several values in one cell, separated by semicolons, which none of
    them may contain.

    `values` goes after FROM, and yields each `value` and its `number`.
    """
    cell = "coalesce(string_agg(replace(value, ';', ','), ';' ORDER BY number), '')"
    return f"(SELECT {typed_cell('listed')} FROM (SELECT {cell} AS listed FROM {values}) AS cell)"  # noqa: S608  # of our own words


def names_of(array: str) -> str:
    """Return the names in an array, for `listed`."""
    return f"unnest({array}) WITH ORDINALITY AS name(value, number)"


def codes_of_member(value: str, *, fits: str = "true") -> str:
    """Return the codes of a member's answers, for `listed`, each written as `value` says of its
    `pair`.

    Two reviewers may have given the same code: it is listed once, where the first of them gave it.
    """
    return f"""(
        SELECT {value} AS value, min(number) AS number
        FROM jsonb_array_elements(CASE jsonb_typeof(member.codes) WHEN 'array'
            THEN member.codes END) WITH ORDINALITY AS given(pair, number)
        WHERE {fits} GROUP BY pair ->> 0, pair ->> 1
    ) AS coded"""  # noqa: S608  # of our own words
