"""The dashboard's figures: counted right, and nobody can be told from them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from uuid import uuid4
from xml.etree import ElementTree as ET

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from consult.models import Consultation, User
from responses.dashboard.charts import TILES, bars, columns, tiles
from responses.dashboard.tallies import (
    FEWEST_SHOWN,
    UNANSWERED,
    counted_questions,
    distribution,
    suppress,
    tally,
    waiting_now,
)
from responses.models import Response
from responses.responding.amending import withdraw_response
from responses.reviewing.coding import code_answer
from responses.reviewing.reviews import move_review
from tests.support.tampering import behind_its_back

Send = Callable[..., Response]


def answers_to(consultation: Consultation, question: str) -> dict[str, int | None]:
    asked = next(one for one in counted_questions(consultation) if one.slug == question)
    return {
        row.slug: row.count for row in distribution(tally(consultation=consultation).figures, asked)
    }


def test_each_closed_question_is_counted_as_it_stands_today(
    consultation: Consultation, send: Send
) -> None:
    for _number in range(6):
        send({"violence-agree": "agree", "connection": ["live", "work"]})
    for _number in range(5):
        send({"violence-agree": "disagree", "connection": ["work"]})
    for _number in range(7):
        send({"missing": "Only words."})
    gone = send({"violence-agree": "agree", "connection": ["live"]})
    withdraw_response(earlier=gone, submission_key=uuid4(), started_at=timezone.now())
    counted = answers_to(consultation, "violence-agree")
    assert (counted["agree"], counted["disagree"], counted[UNANSWERED], sum(counted.values())) == (
        6,
        5,
        7,
        18,
    )
    assert answers_to(consultation, "connection") == {
        "live": 6,
        "work": 11,
        "study": 0,
        "business": 0,
        "visit": 0,
        "none": 0,
    }
    figures = tally(consultation=consultation).figures
    assert (figures["received"], figures["current"], figures["synthetic"]) == (19, 18, 0)


def test_days_are_counted_in_london_time(consultation: Consultation, send: Send) -> None:
    response = send()
    with behind_its_back():
        Response.objects.filter(pk=response.pk).update(
            received_at=datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
        )
    assert tally(consultation=consultation).figures["days"] == [["2026-07-02", "online", 1]]


def test_responses_read_and_coded_are_counted(
    consultation: Consultation, send: Send, reviewer: User
) -> None:
    first = send({"missing": "Clubs."})
    send({"missing": "Lights."})
    move_review(review=first.review, to_state="considered", note="", version=0, by=reviewer)
    code_answer(response=first, question="missing", codes=[], by=reviewer)
    figures = tally(consultation=consultation).figures
    assert figures["states"] == {"considered": 1, "unread": 1}
    assert figures["coded"]["missing"] == [2, 1]
    now = waiting_now(consultation)
    assert (now["waiting"], now["failed"], now["batch"]) == (2, 0, None)
    assert now["oldest_unread"] > first.received_at


def could_be(shown: dict[str, int | None], whole: int) -> list[set[int]]:
    """For each group that is left out, every size it could have, for someone who knows the rule
    and the whole.
    """
    left_out = [name for name, count in shown.items() if count is None]
    missing = whole - sum(count or 0 for count in shown.values())
    sizes = [
        split
        for split in product(range(1, missing + 1), repeat=len(left_out))
        if sum(split) == missing
    ]
    return [{split[number] for split in sizes} for number in range(len(left_out))]


@given(
    st.lists(st.integers(0, 12), min_size=2, max_size=5).filter(
        lambda counts: sum(count >= FEWEST_SHOWN for count in counts) > 0
    )
)
def test_no_small_group_can_be_worked_out_from_the_rest(counts: list[int]) -> None:
    known = {str(number): count for number, count in enumerate(counts)}
    shown = suppress(known, exclusive=True)
    assert all(count is None or count == known[name] for name, count in shown.items())
    assert not [
        name for name, count in shown.items() if count is not None and 0 < count < FEWEST_SHOWN
    ]
    assert all(
        len(sizes) > 1
        for sizes in could_be(shown, sum(counts))
        if len([count for count in counts if count]) > 1
    )


def test_of_overlapping_groups_only_the_small_ones_are_left_out() -> None:
    assert suppress({"a": 4, "b": 50, "c": 0}, exclusive=False) == {"a": None, "b": 50, "c": 0}
    assert suppress({"a": 4, "b": 50, "c": 0, "d": 9}, exclusive=True) == {
        "a": None,
        "b": 50,
        "c": 0,
        "d": None,
    }


@pytest.mark.parametrize(
    "svg",
    [
        bars("Who & <what>?", [("Agree", 5), ("<script>", None)]),
        columns("By day", ["2026-11-22", "2026-11-23"], {"online": [3, 0], "by post": [1, 2]}),
        columns("By day", [], {}),
        tiles("Where", {"barnet": 12, "sutton": None}, {"barnet": "Barnet"}),
    ],
)
def test_a_chart_has_its_figures_in_words_and_runs_no_script(svg: str) -> None:
    root = ET.fromstring(svg)  # noqa: S314  # what we made just now
    names = [child.tag.rpartition("}")[2] for child in root]
    assert names[:2] == ["title", "desc"]
    assert set(names) <= {"title", "desc", "rect", "text", "line"}
    assert root[1].text


def test_the_map_has_each_area_of_the_plan_once(consultation: Consultation) -> None:
    borough = next(one for one in counted_questions(consultation) if one.slug == "borough")
    areas = {option.slug for option in borough.options} - {"outside-london", "prefer-not-to-say"}
    assert set(TILES) == areas
    assert len(set(TILES.values())) == len(TILES) == 33


def test_a_chart_can_be_downloaded(
    consultation: Consultation, send: Send, analyst: User, sign_in: Callable[[User], Client]
) -> None:
    for _number in range(6):
        send({"borough": "barnet", "missing": "Clubs."})
    send({"borough": "sutton", "missing": "Clubs."})
    send({"missing": "Clubs."})
    anil = sign_in(analyst)
    address = reverse("chart-file", args=[consultation.slug, "borough", "csv"])
    assert anil.get(address).status_code == 404
    tally(consultation=consultation)
    table = anil.get(address)
    lines = table.content.decode().splitlines()
    assert "Sutton,fewer than 5" in lines
    assert "Barnet,fewer than 5" in lines
    assert "Brent,0" in lines
    assert "attachment" in table.headers["Content-Disposition"]
    drawing = anil.get(address.replace(".csv", ".svg"))
    assert drawing.headers["Content-Type"] == "image/svg+xml"
    for nonsense in (address.replace("borough", "nothing"), address.replace(".csv", ".exe")):
        assert anil.get(nonsense).status_code == 404
    page = anil.get(reverse("dashboard")).content.decode()
    assert re.search(r"Next batch</dt>\s*<dd[^>]*>\s*due at 2:00am on ", page)
    assert "Not a vote or a sample." in page
    assert "8 responses were received." in page
