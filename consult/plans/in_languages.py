"""What a plan says in another language, where its file carries words in it. Pure.

Slugs, kinds and the order of things never differ: an answer means the same in every language.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from consult.plans.shapes import Notes

# What can be said in another language, of each thing.
OF_A_PLAN = (
    *("title", "summary", "safety_notice", "statement", "recommendations_statement"),
    *("equality_intro", "owner", "statute", "alternative_formats"),
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
        _figures(_with(row, said.get("recommendations"), OF_A_RECOMMENDATION), said)
        for row in content["recommendations"]
    ]
    ways = said.get("ways_to_respond", {})
    titles = {row["slug"]: row["title"] for row in sections}
    titles |= {row["slug"]: row["headline"] for row in recommendations}
    # Options that are the sections or the recommendations are called as those are.
    before = [*content["sections"], *content["recommendations"]]
    called = {row.get("title") or row["headline"]: titles[row["slug"]] for row in before}
    questions = [
        _question(row, _said_of(row, said.get("questions", {})), titles, called)
        for row in content["questions"]
    ]
    return {
        **content,
        **{name: said[name] for name in OF_A_PLAN if name in said},
        "ways_to_respond": [
            way | {"label": ways.get(way["slug"], way["label"])}
            for way in content["ways_to_respond"]
        ],
        "sections": sections,
        "recommendations": recommendations,
        "questions": questions,
    }


def _with(
    row: dict[str, Any], said: Mapping[str, Any] | None, names: tuple[str, ...]
) -> dict[str, Any]:
    mine = (said or {}).get(row["slug"], {})
    return row | {name: mine[name] for name in names if name in mine}


def _figures(row: dict[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recommendation with its figures in words, which stand in the order of the file."""
    worded = said.get("recommendations", {}).get(row["slug"], {}).get("figures", [])
    figures = [
        figure | (worded[at] if at < len(worded) else {})
        for at, figure in enumerate(row["figures"])
    ]
    return row | {"figures": figures}


def _said_of(question: Mapping[str, Any], said: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is said of a question by its slug, or for every part by the slug that it has in
    the file.
    """
    short = question["slug"].removeprefix(f"{question['part']}-")
    found: Mapping[str, Any] = said.get(question["slug"], said.get(short, {}))
    return found


def _question(
    row: dict[str, Any],
    said: Mapping[str, Any],
    titles: Mapping[str, str],
    called: Mapping[str, str],
) -> dict[str, Any]:
    words = {name: said[name] for name in OF_A_QUESTION if name in said}
    if "text" in words:
        words["text"] = words["text"].replace(TITLE, titles.get(row["part"], ""))
    if "unit" in said:
        words["details"] = row["details"] | {"unit": said["unit"]}
    labels, groups = said.get("options", {}), said.get("groups", {})
    options = [
        option
        | {
            "label": labels.get(option["slug"], called.get(option["label"], option["label"])),
            "group": groups.get(option["group"], option["group"]),
        }
        for option in row["options"]
    ]
    return row | words | {"options": options}


def check_translations(
    translations: Mapping[str, Any],
    *,
    ways: list[Any],
    parts: list[Any],
    questions: list[Any],
    notes: Notes,
) -> None:
    """Note words for parts, ways, figures, questions and options that the plan does not have."""
    for language, said in translations.items():
        unknown = [*_unknown_parts(said, ways, parts), *_unknown_questions(said, questions)]
        for key, why in unknown:
            notes.add(f"translations.{language}.{key}", why)


def _unknown_parts(
    said: Mapping[str, Any], ways: list[Any], parts: list[Any]
) -> Iterator[tuple[str, str]]:
    for slug in set(said.get("ways_to_respond", {})) - {way["slug"] for way in ways}:
        yield f"ways_to_respond.{slug}", "is not a way to respond to this plan"
    figures = {part["slug"]: len(part.get("figures", [])) for part in parts}
    for group in ("sections", "recommendations"):
        for slug, words in said.get(group, {}).items():
            if slug not in figures:
                yield f"{group}.{slug}", "is not a part of this plan"
            elif len(words.get("figures", [])) > figures[slug]:
                yield f"{group}.{slug}.figures", f"are more than its {figures[slug]} figures"


def _unknown_questions(said: Mapping[str, Any], questions: list[Any]) -> Iterator[tuple[str, str]]:
    asked: dict[str, dict[str, set[str]]] = {}
    for question in questions:
        for slug in (question["slug"], question["slug"].removeprefix(f"{question['part']}-")):
            known = asked.setdefault(slug, {"options": set(), "groups": set()})
            known["options"] |= {option["slug"] for option in question["options"]}
            known["groups"] |= {option["group"] for option in question["options"]}
    for slug, words in said.get("questions", {}).items():
        if slug not in asked:
            yield f"questions.{slug}", "is not a question of this plan"
            continue
        for kind, one in (("options", "options"), ("groups", "groups of options")):
            for name in words.get(kind, {}):
                if name not in asked[slug][kind]:
                    yield f"questions.{slug}.{kind}.{name}", f"is not one of its {one}"
