"""The responses of a batch or an extract, each with its row, in one query."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, models
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import JSONArray

from consult.models import Consultation, Edition
from consult.plans.document import Plan
from responses.arrivals import REACHED_ON
from responses.exporting.columns.entries import Entry, Marks, Place
from responses.exporting.columns.questions import AnswerColumn, key_of
from responses.exporting.manifests import NOT_SAID, Counts
from responses.models import (
    Batch,
    BatchMember,
    CampaignMember,
    Coding,
    EqualityAnswers,
    Extract,
    Response,
)

# By the name in `texts`, how many UTF-16 units the longest text has: characters outside the basic
# plane count twice.
LONGEST = r"""
    SELECT said.key, max(length(said.value) + length(regexp_replace(said.value,
        E'[^\U00010000-\U0010FFFF]', '', 'g')))
    FROM responses_response AS response CROSS JOIN jsonb_each_text(response.texts) AS said
    WHERE response.id IN (MEMBERS) AND length(said.value) > %s
    GROUP BY said.key
"""
ROWS_AT_ONCE = 200


def members_of_batch(batch: Batch) -> QuerySet[Any]:
    """Return the batch's responses, each with its row, the place of the version before it, whether
    it is the newest here, and what reviewers decided about it.
    """
    same = BatchMember.objects.filter(response__reference=OuterRef("reference"))
    # An earlier version existed before this one could be written, so it is in an earlier batch or
    # on an earlier row.
    before, after = (
        same.filter(response__version=OuterRef("version") - 1),
        same.filter(response__version=OuterRef("version") + 1),
    )
    return Response.objects.filter(membership__batch=batch).annotate(
        row=F("membership__row"),
        in_batch=Value(batch.number),
        before_batch=_if_a_later_version(before.values("batch__number")),
        before_row=_if_a_later_version(before.values("row")),
        newest=~Exists(after.filter(batch=batch)),
        campaigns=F("membership__marks__campaigns"),
        codes=F("membership__marks__codes"),
        edition_number=F("edition__number"),
        reached_on=REACHED_ON,
    )


def _if_a_later_version(before: QuerySet[Any]) -> Case:
    """Return what the version before has. Nearly every response has none, and is asked nothing."""
    return Case(When(version__gt=1, then=Subquery(before.order_by()[:1])))


def members_of_extract(extract: Extract) -> QuerySet[Any]:
    """Return the same for an extract. Its rows replace none, and what reviewers decided is read as
    it is now.
    """
    after = extract.members.filter(
        response__reference=OuterRef("reference"), response__version=OuterRef("version") + 1
    )
    named = CampaignMember.objects.filter(response=OuterRef("pk"), campaign__ended=False).order_by(
        "campaign__name"
    )
    pair = JSONArray("question", "code__name")
    given = (
        Coding.objects.filter(response=OuterRef("pk"), removed_at=None)
        .order_by("question", "code__name")
        .values(pair=pair)
    )
    return Response.objects.filter(extract_members__extract=extract).annotate(
        row=F("extract_members__row"),
        in_batch=Value(0),
        before_batch=Value(None, output_field=models.IntegerField(null=True)),
        before_row=Value(None, output_field=models.IntegerField(null=True)),
        newest=~Exists(after),
        campaigns=ArraySubquery(named.values("campaign__name")),
        codes=Func(ArraySubquery(given), function="to_jsonb", output_field=models.JSONField()),
        edition_number=F("edition__number"),
        reached_on=REACHED_ON,
    )


def entries_of(members: QuerySet[Any], plans: Mapping[int, Plan]) -> Iterator[Entry]:
    """Yield each member with everything known about it, by row: one cursor over one query, a few
    rows at a time however many there are.

    `plans` has them by the primary keys of their editions.
    """
    for response in members.order_by("row").iterator(chunk_size=ROWS_AT_ONCE):
        # Two reviewers may have given the same code.
        codes = dict.fromkeys((question, code) for question, code in response.codes or ())
        yield Entry(
            response,
            row=response.row,
            replaces=Place(response.before_batch, response.before_row)
            if response.before_batch
            else None,
            edition=response.edition_number,
            plan=plans[response.edition_id],
            newest=response.newest,
            marks=Marks(response.campaigns or (), list(codes)),
            batch=response.in_batch,
            reached_on=response.reached_on,
        )


def count_members(members: QuerySet[Any]) -> Counts:
    """Count them, by kind, with the first and last of them."""
    found = Response.objects.filter(pk__in=members.order_by().values("pk")).order_by()
    by_row = members.order_by("row").values_list("reference", flat=True)

    def by(expression: models.F | KeyTextTransform) -> Counter[str]:
        counted = found.annotate(value=expression).values_list("value").annotate(Count("pk"))
        return Counter({value or NOT_SAID: number for value, number in counted})

    return Counts(
        responses=found.count(),
        synthetic=found.filter(synthetic=True).count(),
        act=by(F("act")),
        channel=by(F("channel")),
        kind=by(KeyTextTransform("capacity", "choices")),
        timing=by(F("timing")),
        first_reference=by_row.first(),
        last_reference=by_row.last(),
    )


def widest(
    members: QuerySet[Any], columns: Sequence[AnswerColumn], *, limit: int
) -> dict[str, int]:
    """Return how many cells of at most `limit` UTF-16 units the longest text of a column takes,
    for each column that takes more than one.
    """
    which, with_values = members.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(LONGEST.replace("MEMBERS", which), [*with_values, limit // 2])
        longest = dict(cursor.fetchall())
    # A cell may end one unit early rather than between the two halves of a character.
    return {
        column.name: -(-longest[key_of(column.place)] // (limit - 1))
        for column in columns
        if key_of(column.place) in longest
    }


def editions_of_batch(batch: Batch) -> list[Edition]:
    """Return the editions that the batch's responses answered, in order; for a nil return, the one
    that was current when it was sealed.
    """
    editions = (
        Edition.objects.filter(consultation=batch.consultation).defer("content").order_by("number")
    )
    answered = Q(
        pk__in=Response.objects.filter(membership__batch=batch).order_by().values("edition")
    )
    taken = Q(pk__in=EqualityAnswers.objects.filter(batch=batch).values("edition"))
    return (
        list(editions.filter(answered | taken))
        or list(editions.filter(published_at__lte=batch.sealed_at))[-1:]
        or list(editions[:1])
    )


def editions_answered(consultation: Consultation, members: QuerySet[Any]) -> list[Edition]:
    """Return the editions that members answered, in order."""
    editions = Edition.objects.filter(consultation=consultation).defer("content").order_by("number")
    return list(editions.filter(pk__in=members.order_by().values("edition")))
