"""The tables that PostgreSQL writes itself by COPY: a row for each response, and a row for each
answer.

This way a file of 250,000 rows takes no memory here.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from consult.plans.document import Plan, Question
from consult.plans.kinds.choosing import write_in_name
from consult.text import CONTROLS, with_symbols
from responses.exporting.columns.answers import ANSWERS as ANSWER_COLUMNS
from responses.exporting.columns.column import Column
from responses.exporting.columns.questions import AnswerColumn
from responses.exporting.columns.responses import RESPONSES as RESPONSE_COLUMNS
from responses.exporting.columns.sql import joined_fields, quoted

RESPONSES = "responses.csv"
ANSWERS = "answers.csv"
# Control characters in UTF-8: one byte each, and those above ASCII two.
LOWER_CONTROLS = bytes(ord(one) for one in CONTROLS if one < "\x80")
UPPER_CONTROL = re.compile(rb"\xc2[\x80-\x9f]")


class _Rows:
    """What COPY writes to: each call is one row of the table, with the line ending that RFC 4180
    wants and PostgreSQL does not write.
    """

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self.file = path.open("wb")
        self.file.write((",".join(header) + "\r\n").encode())
        self.count = 0

    def write(self, line: bytes) -> None:
        # Few lines have a control character: these are found without decoding the others.
        if len(line.translate(None, LOWER_CONTROLS)) != len(line) or UPPER_CONTROL.search(line):
            line = with_symbols(line.decode()).encode()
        self.file.write(line[:-1] + b"\r\n")
        self.count += 1


def copy_responses(path: Path, *, members: QuerySet[Any], columns: Sequence[AnswerColumn]) -> int:
    """Write a row for each version of a response. Returns how many."""
    rest = f'FROM member {_fields_of(columns)} ORDER BY member."row"'
    return _copy(path, [*RESPONSE_COLUMNS, *columns], rest, members)


def longest_cells(members: QuerySet[Any], columns: Sequence[Column]) -> dict[str, int]:
    """How many bytes of UTF-8 the longest cell of each column has, by name: at least as many as
    what was typed, since a cell may have an apostrophe in front.
    """
    sql, values = members.order_by().query.sql_with_params()
    joins = _fields_of([column for column in columns if isinstance(column, AnswerColumn)])
    wanted = ", ".join(f"max(octet_length({column.cell_sql}))" for column in columns)
    with connection.cursor() as cursor:
        inner = cursor.mogrify(sql, values).decode()
        # Slugs and our own words only.
        measured = f"WITH member AS NOT MATERIALIZED ({inner}) SELECT {wanted} FROM member {joins}"  # noqa: S608
        cursor.execute(measured)
        longest = cursor.fetchone()
    return {column.name: size or 0 for column, size in zip(columns, longest, strict=True)}


def _fields_of(columns: Sequence[AnswerColumn]) -> str:
    return joined_fields(field for column in columns for field in column.fields)


def _copy(
    path: Path, columns: Sequence[Column], rest: str, members: QuerySet[Any], *, beside: str = ""
) -> int:
    # An empty text is an empty cell, without the quotation marks by which PostgreSQL tells it from
    # NULL.
    wanted = ", ".join(f"nullif({column.cell_sql}, '')" for column in columns)
    sql, values = members.order_by().query.sql_with_params()
    rows = _Rows(path, [column.name for column in columns])
    with connection.cursor() as cursor, rows.file:
        inner = cursor.mogrify(sql, values).decode()
        # Slugs and our own words only.
        select = f"WITH {beside} member AS NOT MATERIALIZED ({inner}) SELECT {wanted} {rest}"
        cursor.copy_expert(f"COPY ({select}) TO STDOUT WITH (FORMAT csv)", rows)
    return rows.count


def copy_answers(path: Path, *, members: QuerySet[Any], plans: Mapping[int, Plan]) -> int:
    """Write a row for each chosen option and each text, in the order in which they were asked.
    Returns how many.

    `plans` has them by the primary keys of their editions.
    """
    # A row has few answers: they are looked up in what its edition asks, and sorted on their own.
    rest = """
        FROM (SELECT * FROM member ORDER BY "row") AS member
        CROSS JOIN LATERAL (
            SELECT item.*, CASE option WHEN '' THEN text ELSE texts ->> key END AS said FROM (
                SELECT key, value, NULL FROM jsonb_each_text(choices) WHERE value NOT LIKE '[%'
                UNION ALL
                SELECT key, jsonb_array_elements_text(value), NULL FROM jsonb_each(choices)
                WHERE jsonb_typeof(value) = 'array'
                UNION ALL
                SELECT key, '', value FROM jsonb_each_text(texts)
            ) AS given (question, option, text)
            JOIN item USING (question, option) WHERE item.edition_id = member.edition_id
        ) AS item
        ORDER BY "row", item.number
    """
    items = [line for pk, plan in plans.items() for line in _items(pk, plan)]
    values = ", ".join(items) or "(NULL::int, NULL::int, '', '', '', '', '', NULL::int, '')"
    head = (
        "item (edition_id, number, part, question, kind, option, label, scale, key) "
        f"AS MATERIALIZED (VALUES {values}), "
    )
    return _copy(path, ANSWER_COLUMNS, rest, members, beside=head)


def _items(pk: int, plan: Plan) -> Iterator[str]:
    """What an edition asks, in order: a row of VALUES for each option, and for each question
    answered in words.
    """
    order = 0
    for question in plan.asked:
        about = (question.part, question.slug, question.kind)
        for slug, label, scale, key in _answers_to(question):
            order += 1
            words = ", ".join(map(quoted, (*about, slug, label)))
            yield f"({pk}, {order}, {words}, {scale}, {quoted(key) if key else 'NULL'})"


def _answers_to(question: Question) -> Iterator[tuple[str, str, str, str]]:
    """Yield each possible answer: the option, its label and value, and the key of what
    was written beside it, if it asks for that.
    """
    if not question.closed:
        yield "", "", "NULL::int", ""
    for option in question.options if question.closed else ():
        value = "NULL::int" if option.value is None else str(option.value)
        key = write_in_name(question.slug, option.slug) if option.write_in else ""
        yield option.slug, option.label, value, key
