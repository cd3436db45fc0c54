"""People whose device others use too."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from consult.models import Consultation
from responses.models import Draft
from responses.responding.drafting import mark_of
from responses.responding.save_and_return import ask_for_link

SLUG = "police-and-crime-plan-2021-25"
WORDS = "He reads what is on my phone."

pytestmark = pytest.mark.usefixtures("consultation")


@pytest.fixture
def rita() -> Client:
    """Someone who has written something on a shared device."""
    client = Client()
    client.post(at("part", "violence"), {"violence-comment": WORDS})
    return client


def at(name: str, *more: str) -> str:
    return reverse(name, args=[SLUG, *more])


def shows_words(client: Client) -> bool:
    pages = [client.get(at(name)) for name in ("tasks", "check")] + [
        client.get(at("part", "violence"))
    ]
    return any(WORDS in page.content.decode() for page in pages)


def test_how_to_leave_quickly_is_told_once_before_the_first_part() -> None:
    ann = Client()
    start = ann.get(reverse("start", args=[SLUG])).content.decode()
    assert re.search(rf'href="{at("before-you-start")}" role="button"', start)
    page = ann.get(at("before-you-start"))
    assert "press Shift 3 times" in page.content.decode()
    assert f"opened-{Consultation.objects.get().pk}" in page.cookies
    ann.post(at("part", "violence"), {"violence-comment": WORDS})
    assert ann.get(at("before-you-start")).headers["Location"] == at("tasks")


def test_answers_can_be_deleted_from_the_device_and_the_service(rita: Client) -> None:
    assert shows_words(rita)
    mark = mark_of(Draft.objects.get())
    assert at("delete-answers") in rita.get(at("tasks")).content.decode()
    assert rita.get(at("delete-answers")).status_code == 200
    assert Draft.objects.exists()
    page = rita.post(at("delete-answers"), follow=True)
    assert "Your answers are deleted from this device" in page.content.decode()
    assert f'data-draft="{mark}"' in page.content.decode()
    assert not Draft.objects.exists()
    assert {name for name, cookie in rita.cookies.items() if cookie.value} <= {"csrf"}
    assert not shows_words(rita)


def test_a_link_still_opens_what_one_device_forgot(rita: Client) -> None:
    assert at("delete-answers") in rita.get(at("later")).content.decode()
    ask_for_link(draft=Draft.objects.get(), email="rita@example.org")
    page = rita.get(at("delete-answers")).content.decode()
    assert "The link that you asked for still opens them" in page
    rita.post(at("delete-answers"))
    assert not shows_words(rita)
    assert Draft.objects.get().answers == {"violence-comment": WORDS}


def test_leaving_quickly_makes_this_browser_forget(rita: Client) -> None:
    assert rita.get(at("leave")).headers["Location"] == at("tasks")
    assert shows_words(rita)
    assert rita.post(at("leave")).status_code == 204
    assert not shows_words(rita)
    assert Draft.objects.get().answers == {"violence-comment": WORDS}


def test_every_number_of_the_safety_page_can_be_pressed(client: Client) -> None:
    page = client.get(reverse("safety")).content.decode()
    dialled = re.findall(r'href="tel:(\d+)">([\d ]+)</a>', page)
    assert len(dialled) == 10
    assert all(number == shown.replace(" ", "") for number, shown in dialled)
