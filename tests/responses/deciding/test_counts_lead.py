"""Each number on the register leads to the responses that it counts, and to no others."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from consult.models import Consultation, User
from responses.deciding.feeding import feed_passage
from responses.deciding.register import AMONG, said_on
from responses.models import Point, Response
from responses.reviewing.campaigns import add_response

LINK = re.compile(r'href="([^"]*#said)">\s*([\d,]+)')


@pytest.fixture
def made(
    point: Callable[..., Point], send: Callable[..., Response], reviewer: User
) -> tuple[Point, list[Response]]:
    """A point that five made: two from Camden, one of them an organisation, two in a campaign."""
    found = point("More clubs.")
    people = [
        {"borough": "camden", "capacity": "individual"},
        {"borough": "camden", "capacity": "organisation"},
        {"borough": "barnet", "capacity": "individual"},
        {"capacity": "individual"},
        {},
    ]
    sent = [send({"missing": "Clubs.", **one}) for one in people]
    for response in sent:
        feed_passage(point=found, response=response, question="missing", passage="", by=reviewer)
    campaign = found.consultation.campaigns.create(
        name="Clubs now", sample=sent[0], question="missing"
    )
    add_response(campaign=campaign, reference=sent[0].reference, by=reviewer)
    add_response(campaign=campaign, reference=sent[2].reference, by=reviewer)
    return found, sent


def test_each_number_leads_to_as_many_responses(
    made: tuple[Point, list[Response]],
    consultation: Consultation,
    reviewer: User,
    sign_in: Callable[[User], Client],
) -> None:
    client = sign_in(reviewer)
    address = reverse("point", args=[consultation.slug, 1])
    register = reverse("register", args=[consultation.slug])
    followed = 0
    for page in (address, register):
        for link, number in LINK.findall(client.get(page).content.decode()):
            target = unescape(link).removesuffix("#said")
            shown = client.get(target if target.startswith("/") else address + target)
            references = {one.response.reference for one in shown.context["said"]}
            assert len(references) == int(number), link
            followed += 1
    assert followed >= 10


@pytest.mark.parametrize(
    ("among", "which", "expected"),
    [
        ("all", "", [0, 1, 2, 3, 4]),
        ("borough", "camden", [0, 1]),
        ("borough", "", [3, 4]),
        ("kind", "organisation", [1]),
        ("campaign", "nonsense", []),
        ("no-campaign", "", [1, 3, 4]),
    ],
)
def test_those_whom_a_count_is_about_are_listed(
    among: str, which: str, expected: list[int], made: tuple[Point, list[Response]]
) -> None:
    found, sent = made
    assert among in AMONG
    said = said_on(found, among=among, which=which)
    assert [one.response for one in said] == [sent[place] for place in expected]
