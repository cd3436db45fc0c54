"""A plan file's text in, the plan it describes out, or everything that is wrong with it.

Pure: no database, no clock.

docs/plan-files.md explains the keys; a test holds it against the shapes below.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import yaml
from django.utils.text import slugify

from consult.clock import NotADate, names_a_year, parse_closing, parse_opening
from consult.plans.document import ABOUT_YOU, EQUALITY, GENERAL
from consult.plans.kinds import KINDS
from consult.plans.shapes import (
    SLUG,
    Notes,
    Problem,
    list_of,
    mapping,
    one_of,
    slug,
    table,
    text,
    web_address,
    whole_number,
    yes_or_no,
)

MAX_BYTES = 500_000
MAX_DEPTH = 20
RESERVED_PARTS = {GENERAL, ABOUT_YOU, EQUALITY, "check", "discard", "send"}
# The form asks these itself, beside the questions.
RESERVED_QUESTIONS = {"name", "email", "postcode"}
# These are the first steps of other addresses.
RESERVED_SLUGS = {
    "accessibility",
    "admin",
    "cookies",
    "health",
    "metrics",
    "privacy",
    "receipt",
    "safety",
    "staff",
    "static",
}

OPTION = mapping(
    {"label": text(200)},
    {
        "slug": slug(80),
        "value": whole_number(-100, 100),
        "write_in": yes_or_no,
        "exclusive": yes_or_no,
    },
)


def _option(node: yaml.Node, key: str, notes: Notes) -> Any:
    """An option: its label alone, or its label with more."""
    return (
        {"label": text(200)(node, key, notes)}
        if isinstance(node, yaml.ScalarNode)
        else OPTION(node, key, notes)
    )


OPTION_GROUP = mapping({"group": text(200), "options": list_of(_option, least=1)})


def _option_or_group(node: yaml.Node, key: str, notes: Notes) -> Any:
    """An option, or several under a heading. Groups hold no groups."""
    names = (
        [name.value for name, _ in node.value if isinstance(name, yaml.ScalarNode)]
        if isinstance(node, yaml.MappingNode)
        else []
    )
    return (OPTION_GROUP if "group" in names else _option)(node, key, notes)


QUESTION = mapping(
    {"slug": slug(40), "kind": one_of(*KINDS), "text": text(500)},
    {
        "help": text(500),
        "scale": slug(40),
        "options": list_of(_option_or_group, least=1),
        "options_from": one_of("sections", "recommendations"),
        "show_if": table(slug(80)),
        **{key: shape for kind in KINDS.values() for key, shape in kind.keys.items()},
    },
)
QUESTIONS = list_of(QUESTION)
SECTION = mapping(
    {"slug": slug(60), "title": text(200), "summary": text(5000)},
    {
        "official_theme": yes_or_no,
        "grouping_note": text(500),
        "commitments": list_of(text(500)),
        "comment_prompt": text(300),
        "sources": list_of(web_address),
    },
)
RECOMMENDATION = mapping(
    {"slug": slug(60), "headline": text(200), "attribution": text(200), "context": text(5000)},
    {
        "draft_plan_coverage": text(1000),
        "figures": list_of(mapping({"value": text(60), "what": text(200), "source": web_address})),
        "related_sections": list_of(slug(60)),
        "comment_prompt": text(300),
        "sources": list_of(web_address),
        "since_closing": text(2000),
    },
)
CONSULTATION = mapping(
    {
        "slug": slug(60),
        "title": text(200),
        "summary": text(5000),
        "owner": text(200),
        "closes": text(40),
    },
    {
        "opens": text(40),
        "statute": text(200),
        "grace_minutes": whole_number(0, 1440),
        "batch_hour": whole_number(0, 23),
        "contact": mapping(
            {"organisation": text(200)},
            {
                "postal_address": list_of(text(100)),
                "email": text(254),
                "telephone": text(40),
                "formats": text(300),
                "controller": text(300),
                "data_protection": text(300),
            },
        ),
        "ways_to_respond": list_of(
            mapping({"slug": one_of("online", "email", "post", "telephone"), "label": text(100)})
        ),
        "alternative_formats": list_of(text(100)),
        "safety_notice": text(1000),
        "statement": text(1000),
        "recommendations_statement": text(1000),
        "sources": list_of(web_address),
    },
)
PLAN_FILE = mapping(
    {
        "consultation": CONSULTATION,
        "sections": list_of(SECTION, least=1),
        "questions": mapping(
            {},
            dict.fromkeys(
                ("each_section", "each_recommendation", "general", "about_you", "equality"),
                QUESTIONS,
            ),
        ),
    },
    {
        "references": list_of(mapping({"number": whole_number(1, 999), "title": text(200)})),
        "scales": table(list_of(_option, least=2)),
        "recommendations": list_of(RECOMMENDATION),
        "equality_intro": text(2000),
    },
)


class PlanProblems(Exception):
    """A plan file that cannot be loaded.

    `problems` says everything that is wrong with it, in the order of its lines.
    """

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True)
class CheckedPlan:
    """A plan file in which nothing is wrong.

    `consultation`, `sections` and `recommendations` are as in the file, `questions` are all of them
    in order, each with its full slug, its part and its options.
    """

    consultation: dict[str, Any]
    sections: list[dict[str, Any]]
    recommendations: list[dict[str, Any]]
    questions: list[dict[str, Any]]
    references: list[dict[str, Any]]
    equality_intro: str
    lines: dict[str, int]


def check_plan(content: str | bytes) -> CheckedPlan:
    """The plan that a file describes. Raises PlanProblems with all of its problems at once."""
    notes = Notes()
    plan = PLAN_FILE(_compose(content), "", notes)
    questions: list[dict[str, Any]] = []
    _check_window(plan.get("consultation", {}), notes)
    if not notes.problems:
        _check_slugs(plan, notes)
        questions = _all_questions(plan, notes)
        _check_show_if(questions, notes)
    if notes.problems:
        raise PlanProblems(sorted(notes.problems, key=lambda problem: problem.line))
    return CheckedPlan(
        consultation=plan["consultation"],
        sections=plan["sections"],
        recommendations=plan.get("recommendations", []),
        questions=questions,
        references=plan.get("references", []),
        equality_intro=plan.get("equality_intro", ""),
        lines=notes.lines,
    )


class PlanLoader(yaml.SafeLoader):
    """YAML without what no plan needs and a hostile file could use: aliases, which let a few lines
    stand for millions, and nesting without end.
    """

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(
                problem="an alias: write the text out", problem_mark=self.peek_event().start_mark
            )
        if self.depth == MAX_DEPTH:
            raise yaml.MarkedYAMLError(
                problem="nested too deeply", problem_mark=self.peek_event().start_mark
            )
        self.depth += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _compose(content: str | bytes) -> yaml.Node:
    if len(content) > MAX_BYTES:
        raise PlanProblems([Problem(1, "file", f"is larger than {MAX_BYTES:,} bytes")])
    try:
        decoded = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        node = yaml.compose(decoded, Loader=PlanLoader)
    except UnicodeDecodeError as reason:
        line = content[: reason.start].count(b"\n") + 1 if isinstance(content, bytes) else 1
        raise PlanProblems([Problem(line, "file", "is not UTF-8 text")]) from reason
    except yaml.MarkedYAMLError as reason:
        mark = reason.problem_mark or reason.context_mark
        why = ": ".join(filter(None, [reason.context, reason.problem]))
        raise PlanProblems(
            [Problem(mark.line + 1 if mark else 1, "file", f"cannot be read as YAML: {why}")]
        ) from reason
    except yaml.reader.ReaderError as reason:
        line = decoded[: reason.position].count("\n") + 1
        why = f"has the character U+{reason.character:04X}, which YAML does not allow"
        raise PlanProblems([Problem(line, "file", why)]) from reason
    if node is None:
        raise PlanProblems([Problem(1, "file", "is empty")])
    return node


def _check_window(consultation: dict[str, Any], notes: Notes) -> None:
    """Note dates that are none and, where both say their year, an opening that does not come before
    the closing.
    """
    # Only loading knows today; which year "21 January" is in does not change whether it is a date.
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
    if plan["consultation"]["slug"] in RESERVED_SLUGS:
        notes.add(
            "consultation.slug",
            f"“{plan['consultation']['slug']}” is an address of the service's own",
        )
    seen = set(RESERVED_PARTS)
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


def _all_questions(plan: dict[str, Any], notes: Notes) -> list[dict[str, Any]]:
    """Every question in order, those asked of each section and recommendation once for each."""
    asked = plan["questions"]
    groups = [
        ("each_section", "sections", "title"),
        ("each_recommendation", "recommendations", "headline"),
    ]
    questions = []
    for group, parts, name in groups:
        for part in plan.get(parts, []):
            for number, question in enumerate(asked.get(group, []), 1):
                prompt = (
                    {"help": part["comment_prompt"]}
                    if question["kind"] == "text" and "comment_prompt" in part
                    else {}
                )
                full = {
                    **question,
                    **prompt,
                    "slug": f"{part['slug']}-{question['slug']}",
                    "text": question["text"].replace(f"{{{name}}}", part[name]),
                }
                questions.append(
                    _question(full, part["slug"], f"questions.{group}.{number}", plan, notes)
                )
    for group, part_slug, prefix in [
        ("general", GENERAL, ""),
        ("about_you", ABOUT_YOU, ""),
        ("equality", EQUALITY, "equality-"),
    ]:
        for number, question in enumerate(asked.get(group, []), 1):
            shown = {
                f"{prefix}{slug}": option for slug, option in question.get("show_if", {}).items()
            }
            full = {**question, "slug": f"{prefix}{question['slug']}", "show_if": shown}
            questions.append(_question(full, part_slug, f"questions.{group}.{number}", plan, notes))
    seen: set[str] = set()
    for question in questions:
        if question["slug"] in RESERVED_QUESTIONS:
            notes.add(
                f"{question['key']}.slug", f"“{question['slug']}” is a field of the form's own"
            )
        if question["slug"] in seen:
            notes.add(
                f"{question['key']}.slug", f"“{question['slug']}” stands twice among the questions"
            )
        seen.add(question["slug"])
    return questions


def _question(
    question: dict[str, Any], part: str, key: str, plan: dict[str, Any], notes: Notes
) -> dict[str, Any]:
    """One question with its options worked out. Notes what does not go together."""
    kind = KINDS[question["kind"]]
    for name in question:
        kinds = [known.name for known in KINDS.values() if name in known.keys]
        if kinds and kind.name not in kinds:
            notes.add(f"{key}.{name}", f"is only for kind {' or '.join(kinds)}")
    ways = [name for name in ("scale", "options", "options_from") if name in question]
    if ways and not kind.chooses:
        notes.add(f"{key}.{ways[0]}", "is only for questions answered by choosing")
    for name, why in kind.check(question):
        notes.add(f"{key}.{name}" if name else key, why)
    if "scale" in question and question["scale"] not in plan.get("scales", {}):
        notes.add(f"{key}.scale", f"“{question['scale']}” is not one of the scales")
    given = (
        plan.get("scales", {}).get(question.get("scale"))
        or question.get("options")
        or [
            {"slug": item["slug"], "label": item.get("title") or item["headline"]}
            for item in plan.get(question.get("options_from", ""), [])
        ]
    )
    options = []
    for option in given:
        for inner in option.get("options", [option]):
            slugged = inner.get("slug") or slugify(inner["label"])[:80].strip("-")
            options.append(
                {
                    "value": None,
                    "write_in": False,
                    "exclusive": False,
                    "group": option.get("group", ""),
                    **inner,
                    "slug": slugged,
                }
            )
    for option in options:
        if not SLUG.fullmatch(option["slug"]):
            notes.add(
                f"{key}.options",
                f"“{option['label']}” needs a slug, written out: its label makes none",
            )
    slugs = [option["slug"] for option in options if option["slug"]]
    for repeated in sorted({known for known in slugs if slugs.count(known) > 1}):
        notes.add(f"{key}.options", f"“{repeated}” stands twice: give one of them another slug")
    return {
        "key": key,
        "part": part,
        "slug": question["slug"],
        "kind": question["kind"],
        "text": question["text"],
        "help": question.get("help", ""),
        "scale": question.get("scale", ""),
        "max_choices": question.get("max_choices"),
        "max_chars": kind.max_chars(question.get("max_chars")),
        "details": {name: question[name] for name in kind.details if name in question},
        "show_if": question.get("show_if", {}),
        "options": options,
    }


def _check_show_if(questions: list[dict[str, Any]], notes: Notes) -> None:
    """A question may depend on one that stands before it in the same part, and on an option that it
    has.
    """
    before: dict[str, dict[str, Any]] = {}
    for question in questions:
        for slug_, option in question["show_if"].items():
            other = before.get(slug_)
            if other is None or other["part"] != question["part"]:
                notes.add(
                    f"{question['key']}.show_if",
                    f"“{slug_}” is not a question before this one on the same page",
                )
            elif option not in {known["slug"] for known in other["options"]}:
                notes.add(f"{question['key']}.show_if", f"“{option}” is not an option of “{slug_}”")
        before[question["slug"]] = question
