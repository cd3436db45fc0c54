"""The questions of a plan file as they are asked: each with its full slug, part and options."""

from typing import Any

from django.utils.text import slugify

from consult.plans.document import ABOUT_YOU, EQUALITY, GENERAL, Option, Question
from consult.plans.kinds import KINDS
from consult.plans.reserved import MEANINGS, OPTIONS, QUESTIONS
from consult.plans.shapes import SLUG, Notes

# PostgreSQL reads at most 1,664 columns at once; some are left for what later editions ask.
MOST_COLUMNS = 1_200
INDIVIDUALS_ONLY = "individuals_only"


def all_questions(plan: dict[str, Any], notes: Notes) -> list[dict[str, Any]]:
    """Returns every question in order, with those asked of each part once for each part."""
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
    _check_individuals_only(questions, notes)
    _check_slugs(questions, notes)
    _check_columns(questions, notes)
    return questions


def _check_columns(questions: list[dict[str, Any]], notes: Notes) -> None:
    """Note a plan whose answers would not fit in one table."""
    count = 0
    for row in questions:
        if row["part"] != EQUALITY:
            said = {name: value for name, value in row.items() if name not in {"key", "options"}}
            options = tuple(Option(**option) for option in row["options"])
            question = Question(**said, options=options)
            count += len(list(question.entry.columns(question)))
    if count > MOST_COLUMNS:
        notes.add(
            "questions",
            f"have {count:,} columns of answers, may have {MOST_COLUMNS:,}: each option of kind "
            "many, and each line to write in, is one",
        )


def _check_individuals_only(questions: list[dict[str, Any]], notes: Notes) -> None:
    """Note the key where nobody would heed it: it needs to be known first who answers."""
    marked = [question for question in questions if question["details"].get(INDIVIDUALS_ONLY)]
    for question in marked:
        if question["part"] != EQUALITY:
            notes.add(
                f"{question['key']}.{INDIVIDUALS_ONLY}",
                "is only for equality questions: any other can have show_if",
            )
    if marked and "capacity" not in {question["slug"] for question in questions}:
        notes.add(
            f"{marked[0]['key']}.{INDIVIDUALS_ONLY}",
            "needs a question “capacity”, which says who answers for an organisation",
        )


def _check_slugs(questions: list[dict[str, Any]], notes: Notes) -> None:
    """Note slugs that are taken, and questions that the service reads but could not understand."""
    seen: set[str] = set()
    for question in questions:
        slug, key = question["slug"], question["key"]
        if slug in QUESTIONS:
            notes.add(
                f"{key}.slug", f"“{slug}” is taken: the service has a field or a chart of that name"
            )
        if slug.isdigit():
            # A database, and Django's own queries, would take it for a position in a list.
            notes.add(f"{key}.slug", f"“{slug}” needs a letter in it")
        if slug in seen:
            notes.add(f"{key}.slug", f"“{slug}” is used by two questions")
        kinds = MEANINGS.get(slug, (question["kind"],))
        if question["kind"] not in kinds:
            notes.add(
                f"{key}.kind",
                f"“{slug}” means something to the service: it needs kind {' or '.join(kinds)}",
            )
        seen.add(slug)


def _question(
    question: dict[str, Any], part: str, key: str, plan: dict[str, Any], notes: Notes
) -> dict[str, Any]:
    """Return one question with its options worked out. Notes what does not go together."""
    kind = KINDS[question["kind"]]
    _check_keys(question, key, notes)
    if "scale" in question and question["scale"] not in plan.get("scales", {}):
        notes.add(f"{key}.scale", f"“{question['scale']}” is not one of the scales")
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
        "details": {
            name: question[name] for name in (*kind.details, INDIVIDUALS_ONLY) if name in question
        },
        "show_if": question.get("show_if", {}),
        "options": _options(question, key, plan, notes),
    }


def _check_keys(question: dict[str, Any], key: str, notes: Notes) -> None:
    """Note keys that do not fit the question's kind, and missing ones that its kind needs."""
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


def _options(
    question: dict[str, Any], key: str, plan: dict[str, Any], notes: Notes
) -> list[dict[str, Any]]:
    """Returns a question's options, wherever they come from, each with its slug and group."""
    given = (
        plan.get("scales", {}).get(question.get("scale"))
        or question.get("options")
        or [
            {"slug": item["slug"], "label": item.get("title") or item["headline"]}
            for item in plan.get(question.get("options_from", ""), [])
        ]
    )
    plain = {"value": None, "write_in": False, "exclusive": False}
    options = [
        plain
        | {"group": option.get("group", "")}
        | inner
        | {"slug": inner.get("slug") or slugify(inner["label"])[:80].strip("-")}
        for option in given
        for inner in option.get("options", [option])
    ]
    if not options and KINDS[question["kind"]].chooses:
        notes.add(key, "has no options to choose from")
    for option in options:
        if option["slug"] in OPTIONS:
            notes.add(
                f"{key}.options",
                f"“{option['slug']}” is taken: batches write it for what was not asked",
            )
        if not SLUG.fullmatch(option["slug"]):
            notes.add(
                f"{key}.options",
                f"“{option['label']}” needs a slug, written out: its label makes none",
            )
    slugs = [option["slug"] for option in options if option["slug"]]
    for repeated in sorted({known for known in slugs if slugs.count(known) > 1}):
        notes.add(f"{key}.options", f"“{repeated}” is listed twice: give one of them another slug")
    return options


def check_show_if(questions: list[dict[str, Any]], notes: Notes) -> None:
    """Note a question that depends on anything but an option of an earlier question in the same
    part.
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
