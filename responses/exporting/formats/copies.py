"""The tables that PostgreSQL writes itself by COPY: a row for each response, and a row for each
answer.

This way a file of 250,000 rows takes no memory here.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from consult.plans.document import Plan, Question
from consult.plans.kinds.choosing import write_in_name
from responses.exporting.columns.answers import ANSWERS as ANSWER_COLUMNS
from responses.exporting.columns.column import Column
from responses.exporting.columns.questions import AnswerColumn
from responses.exporting.columns.responses import RESPONSES as RESPONSE_COLUMNS
from responses.exporting.columns.sql import quoted

RESPONSES = "responses.csv"
ANSWERS = "answers.csv"


class _Rows:
    """What COPY writes to: each call is one row of the table, with the line ending that RFC 4180
    wants and PostgreSQL does not write.
    """

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self.file = path.open("wb")
        self.file.write((",".join(header) + "\r\n").encode())
        self.count = 0

    def write(self, line: bytes) -> None:
        self.file.write(line[:-1] + b"\r\n")
        self.count += 1


def copy_responses(path: Path, *, members: QuerySet[Any], columns: Sequence[AnswerColumn]) -> int:
    """Write a row for each version of a response. Returns how many."""
    return _copy(path, [*RESPONSE_COLUMNS, *columns], 'FROM member ORDER BY "row"', members)


def longest_cells(members: QuerySet[Any], columns: Sequence[Column]) -> dict[str, int]:
    """How many bytes of UTF-8 the longest cell of each column has, by name: at least as many as
    what was typed, since a cell may have an apostrophe in front and symbols for controls.
    """
    sql, values = members.order_by().query.sql_with_params()
    wanted = ", ".join(f"max(octet_length({column.cell_sql}))" for column in columns)
    with connection.cursor() as cursor:
        inner = cursor.mogrify(sql, values).decode()
        # Slugs and our own words only.
        measured = f"WITH member AS NOT MATERIALIZED ({inner}) SELECT {wanted} FROM member"  # noqa: S608
        cursor.execute(measured)
        longest = cursor.fetchone()
    return {column.name: size or 0 for column, size in zip(columns, longest, strict=True)}


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
            SELECT item.*, coalesce(texts ->> key, '') AS said FROM (
                SELECT question, jsonb_array_elements_text(
                    CASE jsonb_typeof(chosen) WHEN 'array' THEN chosen
                        ELSE jsonb_build_array(chosen) END
                )
                FROM jsonb_each(choices) AS choice(question, chosen)
                UNION SELECT question, '' FROM jsonb_object_keys(texts) AS text(question)
            ) AS given(question, option)
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
            yield f"({pk}, {order}, {words}, {scale}, {quoted(key)})"


def _answers_to(question: Question) -> Iterator[tuple[str, str, str, str]]:
    """Yield each possible answer: the option, its label and value, and the key
    of what was written.
    """
    if not question.closed:
        yield "", "", "NULL::int", question.slug
    for option in question.options if question.closed else ():
        value = "NULL::int" if option.value is None else str(option.value)
        yield option.slug, option.label, value, write_in_name(question.slug, option.slug)
