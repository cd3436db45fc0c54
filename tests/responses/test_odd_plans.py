"""A plan that is accepted works to the end, whatever it calls its parts and questions."""

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import frictionless
import pytest
from django.test import Client
from django.urls import reverse

from consult.models import Consultation, User
from consult.plans.checking import check_plan
from consult.plans.document import Question
from consult.plans.editions import current_edition, plan_of
from consult.plans.kinds import KINDS
from consult.plans.loading import load_plan
from consult.plans.reading import PlanProblems
from consult.plans.reserved import CONSULTATIONS, MEANINGS, OPTIONS, PARTS, QUESTIONS
from responses.dashboard.tallies import tally
from responses.demo.filling import fill_responses
from responses.exporting.batches import folder_of, seal_batch
from responses.exporting.writing import write_batch
from responses.models import Response
from responses.reviewing.filters import CHOICES
from responses.reviewing.public_file import make_public_files
from responses.reviewing.public_version import public_digest
from responses.reviewing.publication import decide_publication, publish_set
from tests.support.forms import fields_to

# Words that programs, browsers, spreadsheets or databases have a meaning of their own for.
ODD = [
    *("0", "007", "1e5", "2026-01-01", "no", "none", "null", "nan", "true", "on", "y"),
    *("id", "items", "keys", "values", "get", "pk", "self", "class", "form", "data", "fields"),
    *("action", "submit", "reset", "length", "elements", "next", "token", "select", "table"),
    *("reference", "version", "act", "row", "codes", "flags", "campaigns", "text", "question"),
    *("part", "kind", "answer", "option", "state", "word", "unread", "all", "me", "other"),
    *("sections", "recommendations", "respond", "responses", "sources", "how-to-respond"),
    *("start", "save", "tasks", "equality-age", "individual", "organisation", "not-said"),
    *("con", "aux", "synthetic", "received-at", "capacity--individual".replace("--", "-")),
    "a-very-long-name-of-forty-characters-abc",
]
NAMES = sorted({*ODD, *CONSULTATIONS, *PARTS, *QUESTIONS, *OPTIONS, *MEANINGS})
OPTIONS_NAMED_ODDLY = [{"label": name, "slug": name, "write_in": True} for name in NAMES]
MORE: dict[str, dict[str, Any]] = {
    "one": {"options": OPTIONS_NAMED_ODDLY[:3]},
    "many": {"options": [*OPTIONS_NAMED_ODDLY[:1], {"label": "No", "slug": "no"}]},
    "number": {"unit": "%s", "least": -9, "most": 9},
}


def all_options(kind: str) -> dict[str, Any]:
    return {"options": OPTIONS_NAMED_ODDLY} if "options" in MORE.get(kind, {}) else {}


def odd_plan(kind: str) -> dict[str, Any]:
    """A plan that calls everything by an odd name."""

    # Each name is a part of one of the plans.
    parts = NAMES[list(KINDS).index(kind) :: len(KINDS)]

    def asked(name: str) -> dict[str, Any]:
        return {"slug": name, "kind": kind, "text": f"{name}?", **MORE.get(kind, {})}

    return {
        "consultation": {
            "slug": "responses",
            "title": "Odd names",
            "summary": "Odd.",
            "owner": "Odd",
            "opens": "2026-01-01",
            "closes": "2036-01-01",
        },
        "sections": [{"slug": name, "title": name, "summary": name} for name in parts],
        "questions": {
            "each_section": [{"slug": "x", "kind": kind, "text": "?", **MORE.get(kind, {})}],
            "each_recommendation": [],
            "general": [*(asked(name) for name in NAMES), asked("last") | all_options(kind)],
            "about_you": [
                {
                    "slug": "publication",
                    "kind": "one",
                    "text": "May we?",
                    "options": [{"slug": "named", "label": "Yes"}],
                }
            ],
            "equality": [asked("age") | all_options(kind)],
        },
    }


def without_what_is_refused(plan: dict[str, Any]) -> dict[str, Any]:
    """The plan less each part, question and option of which the refusal says that it is taken."""
    while True:
        try:
            check_plan(json.dumps(plan))
        except PlanProblems as refused:
            for problem in refused.problems:
                assert "“" in problem.why, problem
                named = problem.why.partition("“")[2].partition("”")[0]
                if problem.key.startswith("sections."):
                    plan["sections"] = [row for row in plan["sections"] if row["slug"] != named]
                    continue
                general = plan["questions"]["general"]
                if problem.key.endswith(".options"):
                    for row in [*general, *plan["questions"]["equality"]]:
                        row["options"] = [one for one in row["options"] if one["slug"] != named]
                else:
                    general[:] = [row for row in general if row["slug"] != named]
        else:
            return plan


def typed(question: Question) -> dict[str, Any]:
    if question.closed:
        first = question.options[0].slug
        return {question.slug: [first], f"{question.slug}--{first}": "=1+1"}
    if question.prose:
        return {question.slug: "5"}
    answer = question.entry.sample(question, Random(5))  # noqa: S311  # nothing secret
    boxes = question.entry.boxes(question, answer)
    return {box.name: box.value for box in boxes} or {question.slug: answer}


@pytest.fixture
def odd(request: pytest.FixtureRequest, db: None) -> Consultation:
    plan = without_what_is_refused(odd_plan(request.param))
    return load_plan(text=json.dumps(plan), actor=None).consultation


@pytest.mark.parametrize("odd", list(KINDS), indirect=True)
def test_a_plan_with_odd_names_is_refused_or_works_to_the_end(
    odd: Consultation,
    exports: Path,
    administrator: User,
    analyst: User,
    reviewer: User,
    sign_in: Callable[[User], Client],
) -> None:
    plan, rita = plan_of(current_edition(odd)), Client()
    for part in [*plan.parts[::7], *plan.parts[-2:]]:
        address = reverse("part", args=[odd.slug, part.slug])
        assert rita.get(address).status_code == 200, part.slug
        data = {name: one for asked in part.questions for name, one in typed(asked).items()}
        assert rita.post(address, data)["Location"].startswith(f"/{odd.slug}/respond/"), part.slug
    to = reverse("send", args=[odd.slug])
    checked = fields_to(rita.get(reverse("check", args=[odd.slug])), to)
    sent = rita.post(to, checked, follow=True)
    response = Response.objects.get()
    assert response.reference in sent.content.decode()
    general = [asked.slug for asked in plan.questions_of("general")]
    assert set(general) <= {*response.choices, *response.texts}
    fill_responses(
        consultation=odd,
        count=8,
        seed=3,
        actor=None,
        beside_real_people=True,
        production=False,
    )

    rosa, anil = sign_in(reviewer), sign_in(analyst)
    queries = [{name: choices[0][0]} for name, choices in CHOICES.items()]
    queries += [
        {"answer": f"{asked.slug}={asked.options[0].slug}"}
        for asked in plan.asked[:: len(plan.asked) // 3]
        if asked.closed
    ]
    for query in [{}, *queries]:
        assert rosa.get(reverse("review-list"), query).status_code == 200, query
    assert rosa.get(reverse("review-one", args=[response.reference])).status_code == 200
    assert rosa.get(reverse("redact", args=[response.reference])).status_code == 200
    tally(consultation=odd)
    assert anil.get(reverse("dashboard")).status_code == 200

    seen = public_digest(response)
    decide_publication(response=response, publish=True, reason="", seen=seen, by=reviewer)
    publish_set(consultation=odd, by=administrator)
    make_public_files()
    page = Client().get(reverse("published-responses", args=[odd.slug]))
    assert page.status_code == 200

    batch = seal_batch(consultation=odd, actor=None)
    write_batch(batch=batch)
    report = frictionless.validate(str(exports / folder_of(batch) / "datapackage.json"))
    assert [error.message for task in report.tasks for error in task.errors][:3] == []
