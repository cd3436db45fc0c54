"""The tables that PostgreSQL writes itself, by COPY: a row for each response, and a row for each
answer.

The rules of a cell are those of `consult.cells`, made into SQL, and the tests hold the two to each
other. A file of 250,000 rows so takes no memory here.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from consult.cells import FORMULA, GUARD, NOT_ASKED, VALUE, VALUE_CHARACTERS
from consult.plans.document import Plan, Question
from consult.plans.kinds.choosing import write_in_name
from consult.text import CONTROLS, SYMBOLS
from responses.exporting.columns import ANSWER_COLUMNS, RESPONSE_COLUMNS, Column
from responses.models import Response

RESPONSES = "responses.csv"
ANSWERS = "answers.csv"
# ISO 8601 with London's offset, to the microsecond, as consult.clock.iso has it.
ISO = """to_char({column} AT TIME ZONE 'Europe/London', 'YYYY-MM-DD"T"HH24:MI:SS.US')
    || to_char(
        ({column} AT TIME ZONE 'Europe/London') - ({column} AT TIME ZONE 'UTC'), '"+"HH24:MI'
    )"""
NAMES = "unnest({column}) WITH ORDINALITY AS name(value, number)"
# Two reviewers may have given the same code: it stands where the first of them has it.
CODES = """(
    SELECT {value} AS value, min(number) AS number
    FROM jsonb_array_elements(CASE jsonb_typeof(member.codes) WHEN 'array'
        THEN member.codes END) WITH ORDINALITY AS given(pair, number)
    WHERE {fits} GROUP BY pair ->> 0, pair ->> 1
) AS coded"""


class _Rows:
    """Where COPY writes to: each call is one row of the table, which RFC 4180 wants to end
    otherwise than PostgreSQL ends it.
    """

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self.file = path.open("wb")
        self.file.write((",".join(header) + "\r\n").encode())
        self.count = 0

    def write(self, line: bytes) -> None:
        self.file.write(line[:-1] + b"\r\n")
        self.count += 1


def copy_responses(
    path: Path,
    *,
    members: QuerySet[Any],
    plans: Mapping[int, Plan],
    numbers: Mapping[int, int],
    columns: Sequence[Column],
) -> int:
    """Write a row for each version of a response, as `responses.exporting.columns.response_row` has
    it. Gives how many.
    """
    names = [*RESPONSE_COLUMNS, *(column.name for column in columns)]
    cells = [
        *[
            "reference",
            "version::text",
            "act",
            "before_batch::text",
            "before_row::text",
            '"row"::text',
        ],
        *[ISO.format(column="received_at"), ISO.format(column="started_at"), "channel", "timing"],
        *[
            _of_edition({pk: _text(str(number)) for pk, number in numbers.items()}),
            "synthetic::int::text",
        ],
        *[_listed(NAMES.format(column=column)) for column in ("flags", "campaigns")],
        _listed(CODES.format(value="(pair ->> 0) || '=' || (pair ->> 1)", fits="true")),
        *[_cell(column, plans) for column in columns],
    ]
    # An empty text is an empty cell, without the quotation marks that tell it from NULL.
    wanted = ", ".join(f"nullif({cell}, '')" for cell in cells)
    return _copy(path, names, f'SELECT {wanted} FROM member ORDER BY "row"', members)  # noqa: S608  # of slugs and of our own words


def _copy(
    path: Path, header: Sequence[str], select: str, members: QuerySet[Any], *, beside: str = ""
) -> int:
    sql, values = members.order_by().query.sql_with_params()
    rows = _Rows(path, header)
    with connection.cursor() as cursor, rows.file:
        inner = cursor.mogrify(sql, values).decode()
        cursor.copy_expert(
            (
                f"COPY (WITH {beside} member AS NOT MATERIALIZED ({inner}) {select}) TO STDOUT "
                "WITH "
                "(FORMAT csv)"
            ),
            rows,
        )
    return rows.count


def safe_cell(said: str) -> str:
    """What `consult.cells.safe_cell` makes of a text, for an expression that says it."""
    guarded = f"{said} ~ {_text(f'^(?:{FORMULA})')} OR {said} = {_text(NOT_ASKED)}"
    return f"CASE WHEN {guarded} THEN {_text(GUARD)} ELSE '' END || {_with_symbols(said)}"


def typed_cell(said: str) -> str:
    """The same for `consult.cells.typed_cell`."""
    value = f"length({said}) <= {VALUE_CHARACTERS} AND {said} ~* {_text(f'^(?:{VALUE})$')}"
    return (
        f"CASE WHEN {value} THEN {_text(GUARD)} || {_with_symbols(said)} ELSE {safe_cell(said)} END"
    )


def _with_symbols(said: str) -> str:
    """The same for `consult.text.with_symbols`: looked for first, since few texts have any."""
    return (
        f"CASE WHEN {said} ~ {_text(f'[{CONTROLS}]')} "
        f"THEN translate({said}, {_text(CONTROLS)}, {_text(SYMBOLS)}) ELSE {said} END"
    )


def _listed(values: str) -> str:
    """Several values in one cell, parted by semicolons, of which none may hold one."""
    cell = "coalesce(string_agg(replace(value, ';', ','), ';' ORDER BY number), '')"
    return f"(SELECT {typed_cell('listed')} FROM (SELECT {cell} AS listed FROM {values}) AS cell)"  # noqa: S608  # of our own words


def _text(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"


def _of_edition(cells: Mapping[int, str]) -> str:
    """The cell that each edition has, by its primary key; one for all where they are the same."""
    if len(set(cells.values())) == 1:
        return next(iter(cells.values()))
    cases = " ".join(f"WHEN {pk} THEN {cell}" for pk, cell in cells.items())
    return f"CASE edition_id {cases} END"


def _cell(column: Column, plans: Mapping[int, Plan]) -> str:
    """A column of answers. Who took theirs back answers nothing, and was asked nothing."""
    said = _of_edition({pk: _answer(column, plan) for pk, plan in plans.items()})
    if said == _text(NOT_ASKED):
        return said
    return (
        f"CASE WHEN act IN ({_text(Response.Act.SENT)}, {_text(Response.Act.AMENDED)}) THEN "
        f"{said} ELSE {_text(NOT_ASKED)} END"
    )


def _answer(column: Column, plan: Plan) -> str:
    question = next((question for question in plan.asked if question.slug == column.question), None)
    if question is None or (
        column.option and column.option not in {option.slug for option in question.options}
    ):
        return _text(NOT_ASKED)
    given = f"choices -> {_text(column.question)}"
    if column.text:
        cell = typed_cell(
            f"coalesce(texts ->> {_text(write_in_name(column.question, column.option))}, '')"
        )
    elif column.option:
        cell = f"(({given}) ? {_text(column.option)})::int::text"
    elif question.closed:
        cell = safe_cell(f"coalesce(choices ->> {_text(column.question)}, '')")
    elif column.type == "string":
        cell = typed_cell(f"coalesce(texts ->> {_text(column.question)}, '')")
    else:
        cell = f"coalesce(texts ->> {_text(column.question)}, '')"
    if not question.show_if:
        return cell
    asked = " AND ".join(
        f"coalesce(choices -> {_text(slug)} = to_jsonb({_text(option)}::text), false)"
        for slug, option in question.show_if.items()
    )
    return f"CASE WHEN {asked} THEN {cell} ELSE {_text(NOT_ASKED)} END"


def _items(pk: int, number: int, plan: Plan) -> Iterator[str]:
    """What an edition asks, in order: a row of VALUES for each option, and for each question that
    is answered in words.
    """
    order = 0
    for question in plan.asked:
        about = [str(number), question.part, question.slug, question.kind]
        for slug, label, value, key in _answers_to(question):
            order += 1
            yield f"({pk}, {order}, {', '.join(map(_text, [*about, slug, label, value, key]))})"


def _answers_to(question: Question) -> Iterator[tuple[str, str, str, str]]:
    """For each answer that may be given: the option, its label and value, and where what was
    written stands.
    """
    if not question.closed:
        yield "", "", "", question.slug
    for option in question.options if question.closed else ():
        yield (
            option.slug,
            option.label,
            "" if option.value is None else str(option.value),
            write_in_name(question.slug, option.slug),
        )


def copy_answers(
    path: Path, *, members: QuerySet[Any], plans: Mapping[int, Plan], numbers: Mapping[int, int]
) -> int:
    """Write a row for each option that was chosen and each text, in the order in which they were
    asked. Gives how many.
    """
    items = [line for pk, number in numbers.items() for line in _items(pk, number, plans[pk])]
    codes = _listed(CODES.format(value="pair ->> 1", fits="pair ->> 0 = question"))
    cells = [
        *["reference", "version::text", '"row"::text', "edition", "part", "question", "kind"],
        *[
            "option",
            safe_cell("label"),
            "value",
            typed_cell("said"),
            f"CASE WHEN option = '' THEN {codes} ELSE '' END",
        ],
    ]
    wanted = ", ".join(f"nullif({cell}, '')" for cell in cells)
    # A row's own answers are few: they are looked up among what its edition asks, and sorted by
    # themselves.
    select = f"""
        SELECT {wanted} FROM (SELECT * FROM member ORDER BY "row") AS member
        CROSS JOIN LATERAL (
            SELECT item.*, coalesce(texts ->> key, '') AS said FROM (
                SELECT question, jsonb_array_elements_text(
                    CASE jsonb_typeof(chosen) WHEN 'array' THEN chosen
                        ELSE jsonb_build_array(chosen) END
                )
                FROM jsonb_each(choices) AS choice(question, chosen)
                UNION SELECT question, '' FROM jsonb_object_keys(texts) AS text(question)
            ) AS given(question, option)
            JOIN item USING (question, option) WHERE item.edition_id = member.edition_id
        ) AS answer
        ORDER BY "row", number
    """  # noqa: S608  # of slugs and of our own words
    values = ", ".join(items) or "(NULL::int, NULL::int, '', '', '', '', '', '', '', '')"
    head = (
        "item (edition_id, number, edition, part, question, kind, option, label, value, key) "
        f"AS MATERIALIZED (VALUES {values})"
    )
    return _copy(path, ANSWER_COLUMNS, select, members, beside=f"{head}, ")
