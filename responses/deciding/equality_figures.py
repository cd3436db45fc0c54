"""What was answered to the equality questions, which lead to no response."""

from typing import Any

from django.db import connection

from consult.models import Consultation
from consult.plans.document import EQUALITY, Question
from responses.deciding.asked import ever_asked
from responses.deciding.small_groups import is_enough, join_small, printable_answers

# How many chose each option of each question, how many answered it ('' for the option), and how
# many answered any ('' for the question).
COUNTED = """
    WITH given AS (
        SELECT answers.id, answer.key, answer.value
        FROM responses_equalityanswers AS answers, LATERAL jsonb_each(choices) AS answer
        WHERE consultation_id = %(consultation)s AND batch_id IS NOT NULL AND NOT stopped
    )
    SELECT '', '', count(*) FROM responses_equalityanswers
    WHERE consultation_id = %(consultation)s AND batch_id IS NOT NULL AND NOT stopped
    UNION ALL
    SELECT key, '', count(*) FROM given GROUP BY 1
    UNION ALL
    SELECT key, option.slug, count(*)
    FROM given, LATERAL jsonb_array_elements_text(CASE jsonb_typeof(value) WHEN 'array'
        THEN value ELSE jsonb_build_array(value) END) AS option(slug)
    GROUP BY 1, 2
"""


def equality_tables(consultation: Consultation) -> list[dict[str, Any]]:
    """Return what was answered to the equality questions, which lead to no response: small groups
    are put together, and a question that too few answered has no figures.

    Only those that were handed over count: they come many at a time, so that two packs never differ
    by one person.
    """
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, {"consultation": consultation.pk})
        counts = {(key, slug): number for key, slug, number in cursor.fetchall()}
    return [
        _table(question, counts)
        for _title, question in ever_asked(consultation).values()
        if question.part == EQUALITY and question.closed
    ]


def _table(question: Question, counts: dict[tuple[str, str], int]) -> dict[str, Any]:
    total = counts["", ""]
    names = [*(option.label for option in question.options), "Not answered"]
    sizes = [counts.get((question.slug, option.slug), 0) for option in question.options]
    sizes.append(total - counts.get((question.slug, ""), 0))
    if question.entry.several:
        # They do not add up, so that none can be put together with another.
        groups = [[place] for place in printable_answers(sizes, total)]
    else:
        groups = join_small(sizes)
        if not all(is_enough(sum(sizes[place] for place in one)) for one in groups):
            groups = []
    rows = [
        ["; ".join(names[place] for place in one), sum(sizes[place] for place in one)]
        for one in groups
    ]
    return {"title": question.text, "base": total, "rows": rows if total else []}
