"""Browsers, add-ons and networks that keep back what shows where a form came from."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from responses.models import Draft

SLUG = "police-and-crime-plan-2021-25"
PART = f"/{SLUG}/respond/violence/"
WORDS = "More youth workers."

pytestmark = pytest.mark.usefixtures("consultation")


def fill_in(client: Client, **headers: Any) -> Any:
    """Open a part, and send everything that its form holds."""
    page = client.get(PART, **headers).content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    assert {"csrfmiddlewaretoken", "seen", "draft", "edition"} <= set(hidden)
    return hidden | {"violence-comment": WORDS, "violence-agree": "agree"}


def test_without_cookies_the_first_page_says_so_and_gives_the_words_back() -> None:
    fields = fill_in(Client())
    page = Client(enforce_csrf_checks=True).post(PART, fields)
    text = page.content.decode()
    assert page.status_code == 403
    assert "Your browser is not keeping our cookie</h1>" in text
    assert reverse("how-to-respond", args=[SLUG]) in text
    shown = re.findall(r'<p class="govuk-body app-prose" dir="auto">([^<]*)</p>', text)
    assert sorted(shown) == ["Agree", WORDS]
    assert not Draft.objects.exists()


@pytest.mark.parametrize("headers", [{"Origin": "null"}, {}])
def test_a_hidden_origin_is_named_and_costs_no_words(
    settings: Settings, headers: dict[str, str]
) -> None:
    settings.PRODUCTION = True
    rita = Client(enforce_csrf_checks=True)
    fields = fill_in(rita, secure=True)
    page = rita.post(PART, fields, secure=True, headers=headers)
    assert page.status_code == 403
    assert "Your browser hid which page this form came from</h1>" in page.content.decode()
    assert f">{WORDS}</p>" in page.content.decode()
