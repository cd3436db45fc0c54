"""Thirty responses read, coded and decided on in a browser, by keys and without loading a page."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from consult.models import Consultation, User
from responses.models import Coding, Response, Review, ReviewStep
from responses.reviewing.codebooks import make_code
from tests.journeys.test_accessibility import nobody_is_at_work
from tests.journeys.test_roles import Desk
from tests.support.running import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Send = Callable[..., Response]
RESPONSES = 30


@pytest.fixture
def rosa(browser: Browser, live_server: LiveServer, reviewer: User) -> Iterator[Desk]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield Desk(context.new_page(), live_server.url, reviewer)
    context.close()
    until(nobody_is_at_work, seconds=30, what="a request goes on after its page was closed")


def reads(page: Page, reference: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(reference)


def select(page: Page, words: str) -> None:
    """Select words of the first answer, as a mouse does."""
    page.locator("[data-text]").first.evaluate(
        """(text, words) => {
            const walk = document.createTreeWalker(text, NodeFilter.SHOW_TEXT)
            while (walk.nextNode()) {
                const at = walk.currentNode.data.indexOf(words)
                if (at < 0) continue
                const range = document.createRange()
                range.setStart(walk.currentNode, at)
                range.setEnd(walk.currentNode, at + words.length)
                window.getSelection().removeAllRanges()
                window.getSelection().addRange(range)
                return
            }
        }""",
        words,
    )


def test_thirty_responses_are_coded_by_three_keys_each_on_one_page(
    consultation: Consultation, send: Send, reviewer: User, rosa: Desk
) -> None:
    codes = [
        make_code(
            consultation=consultation,
            question="missing",
            name=name,
            group="",
            definition="",
            by=reviewer,
        )
        for name in ("Clubs", "Lights", "Buses")
    ]
    sent = [
        send({"missing": f"😀 Answer {number}: clubs and lights."}) for number in range(RESPONSES)
    ]
    page = rosa.page
    loads: list[str] = []
    rosa.go("read-next")
    reads(page, sent[0].reference)
    page.wait_for_load_state()
    page.on(
        "request", lambda asked: loads.append(asked.url) if asked.is_navigation_request() else 0
    )
    # Two codes and considered: as fast as fingers go, and nothing waits for a page.
    for number, response in enumerate(sent[: RESPONSES - 1]):
        reads(page, response.reference)
        for key in ("1", "2", "c"):
            page.keyboard.press(key)
        if number == 0:
            reads(page, sent[1].reference)
    last = sent[-1]
    reads(page, last.reference)
    assert loads == []
    given = Coding.objects.filter(removed_at=None).values_list("response", "code")
    assert set(given) == {(one.pk, code.pk) for one in sent[:-1] for code in codes[:2]}
    assert ReviewStep.objects.filter(to_state=Review.State.CONSIDERED).count() == RESPONSES - 1

    # Words that are selected are coded where they stand, and undone by u.
    select(page, "lights")
    page.keyboard.press("2")
    expect(page.locator("mark.app-coded--2")).to_have_text("lights")
    coding = Coding.objects.get(response=last, removed_at=None)
    assert last.texts["missing"][coding.start : coding.end] == "lights"
    page.keyboard.press("u")
    expect(page.locator("mark")).to_have_count(0)
    # Any code by a part of its name, and a new one where none is called that.
    page.keyboard.press("/")
    page.keyboard.type("bus")
    page.keyboard.press("Enter")
    expect(page.get_by_label("3 Buses")).to_be_checked()
    page.keyboard.press("/")
    page.keyboard.type("Trams")
    page.keyboard.press("Enter")
    page.keyboard.type("Rails in the street.")
    page.keyboard.press("Enter")
    expect(page.get_by_label("4 Trams")).to_be_checked()
    # What is half typed stays while codes are given.
    page.keyboard.press("t")
    note = page.get_by_label("A note cannot be changed. Name nobody.")
    expect(note).to_be_focused()
    page.keyboard.type("Ask the lead")
    page.get_by_label("1 Clubs").check()
    expect(page.locator("[data-here]")).to_be_attached()
    page.get_by_label("1 Clubs").uncheck()
    expect(note).to_have_value("Ask the lead")
    page.get_by_role("heading", level=1).click()
    expect(page.get_by_label("4 Trams")).to_be_checked()
    # What was considered by mistake is taken back.
    page.keyboard.press("k")
    page.keyboard.press("j")
    reads(page, sent[-2].reference)
    page.keyboard.press("k")
    reads(page, last.reference)
    page.keyboard.press("c")
    reads(page, "Nothing is left to read here")
    page.keyboard.press("u")
    reads(page, last.reference)
    assert loads == []
    expect(page.get_by_role("button", name="Considered, next")).to_be_visible()
    page.keyboard.press("x")
    page.keyboard.type("An advertisement.")
    page.keyboard.press("Enter")
    reads(page, "Nothing is left to read here")
    assert Review.objects.get(response=last).state == "set-aside"
