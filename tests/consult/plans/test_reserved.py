"""Slugs that are taken, worked out from what gives them a meaning."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import get_resolver

from consult.cells import NOT_ASKED
from consult.plans.checking import PlanProblems, check_plan
from consult.plans.document import ABOUT_YOU, EQUALITY, GENERAL, Plan, Question
from consult.plans.reserved import CONSULTATIONS, MEANINGS, OPTIONS, PARTS, QUESTIONS
from consult.plans.shapes import SLUG
from responses.dashboard.views import CODED, DAYS, STATES
from responses.models import Bundle
from responses.responding.forms import PartForm
from responses.reviewing.bundles.rows import columns_for, place_of_letter
from responses.reviewing.forms.transcribing import ArrivalForm
from tests.conftest import PARKS_PLAN
from tests.support.plans import plan_of_questions, question

ROOT = Path(settings.BASE_DIR)
TEXT = PARKS_PLAN.read_text()
# Where a form with a plan's questions is drawn, and where it is read.
FORMS = [
    *("templates/responding/part.html", "templates/responding/check.html"),
    *("templates/responding/equality.html", "templates/responding/gone.html"),
    "templates/responding/changed_meanwhile.html",
    *("templates/reviewing/enter.html", "templates/reviewing/key_again.html"),
    *("responses/responding/views", "responses/reviewing/views/entering.py"),
    "responses/reviewing/views/keying_again.py",
]


def routes() -> list[list[str]]:
    """Every address of the service, in steps."""
    return [str(pattern.pattern).split("/") for pattern in get_resolver().url_patterns] + [
        str(inner.pattern).split("/")
        for pattern in get_resolver().url_patterns
        for inner in getattr(pattern, "url_patterns", [])
        if not str(pattern.pattern)
    ]


def test_first_steps_of_addresses_are_no_consultations() -> None:
    first = {steps[0] for steps in routes() if SLUG.fullmatch(steps[0])} | {"static"}
    assert first == CONSULTATIONS


def test_steps_beside_a_part_are_no_parts() -> None:
    beside = {
        steps[2]
        for steps in routes()
        if steps[:2] == ["<slug:consultation>", "respond"] and SLUG.fullmatch(steps[2])
    }
    assert beside | {GENERAL, ABOUT_YOU, EQUALITY, NOT_ASKED} == PARTS


def test_fields_and_charts_are_no_questions(plan: Plan) -> None:
    names = {DAYS, STATES, CODED, NOT_ASKED, *ArrivalForm.base_fields}
    for part in plan.parts:
        names |= set(PartForm(plan=plan, part=part).fields) - {
            name for name in plan.by_slug for name in (name, *_beside(plan, name))
        }
    for kind in Bundle.Kind.values:
        columns = {name for name, _words in columns_for(kind, plan)}
        names |= columns - {name for name in plan.by_slug for name in (name, *_beside(plan, name))}
    files = [
        file
        for path in FORMS
        for file in ([ROOT / path] if (ROOT / path).is_file() else (ROOT / path).glob("*.py"))
    ]
    assert len(files) > len(FORMS)
    for file in files:
        names |= set(re.findall(r' name="([a-z_-]+)"|POST\.get\("([a-z_-]+)"', file.read_text()))
    flat = {one for name in names for one in ([name] if isinstance(name, str) else name)}
    assert {name for name in flat if SLUG.fullmatch(name)} == QUESTIONS


def _beside(plan: Plan, question: str) -> list[str]:
    return [f"{question}--{option.slug}" for option in plan.by_slug[question].options]


def test_a_letters_words_stand_where_everyone_answers_in_words() -> None:
    def place(*asked: Question) -> str:
        return place_of_letter(plan_of_questions(*asked))

    closed, own = question("anything-else", "one", "Yes", "No"), question("own")
    if_yes = question("if-yes", show_if={"agree": "yes"})
    assert place(question("anything-else"), own) == "anything-else"
    assert place(closed, own, if_yes) == "own"
    assert place(closed) == ""


def test_names_that_are_taken_are_documented() -> None:
    described = (ROOT / "docs" / "plan-files.md").read_text()
    section = described.partition("## Names that are taken")[2].partition("\n## ")[0]
    taken = CONSULTATIONS | PARTS | QUESTIONS | OPTIONS | set(MEANINGS)
    assert [slug for slug in sorted(taken) if f"`{slug}`" not in section] == []


def test_slugs_that_the_code_reads_have_a_meaning() -> None:
    read = set()
    for file in (ROOT / "responses").rglob("*.py"):
        if "demo" not in file.parts:
            read |= set(
                re.findall(
                    r'(?:choices|texts|by_slug)\.get\("([a-z-]+)"|choices__contains=\{"([a-z-]+)"'
                    r'|"choices__([a-z]+)"|KeyTextTransform\("([a-z-]+)"',
                    file.read_text(),
                )
            )
    found = {slug for groups in read for slug in groups if slug}
    assert {"capacity", "organisation-name", "publication"} <= found
    assert found <= set(MEANINGS)


@pytest.mark.parametrize("slug", sorted(CONSULTATIONS))
def test_a_consultation_cannot_have_an_address_of_the_service(slug: str) -> None:
    with pytest.raises(PlanProblems, match="is an address of the service's own"):
        check_plan(TEXT.replace("slug: parks-at-night", f"slug: {slug}", 1))


@pytest.mark.parametrize("slug", sorted(PARTS))
def test_a_part_cannot_have_the_name_of_a_page(slug: str) -> None:
    with pytest.raises(PlanProblems, match=f"“{slug}” is taken"):
        check_plan(TEXT.replace("slug: hours", f"slug: {slug}", 1))


@pytest.mark.parametrize("slug", sorted(QUESTIONS))
def test_a_question_cannot_have_the_name_of_a_field(slug: str) -> None:
    with pytest.raises(PlanProblems, match=f"“{slug}” is taken"):
        check_plan(TEXT.replace("slug: visits", f"slug: {slug}", 1))


@pytest.mark.parametrize("slug", sorted(MEANINGS))
def test_a_question_the_service_reads_has_a_kind_it_understands(slug: str) -> None:
    with pytest.raises(PlanProblems, match=f"“{slug}” means something to the service"):
        check_plan(TEXT.replace("slug: uses", f"slug: {slug}", 1))


def test_an_option_cannot_look_like_a_question_that_was_not_asked() -> None:
    with pytest.raises(PlanProblems, match="“not-asked” is taken"):
        check_plan(TEXT.replace("slug: sport", "slug: not-asked", 1))


def test_choosing_from_nothing_is_refused() -> None:
    asked = '{slug: pick, kind: one, text: "Which?", options_from: recommendations}'
    with pytest.raises(PlanProblems, match="has no options to choose from"):
        check_plan(TEXT.replace("  general:\n", f"  general:\n    - {asked}\n", 1))
