"""What a plan says in another language, where its file carries words in it. Pure.

Slugs, kinds and the order of things never differ: an answer means the same in every language.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from consult.plans.shapes import Notes

# What can be said in another language, of each thing.
OF_A_PLAN = (
    *("title", "summary", "safety_notice", "statement", "recommendations_statement"),
    "equality_intro",
)
OF_A_SECTION = ("title", "summary", "commitments", "grouping_note")
OF_A_RECOMMENDATION = ("headline", "attribution", "context", "draft_plan_coverage")
OF_A_QUESTION = ("text", "help")
TITLE = "{title}"


def in_language(content: dict[str, Any], language: str) -> dict[str, Any]:
    """Return an edition's content with what its file says in `language` in the place of what it
    says otherwise. What the file does not say in it stays as it is.
    """
    said = (content.get("translations") or {}).get(language)
    if not said:
        return content
    sections = [_with(row, said.get("sections"), OF_A_SECTION) for row in content["sections"]]
    recommendations = [
        _with(row, said.get("recommendations"), OF_A_RECOMMENDATION)
        for row in content["recommendations"]
    ]
    titles = {row["slug"]: row["title"] for row in sections}
    titles |= {row["slug"]: row["headline"] for row in recommendations}
    questions = [
        _question(row, _said_of(row, said.get("questions", {})), titles)
        for row in content["questions"]
    ]
    return {
        **content,
        **{name: said[name] for name in OF_A_PLAN if name in said},
        "sections": sections,
        "recommendations": recommendations,
        "questions": questions,
    }


def _with(
    row: dict[str, Any], said: Mapping[str, Any] | None, names: tuple[str, ...]
) -> dict[str, Any]:
    mine = (said or {}).get(row["slug"], {})
    return row | {name: mine[name] for name in names if name in mine}


def _said_of(question: Mapping[str, Any], said: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is said of a question by its slug, or for every part by the slug that it has in
    the file.
    """
    short = question["slug"].removeprefix(f"{question['part']}-")
    found: Mapping[str, Any] = said.get(question["slug"], said.get(short, {}))
    return found


def _question(
    row: dict[str, Any], said: Mapping[str, Any], titles: Mapping[str, str]
) -> dict[str, Any]:
    words = {name: said[name] for name in OF_A_QUESTION if name in said}
    if "text" in words:
        words["text"] = words["text"].replace(TITLE, titles.get(row["part"], ""))
    if "unit" in said:
        words["details"] = row["details"] | {"unit": said["unit"]}
    labels = said.get("options", {})
    options = [
        # Options that are the sections or the recommendations are called as those are.
        option | {"label": labels.get(option["slug"], option["label"])}
        for option in row["options"]
    ]
    return row | words | {"options": options}


def check_translations(
    translations: Mapping[str, Any], *, parts: list[Any], questions: list[Any], notes: Notes
) -> None:
    """Note words for parts, questions and options that the plan does not have."""
    for language, said in translations.items():
        for key, why in _unknown(said, parts, questions):
            notes.add(f"translations.{language}.{key}", why)


def _unknown(
    said: Mapping[str, Any], parts: list[Any], questions: list[Any]
) -> Iterator[tuple[str, str]]:
    known = {part["slug"] for part in parts}
    for group in ("sections", "recommendations"):
        for slug in said.get(group, {}):
            if slug not in known:
                yield f"{group}.{slug}", "is not a part of this plan"
    asked: dict[str, set[str]] = {}
    for question in questions:
        options = {option["slug"] for option in question["options"]}
        for slug in (question["slug"], question["slug"].removeprefix(f"{question['part']}-")):
            asked[slug] = asked.get(slug, set()) | options
    for slug, words in said.get("questions", {}).items():
        if slug not in asked:
            yield f"questions.{slug}", "is not a question of this plan"
            continue
        for option in words.get("options", {}):
            if option not in asked[slug]:
                yield f"questions.{slug}.options.{option}", "is not one of its options"
