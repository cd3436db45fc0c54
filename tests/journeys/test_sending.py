"""Sending once, in a browser with scripts and without: pressed twice, refreshed, from two tabs, by
the next person at one tablet.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from consult.models import Consultation
from responses.models import Confirmation, Draft, Response

SLUG = "police-and-crime-plan-2021-25"
SEND = "Send your response"
WORDS = "One response, however often I press."


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def tablet(
    request: pytest.FixtureRequest,
    browser: Browser,
    live_server: LiveServer,
    consultation: Consultation,
) -> Iterator[BrowserContext]:
    """One device, with JavaScript and without."""
    context = browser.new_context(
        java_script_enabled=request.param, base_url=f"{live_server.url}/{SLUG}/respond/"
    )
    yield context
    context.close()


def begin(tablet: BrowserContext, words: str = WORDS) -> Page:
    """Someone who has typed their words and stands before the button."""
    page = tablet.new_page()
    page.goto("violence/")
    page.locator("#id_violence-comment").fill(words)
    page.get_by_role("button", name="Continue", exact=True).click()
    page.wait_for_url("**/trust/")
    page.goto("check/")
    return page


def received(page: Page) -> str:
    """The address of the receipt that `page` shows."""
    expect(page.get_by_role("heading", name="Response received")).to_be_visible()
    return page.url


def test_a_double_press_a_refresh_and_a_resend_make_one_response(tablet: BrowserContext) -> None:
    page = begin(tablet)
    other = tablet.new_page()
    other.goto("check/")
    page.get_by_role("button", name=SEND).dblclick()
    address = received(page)
    page.reload()
    assert received(page) == address
    # The other tab still shows the button that was pressed in this one.
    other.get_by_role("button", name=SEND).click()
    assert received(other) == address
    page.go_back()
    page.goto(address)
    assert received(page) == address
    assert (Response.objects.count(), Confirmation.objects.count(), Draft.objects.count()) == (
        1,
        1,
        0,
    )
    assert Response.objects.get().texts == {"violence-comment": WORDS}


def test_the_next_person_on_a_tablet_sends_a_response_of_their_own(tablet: BrowserContext) -> None:
    first = begin(tablet)
    first.get_by_role("button", name=SEND).click()
    receipts = {received(first)}
    first.close()
    second = tablet.new_page()
    second.goto("violence/")
    expect(second.get_by_role("heading", name="You sent your response")).to_be_visible()
    second.get_by_role("button", name="Start another response").click()
    second.wait_for_url("**/respond/")
    second.close()
    second = begin(tablet)
    second.get_by_role("button", name=SEND).click()
    receipts.add(received(second))
    assert (
        len(receipts)
        == len(set(Response.objects.values_list("reference", flat=True)))
        == Response.objects.count()
        == 2
    )


def test_the_save_and_return_link_works_in_another_browser(
    tablet: BrowserContext, browser: Browser
) -> None:
    page = begin(tablet, "Half a thought.")
    page.goto("later/")
    link = page.locator("a[href*='/respond/back/']").get_attribute("href") or ""
    elsewhere = browser.new_context()
    other = elsewhere.new_page()
    other.goto(page.url.partition(f"/{SLUG}/")[0] + urlsplit(link).path)
    other.get_by_role("button", name="Open the saved answers").click()
    other.wait_for_url("**/respond/")
    other.get_by_role("link", name="Check your answers and send").or_(
        other.get_by_role("button", name="Check your answers and send")
    ).click()
    expect(other.get_by_text("Half a thought.")).to_be_visible()
    elsewhere.close()
