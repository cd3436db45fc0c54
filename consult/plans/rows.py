"""Makes the rows of a consultation match a plan file."""

from collections.abc import Mapping
from typing import Any

from consult.models import Consultation, Option, Question, Recommendation, Section
from consult.plans.attaching import ATTACHMENT_MEGABYTES, ATTACHMENT_TYPES
from consult.plans.checking import CheckedPlan

# The values of a section and a recommendation for what the file leaves out.
NO_SECTION: dict[str, Any] = {
    "official_theme": True,
    "grouping_note": "",
    "commitments": [],
    "sources": [],
}
NO_RECOMMENDATION: dict[str, Any] = {
    "draft_plan_coverage": "",
    "figures": [],
    "sources": [],
    "related_sections": [],
}


def consultation_values(plan: CheckedPlan) -> dict[str, Any]:
    given = plan.consultation
    plain = {
        name: given.get(name, "")
        for name in ("statute", "safety_notice", "statement", "recommendations_statement")
    }
    lists = {
        name: given.get(name, []) for name in ("ways_to_respond", "alternative_formats", "sources")
    }
    return {
        **{name: given[name] for name in ("title", "summary", "owner")},
        **plain,
        **lists,
        "contact": given.get("contact", {}),
        "references": plan.references,
        "equality_intro": plan.equality_intro,
        "attachments": _attachments(given),
        "translations": plan.translations or None,
        "other_versions": plan.other_versions or None,
        "source_titles": plan.source_titles or None,
    }


def _attachments(given: Mapping[str, Any]) -> dict[str, Any]:
    """What respondents may attach; nothing where the file does not say how many."""
    if not given.get("attachments"):
        return {}
    return {
        "most": given["attachments"],
        "types": given.get("attachment_types") or list(ATTACHMENT_TYPES),
        "megabytes": given.get("attachment_megabytes", ATTACHMENT_MEGABYTES),
    }


def write_rows(consultation: Consultation, plan: CheckedPlan) -> None:
    """Make the rows match the file."""
    values = consultation_values(plan)
    for name, value in values.items():
        setattr(consultation, name, value)
    consultation.save(update_fields=list(values))
    mine = {"consultation": consultation}
    _same_rows(Section, mine, _ordered(plan.sections, NO_SECTION, leave={"comment_prompt"}))
    _same_rows(
        Recommendation,
        mine,
        _ordered(
            plan.recommendations, NO_RECOMMENDATION, leave={"comment_prompt", "since_closing"}
        ),
    )
    questions = _ordered(plan.questions, {}, leave={"key", "options"})
    Option.objects.filter(question__consultation=consultation).exclude(
        question__slug__in=[row["slug"] for row in questions]
    ).delete()
    _same_rows(Question, mine, questions)
    _write_options(consultation, plan)


def _ordered(
    rows: list[dict[str, Any]], otherwise: dict[str, Any], *, leave: set[str]
) -> list[dict[str, Any]]:
    """Return the rows with their order, with `otherwise` for what they leave out, and without
    `leave`, which is not stored.
    """
    return [
        {"order": order}
        | otherwise
        | {name: value for name, value in row.items() if name not in leave}
        for order, row in enumerate(rows, 1)
    ]


def _write_options(consultation: Consultation, plan: CheckedPlan) -> None:
    """Make the options match those of the file's questions."""
    kept = {question.slug: question for question in consultation.questions.all()}
    options = [
        Option(question=kept[row["slug"]], order=order, **option)
        for row in plan.questions
        for order, option in enumerate(row["options"], 1)
    ]
    wanted = {(option.question.pk, option.slug) for option in options}
    there = Option.objects.filter(question__consultation=consultation).values_list(
        "pk", "question_id", "slug"
    )
    Option.objects.filter(
        pk__in=[pk for pk, question, slug in there if (question, slug) not in wanted]
    ).delete()
    Option.objects.bulk_create(
        options,
        update_conflicts=True,
        unique_fields=["question", "slug"],
        update_fields=["order", "label", "value", "group", "write_in", "exclusive"],
    )


def _same_rows(model: Any, owner: dict[str, Consultation], rows: list[dict[str, Any]]) -> None:
    """Make the rows of `owner` match the ones given, by slug."""
    mine = model.objects.filter(**owner)
    mine.exclude(slug__in=[row["slug"] for row in rows]).delete()
    model.objects.bulk_create(
        [model(**owner, **row) for row in rows],
        update_conflicts=True,
        unique_fields=[*owner, "slug"],
        update_fields=[name for name in rows[0] if name != "slug"] if rows else None,
    )
