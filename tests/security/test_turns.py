"""Turns are counted and decided in one step, and a refusal loses nothing."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pytest_django.fixtures import Settings

from consult.web.rate_limits import OverLimit, refusals, take_turn
from responses.models import Response
from responses.receipt_tokens import receipt_token
from tests.support.forms import fields_to

SLUG = "police-and-crime-plan-2021-25"


def test_a_thousand_guesses_at_receipts_and_links_are_refused(
    client: Client, settings: Settings, send: Callable[..., Response], consultation: object
) -> None:
    settings.LIMITS = {**settings.LIMITS, "guess": (4, 600)}
    pages = [
        client.get(
            reverse("receipt", args=[f"guess{number}"])
            if number % 2
            else reverse("come-back", args=[SLUG, f"guess{number}"])
        ).status_code
        for number in range(10)
    ]
    assert pages == [404] * 4 + [429] * 6
    assert refusals() == {"guess": 6}
    # What exists is shown all the same.
    assert client.get(reverse("receipt", args=[receipt_token(send())])).status_code == 200


def every_pattern(resolver: URLResolver) -> Iterator[URLPattern]:
    for inner in resolver.url_patterns:
        yield from every_pattern(inner) if isinstance(inner, URLResolver) else [inner]


def test_guesses_at_every_address_with_a_token_are_counted(
    client: Client, settings: Settings, consultation: object
) -> None:
    settings.LIMITS = {**settings.LIMITS, "guess": (0, 600)}
    walked = set()
    for pattern in every_pattern(get_resolver()):
        name, arguments = pattern.name, pattern.pattern.converters
        if "token" not in arguments:
            continue
        walked.add(name)
        given = {"token": "guess"} | ({"consultation": SLUG} if "consultation" in arguments else {})
        address = reverse(name, kwargs=given)
        for ask in (client.get, client.post):
            assert ask(address, follow=True).status_code in {405, 429}, name
    assert walked >= {"receipt", "come-back", "read-draft", "end-reminders", "not-me", "withdraw"}
    assert refusals()["guess"] >= len(walked)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_no_more_turns_than_the_limit(settings: Settings) -> None:
    settings.LIMITS = {**settings.LIMITS, "draft": (5, 600)}
    together = Barrier(16)

    def try_it(_: int) -> bool:
        together.wait(timeout=20)
        try:
            take_turn(limit="draft", key="one address")
        except OverLimit:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(try_it, range(16))) == 5


def test_what_was_received_leads_to_its_receipt_over_the_limit(
    client: Client, settings: Settings, consultation: object
) -> None:
    client.post(reverse("part", args=[SLUG, "violence"]), {"violence-comment": "Once."})
    to = reverse("send", args=[SLUG])
    checked = fields_to(client.get(reverse("check", args=[SLUG])), to)
    first = client.post(to, checked)
    settings.LIMITS = {**settings.LIMITS, "send": (0, 600)}
    again = client.post(to, checked)
    assert (again.status_code, again["Location"]) == (303, first["Location"])


def test_the_page_to_send_again_shows_only_what_a_person_typed(
    client: Client, settings: Settings, consultation: object
) -> None:
    client.get(reverse("tasks", args=[SLUG]))
    settings.LIMITS = {**settings.LIMITS, "draft": (0, 600)}
    typed = {"violence-agree": "agree", "violence-comment": "My\x07 words.", "name": "Rita"}
    ours = {"seen": "violence-agree:0123456789ab", "draft": "new", "edition": "1", "homepage": ""}
    page = client.post(reverse("part", args=[SLUG, "violence"]), typed | ours)
    text = unescape(page.content.decode())
    assert page.status_code == 429
    shown = text.partition(">What you typed<")[2]
    assert re.findall(r"<p [^>]*>(.*?)</p>", shown.partition("</details>")[0]) == [
        "Agree",
        "My␇ words.",
        "Rita",
    ]
    assert "0123456789ab" not in shown
    # The form still has it all.
    assert 'name="seen"' in text
