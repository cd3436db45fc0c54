"""Reading the register: how many made each point, who they are, and what they said."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from consult.models import Consultation
from consult.text import with_symbols
from responses.deciding.answers_in_words import ANSWERS, MADE, arguments_for
from responses.models import Code, Coding, Point, PointCode, PointPassage, Response

NOT_SAID = ""


@dataclass(frozen=True)
class Makers:
    """How many responses make a point today: in all, by who answers, by campaign, by borough.

    `campaigns` has the number that are in each campaign, by its id. A response in two campaigns is
    in both; `in_none` are in none.
    """

    responses: int = 0
    in_none: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    campaigns: dict[str, int] = field(default_factory=dict)
    boroughs: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """A point as the register lists it."""

    point: Point
    makers: Makers

    @property
    def single(self) -> bool:
        """Whether one response alone makes it."""
        return self.makers.responses == 1


COUNTED = f"""WITH {ANSWERS}, {MADE},
    maker AS (
        SELECT DISTINCT made.point_id, response.id,
            coalesce(response.choices ->> 'capacity', '') AS kind,
            coalesce(response.choices ->> 'borough', '') AS borough
        FROM made JOIN answer USING (response_id, question)
        JOIN responses_response AS response ON response.id = made.response_id
    ),
    belonging AS (
        SELECT maker.point_id, maker.id, campaign.id AS campaign
        FROM maker JOIN responses_campaignmember AS member ON member.response_id = maker.id
        JOIN responses_campaign AS campaign ON campaign.id = member.campaign_id
            AND NOT campaign.ended
    ),
    counted AS (
        SELECT point_id, 'responses' AS what, '' AS which, count(*) AS number
            FROM maker GROUP BY 1
        UNION ALL SELECT point_id, 'kinds', kind, count(*) FROM maker GROUP BY 1, 3
        UNION ALL SELECT point_id, 'boroughs', borough, count(*) FROM maker GROUP BY 1, 3
        UNION ALL SELECT point_id, 'campaigns', campaign::text, count(*) FROM belonging
            GROUP BY 1, 3
        UNION ALL SELECT point_id, 'in_none', '', count(*) FROM maker
            WHERE NOT EXISTS (SELECT FROM belonging
                WHERE belonging.point_id = maker.point_id AND belonging.id = maker.id)
            GROUP BY 1
    )
    SELECT point_id, what, which, number FROM counted ORDER BY point_id, what, number DESC, which
"""  # noqa: S608


def count_makers(consultation: Consultation) -> dict[int, Makers]:
    """Count who makes each point, by the point's id, in one statement however many there are."""
    found: dict[int, dict[str, Any]] = {}
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, arguments_for(consultation))
        for point, what, which, number in cursor.fetchall():
            counts = found.setdefault(point, {})
            if what in {"responses", "in_none"}:
                counts[what] = number
            else:
                counts.setdefault(what, {})[which] = number
    return {point: Makers(**counts) for point, counts in found.items()}


def the_register(consultation: Consultation) -> list[Row]:
    """Return every point that stands by itself, in the order of the plan and of their numbers."""
    makers = count_makers(consultation)
    points = (
        Point.objects.filter(consultation=consultation)
        .exclude(status=Point.Status.MERGED)
        .select_related("owner", "consultation")
    )
    return [Row(point, makers.get(point.pk, Makers())) for point in points]


@dataclass(frozen=True)
class Said:
    """What one response says that makes a point. `words` are empty where the whole came in a file.

    `passage` is the row of a passage that was given to the point by itself, None where a code or
    another's letter leads here.
    """

    response: Response
    question: str
    words: str
    whole: bool
    quote: bool
    passage: int | None
    letter_of: str
    start: int | None = None
    end: int | None = None


# Whose words are shown, by what a count of the makers is about: as COUNTED counts them.
IN_CAMPAIGN = """EXISTS (SELECT FROM responses_campaignmember AS member
    JOIN responses_campaign AS campaign ON campaign.id = member.campaign_id AND NOT campaign.ended
    WHERE member.response_id = response.id AND %(which)s IN ('', campaign.id::text))"""
AMONG = {
    "all": "true",
    "kind": "coalesce(response.choices ->> 'capacity', '') = %(which)s",
    "borough": "coalesce(response.choices ->> 'borough', '') = %(which)s",
    "campaign": IN_CAMPAIGN,
    "no-campaign": f"NOT {IN_CAMPAIGN}",
}


def said_on(
    point: Point,
    *,
    after: int = 0,
    limit: int | None = 50,
    among: str = "all",
    which: str = "",
) -> list[Said]:
    """Return what makes a point, response by response in the order of arrival, with the words of
    passages alone where passages were marked. `limit` counts responses, None is all of them;
    `among`, one of AMONG, and `which` are those whom one count of the makers is about.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH {ANSWERS},
            place AS (
                SELECT coding.response_id, coding.question, coding.start, coding.end,
                    false AS quote, NULL::bigint AS passage
                FROM responses_pointcode AS fed
                JOIN responses_coding AS coding ON coding.code_id = fed.code_id
                    AND coding.removed_at IS NULL
                WHERE fed.point_id = %(point)s AND fed.removed_at IS NULL
                UNION ALL
                SELECT response_id, question, start, "end", quote, id
                FROM responses_pointpassage WHERE point_id = %(point)s AND removed_at IS NULL
            ),
            letter AS (
                SELECT same.response_id, same.question, other.reference
                FROM responses_nopoint AS same
                JOIN responses_response AS other ON other.id = same.same_as_id
                WHERE same.removed_at IS NULL AND same.reason = 'same-letter'
                    AND EXISTS (SELECT FROM place WHERE place.response_id = same.same_as_id
                        AND place.question = same.same_question)
            )
            SELECT DISTINCT response_id, question, start, "end", quote, passage, letter FROM (
                SELECT said.*, dense_rank() OVER (ORDER BY response_id) AS nth FROM (
                    SELECT place.*, '' AS letter FROM place
                    UNION ALL
                    SELECT response_id, question, NULL, NULL, false, NULL, reference FROM letter
                ) AS said JOIN answer USING (response_id, question)
                JOIN responses_response AS response ON response.id = response_id
                WHERE response_id > %(after)s AND {AMONG[among]}
            ) AS page WHERE %(limit)s::bigint IS NULL OR nth <= %(limit)s
            ORDER BY response_id, question, start NULLS FIRST, "end", passage, letter""",  # noqa: S608
            arguments_for(point.consultation)
            | {"point": point.pk, "after": after, "limit": limit, "which": which},
        )
        return _with_words(cursor.fetchall())


def best_quotes(point: Point) -> QuerySet[PointPassage]:
    """Return the passages that someone marked as the best quotes of a point, in responses that
    count, in the order of arrival.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH {ANSWERS} SELECT passage.id
            FROM responses_pointpassage AS passage JOIN answer USING (response_id, question)
            WHERE passage.point_id = %(point)s AND passage.removed_at IS NULL AND passage.quote""",  # noqa: S608
            arguments_for(point.consultation) | {"point": point.pk},
        )
        ids = [row[0] for row in cursor.fetchall()]
    return PointPassage.objects.filter(pk__in=ids).order_by("response", "start", "pk")


def _with_words(rows: Sequence[Sequence[Any]]) -> list[Said]:
    responses = (
        Response.objects.filter(pk__in={row[0] for row in rows})
        .select_related("contact", "edition", "consultation")
        .in_bulk()
    )
    found = []
    for response_id, question, start, end, quote, passage, letter in rows:
        response = responses[response_id]
        text = with_symbols(response.texts.get(question, ""))
        words = text if start is None else text[start:end]
        place = (start, end)
        found.append(Said(response, question, words, start is None, quote, passage, letter, *place))
    return found


def codes_without_a_point(consultation: Consultation) -> QuerySet[Code]:
    """Return the codes that are in use and make no point."""
    in_use = Coding.objects.filter(
        code=OuterRef("pk"), removed_at=None, response__review__superseded=False
    )
    making = PointCode.objects.filter(code=OuterRef("pk"), removed_at=None)
    return Code.objects.filter(Exists(in_use), ~Exists(making), consultation=consultation)
