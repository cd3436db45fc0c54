"""Takes a plan file's text, and returns the plan that it describes or everything that is wrong with
it.

Pure: no database, no clock.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from consult.clock import NotADate, names_a_year, parse_closing, parse_opening
from consult.plans.asking import all_questions, check_show_if
from consult.plans.file_shapes import PLAN_FILE
from consult.plans.in_languages import check_translations
from consult.plans.reading import PlanProblems, read_yaml
from consult.plans.reserved import CONSULTATIONS, PARTS
from consult.plans.shapes import Notes


@dataclass(frozen=True)
class CheckedPlan:
    """A plan file with no mistakes.

    `consultation`, `sections` and `recommendations` are as in the file; `questions` are all of them
    in order, each with its full slug, its part and its options.
    """

    consultation: dict[str, Any]
    sections: list[dict[str, Any]]
    recommendations: list[dict[str, Any]]
    questions: list[dict[str, Any]]
    references: list[dict[str, Any]]
    equality_intro: str
    translations: dict[str, Any]
    other_versions: list[dict[str, Any]]
    source_titles: list[dict[str, str]]
    lines: dict[str, int]


def check_plan(content: str | bytes) -> CheckedPlan:
    """Return the plan that a file describes. Raises PlanProblems with all of
    its problems at once.
    """
    notes = Notes()
    plan = PLAN_FILE(read_yaml(content), "", notes)
    questions: list[dict[str, Any]] = []
    _check_window(plan.get("consultation", {}), notes)
    if not notes.problems:
        _check_slugs(plan, notes)
        _check_source_titles(plan, notes)
        questions = all_questions(plan, notes)
        check_show_if(questions, notes)
        check_translations(
            plan.get("translations", {}),
            ways=plan["consultation"].get("ways_to_respond", []),
            parts=[*plan["sections"], *plan.get("recommendations", [])],
            questions=questions,
            notes=notes,
        )
    if notes.problems:
        raise PlanProblems(sorted(notes.problems, key=lambda problem: problem.line))
    return CheckedPlan(
        consultation=plan["consultation"],
        sections=plan["sections"],
        recommendations=plan.get("recommendations", []),
        questions=questions,
        references=plan.get("references", []),
        equality_intro=plan.get("equality_intro", ""),
        translations=plan.get("translations", {}),
        other_versions=plan.get("other_versions", []),
        source_titles=plan.get("source_titles", []),
        lines=notes.lines,
    )


def _check_window(consultation: dict[str, Any], notes: Notes) -> None:
    """Note dates that do not exist and, if both have a year, an opening that is not before the
    closing.
    """
    # Only loading knows today's date; which year "21 January" is in does not change whether it is a
    # date.
    some_day = datetime(2026, 1, 1, tzinfo=UTC)
    instants = {}
    for name, parse in (("opens", parse_opening), ("closes", parse_closing)):
        if value := consultation.get(name):
            try:
                instants[name] = parse(value, now=some_day)
            except NotADate as reason:
                notes.add(f"consultation.{name}", str(reason))
    if (
        len(instants) == 2
        and all(names_a_year(consultation[name]) for name in instants)
        and instants["opens"] >= instants["closes"]
    ):
        notes.add("consultation.closes", "is not after the opening")


def _check_slugs(plan: dict[str, Any], notes: Notes) -> None:
    if plan["consultation"]["slug"] in CONSULTATIONS:
        notes.add(
            "consultation.slug",
            f"“{plan['consultation']['slug']}” is an address of the service's own",
        )
    seen = set(PARTS)
    for group in ("sections", "recommendations"):
        for number, part in enumerate(plan.get(group, []), 1):
            if part["slug"] in seen:
                notes.add(
                    f"{group}.{number}.slug",
                    f"“{part['slug']}” is taken: another part or an address has it",
                )
            seen.add(part["slug"])
    sections = {section["slug"] for section in plan["sections"]}
    for number, recommendation in enumerate(plan.get("recommendations", []), 1):
        for place, related in enumerate(recommendation.get("related_sections", []), 1):
            if related not in sections:
                notes.add(
                    f"recommendations.{number}.related_sections.{place}",
                    f"“{related}” is not a section",
                )


def _check_source_titles(plan: dict[str, Any], notes: Notes) -> None:
    """Note a title for an address that is no source: one of the two is mistyped."""
    parts = [*plan["sections"], *plan.get("recommendations", [])]
    named = {
        address for part in [plan["consultation"], *parts] for address in part.get("sources", [])
    }
    named |= {figure["source"] for part in parts for figure in part.get("figures", [])}
    for number, row in enumerate(plan.get("source_titles", []), 1):
        if row["address"] not in named:
            notes.add(f"source_titles.{number}.address", "is not the address of a source here")
