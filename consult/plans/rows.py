"""Making the rows of a consultation say what a plan file says."""

from typing import Any

from consult.models import Consultation, Option, Question, Recommendation, Section
from consult.plans.checking import CheckedPlan


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
    }


def write_rows(consultation: Consultation, plan: CheckedPlan) -> None:
    """Make the rows say what the file says."""
    values = consultation_values(plan)
    for name, value in values.items():
        setattr(consultation, name, value)
    consultation.save(update_fields=list(values))
    sections = [
        {
            "order": order,
            "official_theme": True,
            "grouping_note": "",
            "commitments": [],
            "sources": [],
            **{name: value for name, value in section.items() if name != "comment_prompt"},
        }
        for order, section in enumerate(plan.sections, 1)
    ]
    recommendations = [
        {
            "order": order,
            "draft_plan_coverage": "",
            "figures": [],
            "sources": [],
            "related_sections": [],
            **{
                name: value
                for name, value in row.items()
                if name not in {"comment_prompt", "since_closing"}
            },
        }
        for order, row in enumerate(plan.recommendations, 1)
    ]
    questions = [
        {
            "order": order,
            **{name: value for name, value in question.items() if name not in {"key", "options"}},
        }
        for order, question in enumerate(plan.questions, 1)
    ]
    mine = {"consultation": consultation}
    _same_rows(Section, mine, sections)
    _same_rows(Recommendation, mine, recommendations)
    Option.objects.filter(question__consultation=consultation).exclude(
        question__slug__in=[row["slug"] for row in questions]
    ).delete()
    _same_rows(Question, mine, questions)
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
    """Make the rows of `owner` the ones given, matched by slug."""
    mine = model.objects.filter(**owner)
    mine.exclude(slug__in=[row["slug"] for row in rows]).delete()
    model.objects.bulk_create(
        [model(**owner, **row) for row in rows],
        update_conflicts=True,
        unique_fields=[*owner, "slug"],
        update_fields=[name for name in rows[0] if name != "slug"] if rows else None,
    )
