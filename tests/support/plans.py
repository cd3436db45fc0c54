"""Plans made of a few questions, without a database and without a plan file."""

from dataclasses import fields
from typing import Any

from consult.plans.document import Option, Plan, Question, Recommendation, Section

EMPTY: dict[str, Any] = {"str": "", "dict[str, Any]": {}}


def question(slug: str, kind: str = "text", *options: str, **more: Any) -> Question:
    """A question of the whole plan; an option that ends in "…" takes words beside it."""
    values: dict[str, Any] = {
        "part": "general",
        "text": f"{slug.capitalize()}?",
        "help": "",
        "scale": "",
        "max_choices": None,
        "max_chars": None,
        "show_if": {},
        "options": tuple(
            Option(one.rstrip("…").lower(), one.rstrip("…"), write_in=one.endswith("…"))
            for one in options
        ),
    }
    return Question(slug=slug, kind=kind, **values | more)


def section(slug: str, **more: Any) -> Section:
    values: dict[str, Any] = {
        "title": slug.capitalize(),
        "summary": "",
        "commitments": (),
        "official_theme": False,
        "grouping_note": "",
        "sources": (),
    }
    return Section(slug=slug, **values | more)


def plan_of_questions(
    *questions: Question,
    sections: tuple[Section, ...] = (),
    recommendations: tuple[Recommendation, ...] = (),
) -> Plan:
    """A plan that asks these and says nothing else."""
    values = {each.name: EMPTY.get(str(each.type), ()) for each in fields(Plan)}
    asked = {"sections": sections, "recommendations": recommendations, "questions": questions}
    return Plan(**values | asked)
