"""Twenty presses of one button, all at once, against the real database."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from responses.models import Confirmation, Draft, LedgerEntry, Response

SLUG = "police-and-crime-plan-2021-25"
TIMES = 20


def all_at_once(action: Callable[[], str]) -> list[str]:
    """What `action` gives in each of TIMES threads that begin together."""
    together = Barrier(TIMES)

    def act(_: int) -> str:
        together.wait(timeout=20)
        try:
            return action()
        finally:
            connection.close()

    with ThreadPoolExecutor(TIMES) as pool:
        return list(pool.map(act, range(TIMES)))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("consultation")
def test_twenty_identical_sends_are_one_response_and_one_receipt() -> None:
    rita = Client()
    rita.post(reverse("part", args=[SLUG, "violence"]), {"violence-comment": "Once."})
    key = str(Draft.objects.get().submission_key)
    cookies = dict(rita.cookies.items())

    def press() -> str:
        browser = Client()
        browser.cookies.update(cookies)
        page = browser.post(reverse("send", args=[SLUG]), {"submission_key": key})
        return f"{page.status_code} {page.get('Location')}"

    answers = all_at_once(press)
    assert len(set(answers)) == 1
    assert answers[0].startswith("303 /receipt/")
    assert (Response.objects.count(), Confirmation.objects.count(), LedgerEntry.objects.count(), Draft.objects.count()) == (1, 1, 1, 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("consultation")
def test_twenty_tabs_that_save_different_parts_lose_nothing() -> None:
    rita = Client()
    rita.post(reverse("part", args=[SLUG, "general"]), {"missing": "Before."})
    cookies = dict(rita.cookies.items())
    parts = ["violence", "trust", "victims", "exploitation", "delivery"]
    turn = iter(parts * 4)

    def save() -> str:
        browser = Client()
        browser.cookies.update(cookies)
        part = next(turn)
        browser.post(reverse("part", args=[SLUG, part]), {f"{part}-comment": f"About {part}."})
        return part

    all_at_once(save)
    assert Draft.objects.get().answers == {"missing": "Before."} | {f"{part}-comment": f"About {part}." for part in parts}
