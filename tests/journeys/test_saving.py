"""What is typed is kept: as it is typed, offline, in a closed tab, in two tabs; each time byte for
byte.
"""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from consult.models import Consultation
from responses.models import Draft, Response

# Lines, two writing directions, letters of four bytes, a joined picture, combining accents,
# trailing spaces.
WORDS = (
    "Dear all,\n\n\tمزيد من الضوء — আরও আলো 中文 𝔘 👩‍👩‍👧 e\u0301 “=1+1” <b>&amp;</b>  \n-- \nZoë "
)
SLUG = "police-and-crime-plan-2021-25"
PHONE, TURNED = {"width": 360, "height": 740}, {"width": 740, "height": 360}


class Writer:
    """Someone with a browser."""

    def __init__(self, context: BrowserContext, root: str) -> None:
        self.context, self.root = context, root
        self.page = self.open()

    def open(self, part: str = "violence") -> Page:
        page = self.context.new_page()
        page.goto(f"{self.root}/{SLUG}/respond/{part}/")
        return page

    def comment(self, page: Page | None = None, part: str = "violence") -> Any:
        return (page or self.page).locator(f"#id_{part}-comment")

    def says(self, words: str, page: Page | None = None) -> None:
        expect((page or self.page).locator("[data-save-status]")).to_contain_text(
            words, timeout=15_000
        )


@pytest.fixture
def writer(
    browser: Browser, live_server: LiveServer, consultation: Consultation
) -> Iterator[Writer]:
    context = browser.new_context(viewport=PHONE)
    yield Writer(context, live_server.url)
    context.close()


def eventually(look: Callable[[], object], wanted: object) -> None:
    """Wait until `look` gives `wanted`."""
    until = time.monotonic() + 15
    while (found := look()) != wanted and time.monotonic() < until:
        time.sleep(0.1)
    assert found == wanted


def kept(field: str = "violence-comment") -> object:
    draft = Draft.objects.first()
    return draft.answers.get(field) if draft else None


def test_answers_save_without_a_button_and_a_closed_tab_loses_nothing(writer: Writer) -> None:
    writer.page.get_by_label("Strongly agree", exact=True).first.check()
    writer.comment().fill(WORDS)
    writer.says("Saved at ")
    assert kept() == WORDS
    writer.page.set_viewport_size(TURNED)
    assert writer.comment().input_value() == WORDS
    writer.page.close()
    page = writer.open()
    assert writer.comment(page).input_value() == WORDS
    assert page.get_by_label("Strongly agree", exact=True).first.is_checked()
    assert Draft.objects.count() == 1


def test_answers_typed_offline_are_saved_once_the_connection_is_back(writer: Writer) -> None:
    writer.context.set_offline(True)
    writer.comment().fill(WORDS)
    writer.says("You are offline.")
    writer.page.get_by_role("button", name="Continue", exact=True).click()
    assert writer.comment().input_value() == WORDS
    assert Draft.objects.count() == 0
    writer.context.set_offline(False)
    writer.says("Saved at ")
    assert kept() == WORDS


def test_a_tab_closed_while_offline_finds_its_words_again(writer: Writer) -> None:
    writer.context.set_offline(True)
    writer.comment().fill(WORDS)
    writer.page.get_by_label("Disagree", exact=True).first.check()
    writer.page.close()
    writer.context.set_offline(False)
    page = writer.open()
    assert writer.comment(page).input_value() == WORDS
    assert page.get_by_label("Disagree", exact=True).first.is_checked()
    writer.says("We put back what you typed here before.", page)
    eventually(kept, WORDS)


def test_on_a_slow_network_continue_waits_for_a_save_and_makes_one_draft(writer: Writer) -> None:
    def slowly(route: Route) -> None:
        time.sleep(0.8)
        route.continue_()

    writer.page.route("**/save/", slowly)
    writer.comment().fill("First.")
    time.sleep(1.6)
    writer.comment().fill(WORDS)
    writer.page.get_by_role("button", name="Continue", exact=True).click()
    writer.page.wait_for_url("**/respond/*/", wait_until="load")
    eventually(kept, WORDS)
    assert Draft.objects.count() == 1
    assert Draft.objects.get().parts_done == ["violence"]


def test_two_tabs_on_one_page_are_warned_and_both_texts_are_shown(writer: Writer) -> None:
    other = writer.open()
    writer.comment().fill("From the first tab.")
    writer.says("Saved at ")
    writer.comment(other).fill(WORDS)
    writer.says("Someone else changed this page too.", other)
    assert kept() == "From the first tab."
    other.get_by_role("button", name="Continue", exact=True).click()
    expect(other.get_by_role("alert")).to_be_focused()
    expect(other.get_by_role("alert")).to_contain_text("From the first tab.")
    assert writer.comment(other).input_value() == WORDS
    other.get_by_role("button", name="Continue", exact=True).click()
    eventually(kept, WORDS)


def test_an_expired_token_costs_nothing_that_was_typed(writer: Writer) -> None:
    writer.context.clear_cookies()
    writer.comment().fill(WORDS)
    writer.says("Not saved yet.")
    writer.page.get_by_role("button", name="Continue", exact=True).click()
    writer.page.get_by_role("button", name="Send again").click()
    eventually(kept, WORDS)


def test_back_and_forward_show_what_was_typed_last(writer: Writer) -> None:
    def on_and_back() -> None:
        writer.page.get_by_role("button", name="Continue", exact=True).click()
        # Back from the next page, and not out of the middle of going there.
        writer.page.wait_for_url("**/respond/trust/")
        writer.page.go_back()

    writer.comment().fill("Before.")
    on_and_back()
    expect(writer.comment()).to_have_value("Before.")
    writer.comment().fill(WORDS)
    on_and_back()
    expect(writer.comment()).to_have_value(WORDS)
    assert kept() == WORDS


def test_the_browser_counts_characters_as_the_server_does(writer: Writer) -> None:
    writer.comment().fill("\n" + "𝔘" * 5001)
    expect(writer.page.get_by_text("You have 2 characters too many").first).to_be_attached()
    writer.page.get_by_role("button", name="Continue", exact=True).click()
    expect(writer.page.get_by_role("alert")).to_contain_text(
        "Your answer must be 5,000 characters or fewer. It is 2 over."
    )
    assert writer.comment().input_value() == "\n" + "𝔘" * 5001


def test_after_sending_no_answers_stay_in_the_browser(writer: Writer) -> None:
    writer.comment().fill(WORDS)
    writer.page.get_by_role("button", name="Continue", exact=True).click()
    writer.page.goto(f"{writer.root}/{SLUG}/respond/check/")
    writer.page.get_by_role("button", name="Send your response").dblclick()
    expect(writer.page.get_by_role("heading", name="Response received")).to_be_visible()
    assert writer.page.evaluate("Object.keys(localStorage)") == []
    assert Response.objects.get().texts == {"violence-comment": WORDS}
    address = writer.page.url
    writer.page.wait_for_load_state()
    writer.page.go_back()
    writer.page.go_forward()
    assert writer.page.url == address
    assert Response.objects.count() == 1


def test_leaving_by_a_link_saves_first(writer: Writer) -> None:
    writer.comment().fill(WORDS)
    writer.page.get_by_role("link", name="Your response").click()
    expect(writer.page.get_by_role("heading", name="Your response")).to_be_visible()
    assert kept() == WORDS


def test_words_whose_save_failed_are_saved_and_shown_before_sending(writer: Writer) -> None:
    """The line is cut while Continue and every save of one part are on their way."""
    writer.comment().fill("This was saved.")
    writer.says("Saved at ")
    other = writer.open("trust")
    cut = re.compile("/respond/trust/")
    writer.context.route(cut, lambda route: route.abort())
    writer.comment(other, "trust").fill(WORDS)
    other.get_by_role("button", name="Continue", exact=True).click()
    # Another part is answered, and received, before anyone looks at the first again.
    writer.comment().fill("This was saved too.")
    writer.page.get_by_role("button", name="Save, check and send").click()
    expect(writer.page.get_by_text("Some of what you typed is not saved yet")).to_be_visible()
    expect(writer.page.get_by_role("button", name="Send your response")).to_be_hidden()
    writer.context.unroute(cut)
    writer.page.reload()
    expect(writer.page.get_by_text("Zoë")).to_be_visible()
    writer.page.get_by_role("button", name="Send your response").click()
    expect(writer.page.get_by_role("heading", name="Response received")).to_be_visible()
    assert Response.objects.get().texts == {
        "violence-comment": "This was saved too.",
        "trust-comment": WORDS,
    }
    assert writer.page.evaluate("Object.keys(localStorage)") == []


def test_a_lost_reply_turns_nobodys_words_against_their_own(writer: Writer) -> None:
    """The save arrives, and the line is cut before the browser hears of it."""

    def lost(route: Route) -> None:
        route.fetch()
        route.abort()

    writer.page.route("**/save/", lost)
    writer.comment().fill(WORDS)
    writer.says("Not saved yet.")
    eventually(kept, WORDS)
    # Another tab, since this one is closed, finds the words and goes on.
    writer.page.close()
    page = writer.open()
    writer.comment(page).fill(WORDS + "More.")
    writer.says("Saved at ", page)
    assert kept() == WORDS + "More."
    page.get_by_role("button", name="Save, check and send").click()
    expect(page.get_by_role("button", name="Send your response")).to_be_visible()


def test_words_of_another_response_stay_on_the_device_unsent(writer: Writer) -> None:
    writer.comment().fill("This was saved.")
    writer.says("Saved at ")
    entry = {"path": f"/{SLUG}/respond/trust/", "draft": "0f0f", "seen": "", "edition": "1"}
    entry |= {"answers": [["trust-comment", "Someone else’s."]], "at": 1}
    store = "entry => localStorage.setItem(`unsaved ${entry.path} 0f0f`, JSON.stringify(entry))"
    writer.page.evaluate(store, entry)
    writer.page.get_by_role("button", name="Save, check and send").click()
    writer.page.get_by_role("button", name="Send your response").click()
    expect(writer.page.get_by_role("heading", name="Response received")).to_be_visible()
    expect(writer.page.get_by_text("Someone else’s.")).to_have_count(0)
    assert Response.objects.get().texts == {"violence-comment": "This was saved."}
    assert len(writer.page.evaluate("Object.keys(localStorage)")) == 1


def test_a_receipt_shows_what_was_not_sent_and_deletes_nothing(writer: Writer) -> None:
    """A save that fails for good, and a response sent all the same from another window."""
    writer.comment().fill("This was saved.")
    writer.says("Saved at ")
    mark = writer.page.locator("[name=draft]").input_value()
    writer.page.goto(f"{writer.root}/{SLUG}/respond/check/")
    entry = {"path": f"/{SLUG}/respond/trust/", "draft": mark, "seen": "", "edition": "1"}
    entry |= {"answers": [["trust-comment", "This was not."]], "at": 1}
    store = "entry => localStorage.setItem(`unsaved ${entry.path} x`, JSON.stringify(entry))"
    writer.page.evaluate(store, entry)
    writer.page.get_by_role("button", name="Send your response").click()
    expect(writer.page.get_by_text("This was not.")).to_be_visible()
    assert len(writer.page.evaluate("Object.keys(localStorage)")) == 1


def test_exit_this_page_leaves_nothing_to_go_back_to(writer: Writer) -> None:
    writer.comment().fill("This was saved.")
    writer.says("Saved at ")
    writer.context.route("https://www.bbc.co.uk/**", lambda route: route.fulfill(body="Rain."))
    writer.comment().fill("This was not yet.")
    writer.page.get_by_role("button", name="Exit this page").click()
    expect(writer.page.get_by_text("Rain.")).to_be_visible()
    eventually(lambda: [c["name"] for c in writer.context.cookies() if "csrf" not in c["name"]], [])
    writer.page.go_back()
    expect(writer.page.get_by_text("What the plan says")).to_be_visible()
    assert writer.page.evaluate("Object.keys(localStorage)") == []
    assert writer.comment(writer.open()).input_value() == ""
