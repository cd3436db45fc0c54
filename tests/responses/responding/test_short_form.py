"""For anyone who is short of time: the recommendations on one page, by the same questions."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from consult.plans.document import Plan
from responses.models import Draft, Response
from responses.receipt_tokens import receipt_token
from responses.responding.short_form import all_parts, short_part
from tests.responses.responding.test_answering import answer, at, move_window
from tests.responses.responding.test_answering import send as press_send
from tests.support.recognising import sent_from

SHORT = at("short")
BOX = "anything-else"


@pytest.fixture
def rita(consultation: object) -> Client:
    return Client()


def words_of(page: Any) -> str:
    return " ".join(unescape(page.content.decode()).split())


def test_four_scales_and_one_box_each_under_its_recommendation(rita: Client, plan: Plan) -> None:
    part = short_part(plan)
    assert part is not None
    assert [question.slug for question in part.questions] == [
        *[f"{row.slug}-agree" for row in plan.recommendations],
        BOX,
    ]
    page = words_of(rita.get(SHORT))
    for row in plan.recommendations:
        assert page.count(row.headline) >= 2  # The scale, and the link to read about it.
        assert reverse("recommendation", args=[at("tasks").split("/")[1], row.slug]) in page
    assert "Part 0" not in page


def test_the_list_of_parts_leads_there(rita: Client) -> None:
    assert f'href="{SHORT}"' in rita.get(at("tasks")).content.decode()


def test_an_answer_there_is_an_answer_on_its_own_page(
    rita: Client, plan: Plan, client: Client
) -> None:
    slugs = [row.slug for row in plan.recommendations]
    fields = {f"{slug}-agree": "agree" for slug in slugs} | {BOX: "Do all four."}
    page = rita.post(SHORT, fields)
    assert (page.status_code, page["Location"]) == (303, at("check"))
    assert Draft.objects.get().answers == fields
    own = rita.get(at("part", slugs[0])).content.decode()
    assert f'id="id_{slugs[0]}-agree"' in own
    assert "checked" in own
    press_send(rita)
    response = Response.objects.get()
    assert (response.choices, response.texts) == (
        {f"{slug}-agree": "agree" for slug in slugs},
        {BOX: "Do all four."},
    )
    # Everyone else sees the questions in their own words.
    receipt = sent_from(client, response).get(reverse("receipt", args=[receipt_token(response)]))
    assert "How far do you agree or disagree with this recommendation?" in words_of(receipt)


def test_the_script_saves_it_as_it_saves_a_part(rita: Client) -> None:
    saved = rita.post(at("save", "short"), {BOX: "Half a thought.", "draft": "new"})
    assert saved.json()["at"]
    assert Draft.objects.get().answers == {BOX: "Half a thought."}


def test_too_long_an_answer_comes_back_with_its_problem(rita: Client) -> None:
    page = rita.post(SHORT, {BOX: "x" * 6000})
    assert page.status_code == 200
    assert "<title>Error: " in page.content.decode()
    assert "x" * 6000 in page.content.decode()


def test_a_plan_with_one_recommendation_has_no_short_page(plan: Plan) -> None:
    one = replace(plan, recommendations=plan.recommendations[:1])
    assert short_part(one) is None
    assert all_parts(one) == one.parts


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"violence_comment": "Words."}, "Done"),
        ({"violence_comment": ""}, "Not started"),
    ],
)
def test_a_part_is_done_only_while_something_in_it_is_answered(
    rita: Client, fields: dict[str, str], state: str
) -> None:
    answer(rita, "violence", violence_comment="First words.")
    rita.post(at("save", "violence"), {"violence-comment": fields["violence_comment"]})
    shown = rita.get(at("tasks")).content.decode().partition('id="state-violence">')[2]
    assert state in shown.partition("</div>")[0]


def test_an_open_page_can_tell_when_the_consultation_closes(
    rita: Client, move: Callable[[int], None]
) -> None:
    move(20)
    assert 'role="alert" data-closes-in="1' in rita.get(at("part", "violence")).content.decode()
    # A browser would take a longer wait for none at all.
    move(30)
    assert "data-closes-in" not in rita.get(at("part", "violence")).content.decode()


@pytest.fixture
def move(consultation: Any) -> Callable[[int], None]:
    """Let the consultation close in so many days."""

    def closing_in(days: int) -> None:
        move_window(consultation, closes=timedelta(days=days))

    return closing_in
