"""The figures of a report: who answered, and what they chose, in all and by who they are."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection

from consult.models import Consultation
from consult.plans.document import ABOUT_YOU, EQUALITY, Question
from responses.deciding.asked import Asked, ever_asked
from responses.deciding.small_groups import is_enough, join_rows, join_small, printable_answers

NOT_ANSWERED = ""
# By what figures are broken down: the first campaign stands for a response that is in several.
DIMENSIONS = ("kind", "borough", "channel", "campaign")

COUNTED = """
    WITH spoken AS MATERIALIZED (
        SELECT response.id, response.choices, jsonb_build_object(
            'all', '',
            'kind', coalesce(response.choices ->> 'capacity', ''),
            'borough', coalesce(response.choices ->> 'borough', ''),
            'channel', response.channel,
            'campaign', coalesce((SELECT min(campaign.name) FROM responses_campaignmember AS member
                JOIN responses_campaign AS campaign ON campaign.id = member.campaign_id
                    AND NOT campaign.ended
                WHERE member.response_id = response.id), '')) AS place
        FROM responses_response AS response
        JOIN responses_review AS review ON review.response_id = response.id
            AND NOT review.superseded
        WHERE response.consultation_id = %(consultation)s AND response.act IN ('sent', 'amended')
    )
    SELECT dimension.key, dimension.value, NULL, NULL, count(*)
    FROM spoken, LATERAL jsonb_each_text(place) AS dimension GROUP BY 1, 2
    UNION ALL
    SELECT dimension.key, dimension.value, answer.key, option.slug, count(*)
    FROM spoken, LATERAL jsonb_each_text(place) AS dimension,
        LATERAL jsonb_each(choices) AS answer,
        LATERAL jsonb_array_elements_text(CASE jsonb_typeof(answer.value) WHEN 'array'
            THEN answer.value ELSE jsonb_build_array(answer.value) END) AS option(slug)
    GROUP BY 1, 2, 3, 4
    UNION ALL
    SELECT dimension.key, dimension.value, answer.key, '', count(*)
    FROM spoken, LATERAL jsonb_each_text(place) AS dimension,
        LATERAL jsonb_object_keys(choices) AS answer(key)
    GROUP BY 1, 2, 3
"""


@dataclass(frozen=True)
class Line:
    """A row of a table: what it is about, its figures in the order of the columns, and how many it
    is of.
    """

    label: str
    counts: list[int]
    base: int


@dataclass(frozen=True)
class Table:
    """One question, in all (`dimension` is "all") or broken down. Those who left it out are a
    column of it; `left_out` says what could not be printed by itself.
    """

    question: str
    title: str
    part: str
    dimension: str
    columns: list[str]
    lines: list[Line]
    several: bool
    scale: str
    left_out: str = ""


class Counted:
    """What the statement counted, to be looked up."""

    def __init__(self, consultation: Consultation) -> None:
        self.bases: dict[str, dict[str, int]] = {name: {} for name in ("all", *DIMENSIONS)}
        self.cells: dict[tuple[str, str, str, str], int] = {}
        with connection.cursor() as cursor:
            cursor.execute(COUNTED, {"consultation": consultation.pk})
            for dimension, group, question, option, number in cursor.fetchall():
                if question is None:
                    self.bases[dimension][group] = number
                else:
                    self.cells[dimension, group, question, option] = number

    @property
    def base(self) -> int:
        return self.bases["all"].get("", 0)

    def row(self, dimension: str, group: str, question: Question) -> list[int]:
        """How many of a group chose each option, and how many answered nothing."""
        chosen = [
            self.cells.get((dimension, group, question.slug, option.slug), 0)
            for option in question.options
        ]
        answered = self.cells.get((dimension, group, question.slug, ""), 0)
        return [*chosen, self.bases[dimension].get(group, 0) - answered]


def who_answered(consultation: Consultation, counted: Counted) -> list[Table]:
    """Return how many answered by each dimension, small groups put together."""
    asked, tables = ever_asked(consultation), []
    for dimension in DIMENSIONS:
        groups = _groups(counted, dimension)
        labels = _labels(asked, dimension)
        if not all(is_enough(size) for _group, size in groups) or not groups:
            continue
        lines = [Line(_joined(group, labels), [size], counted.base) for group, size in groups]
        tables.append(
            Table("", dimension, "", dimension, ["Responses"], lines, several=False, scale="")
        )
    return tables


def tables_of(consultation: Consultation, counted: Counted) -> list[Table]:
    """Return every closed question about the plan, of any edition, in all, then by each dimension
    that says more.
    """
    asked, found = ever_asked(consultation), []
    labels = {dimension: _labels(asked, dimension) for dimension in DIMENSIONS}
    for part, question in asked.values():
        if question.closed and question.part not in {ABOUT_YOU, EQUALITY}:
            found += tables_for(part, question, counted, labels=labels)
    return found


def tables_for(
    part: str, question: Question, counted: Counted, *, labels: dict[str, dict[str, str]]
) -> list[Table]:
    """Return one closed question in all, then by each dimension that says more. `labels` has what
    to call each dimension's groups.
    """
    whole = counted.row("all", "", question)
    names = [*(option.label for option in question.options), "Not answered, or not asked"]
    if question.entry.several:
        kept = [[place] for place in printable_answers(whole, counted.base)]
    else:
        kept = join_small(whole)
        if not all(is_enough(sum(whole[place] for place in group)) for group in kept):
            kept = []
    said: dict[str, Any] = {"question": question.slug, "title": question.text, "part": part}
    columns = ["; ".join(names[place] for place in group) for group in kept]
    left = [] if kept else ["Too few answered to print any figure."]
    gone = [label for place, label in enumerate(names) if not any(place in one for one in kept)]
    if gone and kept:
        left = [f"Too few chose or left out: {', '.join(gone)}."]
    more: dict[str, Any] = {
        "several": question.entry.several,
        "scale": question.scale,
        "left_out": " ".join(left),
    }
    found = [
        Table(
            **said,
            dimension="all",
            columns=columns,
            lines=[Line("All", _folded(whole, kept), counted.base)] if kept else [],
            **more,
        )
    ]
    for dimension in DIMENSIONS if kept else ():
        lines = _lines(labels.get(dimension, {}), question, counted, dimension, kept)
        if len(lines) > 1:
            found.append(Table(**said, dimension=dimension, columns=columns, lines=lines, **more))
    return found


def _lines(
    labels: dict[str, str],
    question: Question,
    counted: Counted,
    dimension: str,
    kept: list[list[int]],
) -> list[Line]:
    """The rows of a table: first those groups are put together that are few everywhere, then those
    of which few chose an answer here.
    """
    several = question.entry.several
    rows: dict[str, list[int]] = {}
    members: dict[str, list[str]] = {}
    for group, size in _groups(counted, dimension):
        name = group[0]
        cells = [counted.row(dimension, one, question) for one in group]
        summed = [sum(each) for each in zip(*cells, strict=True)]
        rows[name] = _folded(summed, kept) + ([size] if several else [])
        members[name] = group
    found = []
    for names, sums in join_rows(rows, several=several):
        everyone = [one for name in names for one in members[name]]
        base = sum(counted.bases[dimension][one] for one in everyone)
        found.append(Line(_joined(everyone, labels), sums[:-1] if several else sums, base))
    return found


def _groups(counted: Counted, dimension: str) -> list[tuple[list[str], int]]:
    """A dimension's groups, the same for every table, the small ones put together."""
    bases = counted.bases[dimension]
    names = sorted(bases, key=lambda name: (name == NOT_ANSWERED, name))
    places = join_small([bases[name] for name in names])
    groups = [[names[place] for place in group] for group in places]
    return [(group, sum(bases[name] for name in group)) for group in groups]


def _folded(row: list[int], kept: list[list[int]]) -> list[int]:
    return [sum(row[place] for place in group) for group in kept]


def _labels(asked: Asked, dimension: str) -> dict[str, str]:
    slug = {"kind": "capacity", "borough": "borough"}.get(dimension, "")
    options = asked[slug][1].options if slug in asked else ()
    empty = "In no campaign" if dimension == "campaign" else "Not said"
    return {option.slug: option.label for option in options} | {NOT_ANSWERED: empty}


def _joined(group: list[str], labels: dict[str, str]) -> str:
    return "; ".join(labels.get(one, one) for one in group)


def as_rows(tables: list[Table]) -> list[dict[str, Any]]:
    """Return tables as they are stored."""
    return [asdict(table) for table in tables]
