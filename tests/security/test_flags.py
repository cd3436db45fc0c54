"""What looks odd is noted beside a response, which arrives all the same."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse

from consult.models import Consultation, User
from responses.models import Draft, Response
from tests.support.forms import fields_to

SLUG = "police-and-crime-plan-2021-25"


def respond(*, address: str = "192.0.2.1", quickly: bool = False, **fields: str) -> Response:
    """Someone at `address` answers one question and sends, after a quarter of an hour if not
    `quickly`.
    """
    person = Client(REMOTE_ADDR=address)
    person.post(reverse("part", args=[SLUG, "violence"]), {"violence-comment": "More lights."})
    if not quickly:
        Draft.objects.update(started_at=F("started_at") - timedelta(minutes=15))
    to = reverse("send", args=[SLUG])
    checked = fields_to(person.get(reverse("check", args=[SLUG])), to)
    page = person.post(to, checked | fields, follow=True)
    assert "Response received" in page.content.decode()
    return Response.objects.latest("id")


def test_a_slow_sender_who_leaves_the_hidden_field_empty_has_no_flag(
    consultation: Consultation,
) -> None:
    assert respond(homepage="").flags == []


@pytest.mark.parametrize(
    ("odd", "flag"),
    [({"quickly": True}, "sent-quickly"), ({"homepage": "https://spam.example/"}, "hidden-field")],
)
def test_a_response_that_looks_automated_is_received_and_flagged(
    consultation: Consultation, odd: dict[str, Any], flag: str
) -> None:
    assert respond(**odd).flags == [flag]


def test_many_from_one_address_are_received_and_flagged_and_others_not(
    consultation: Consultation, settings: Any
) -> None:
    settings.LIMITS = {**settings.LIMITS, "flag": (3, 3600)}
    assert [respond().flags for _ in range(5)] == [
        [],
        [],
        [],
        ["many-from-one-address"],
        ["many-from-one-address"],
    ]
    assert respond(address="192.0.2.2").flags == []


def test_a_reviewer_sees_a_flag_and_can_filter_by_it(
    consultation: Consultation, reviewer: User, sign_in: Callable[[User], Client]
) -> None:
    odd, plain = respond(quickly=True), respond()
    rosa = sign_in(reviewer)
    words = "Sent within seconds of opening the form"
    found = rosa.get(reverse("review-list"), {"flag": "sent-quickly"}).content.decode()
    assert odd.reference in found
    assert plain.reference not in found
    assert f">{words}</strong>" in found
    assert (
        f">{words}</strong>"
        in rosa.get(reverse("review-one", args=[odd.reference])).content.decode()
    )
    assert (
        f">{words}</strong>"
        not in rosa.get(reverse("review-one", args=[plain.reference])).content.decode()
    )


def test_people_and_assistive_technology_never_meet_the_hidden_field(
    consultation: Consultation,
) -> None:
    person = Client()
    person.post(reverse("part", args=[SLUG, "violence"]), {"violence-comment": "More lights."})
    check = person.get(reverse("check", args=[SLUG])).content.decode()
    field = re.findall(
        r'<div class="govuk-visually-hidden" aria-hidden="true">.*?</div>', check, re.DOTALL
    )
    assert len(field) == 1
    assert 'tabindex="-1"' in field[0]
    assert 'autocomplete="off"' in field[0]
