"""What was answered to the equality questions, which lead to no response."""

from typing import Any

from django.db.models import Count

from consult.models import Consultation
from consult.plans.editions import current_edition, plan_of
from responses.deciding.small_groups import is_enough, join_small
from responses.models import EqualityAnswers


def equality_tables(consultation: Consultation) -> list[dict[str, Any]]:
    """Return what was answered to the equality questions, which lead to no response: small groups
    are put together, and a question that too few answered has no figures.

    Only those that were handed over count: they come many at a time, so that two packs never differ
    by one person.
    """
    found = []
    answers = EqualityAnswers.objects.filter(
        consultation=consultation, batch__isnull=False, stopped=False
    )
    total = answers.count()
    for question in plan_of(current_edition(consultation)).equality.questions:
        if not question.closed or question.entry.several:
            continue
        counts = dict(
            answers.order_by().values_list(f"choices__{question.slug}").annotate(number=Count("pk"))
        )
        labels = {option.slug: option.label for option in question.options}
        sizes = [counts.get(slug, 0) for slug in labels]
        sizes.append(total - sum(sizes))
        names = [*labels.values(), "Not answered"]
        groups = join_small(sizes)
        enough = all(is_enough(sum(sizes[place] for place in one)) for one in groups)
        rows = [
            ["; ".join(names[place] for place in one), sum(sizes[place] for place in one)]
            for one in groups
        ]
        found.append(
            {"title": question.text, "base": total, "rows": rows if total and enough else []}
        )
    return found
