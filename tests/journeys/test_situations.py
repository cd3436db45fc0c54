"""What happens to people while they answer: the deadline passes, the clocks change, the eyes or the
scripts are not there.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from consult.models import Consultation
from responses.models import Draft, Response

SLUG = "police-and-crime-plan-2021-25"
PHONE = {"width": 360, "height": 740}
# Spaces before and after, empty lines, tabs, four-byte letters, both directions, a letter in two
# marks, quotes, what looks like code.
TYPED = {
    "violence": (
        "  Two spaces first\n\n\tA tab, then مزيد من الضوء — আরও আলো 中文 𝔘 👩‍👩‍👧 "
        "e\u0301\n=1+1 <b>&amp;</b> \\n 'quoted' “so”  "
    ),
    "trust": "שלום עולם\nПривет, Лондон\nZoë Ågren-O’Neill",
    "victims": "@everyone\n+44 20\n-1\n|pipe",
}


@pytest.fixture
def open_page(
    browser: Browser, live_server: LiveServer, consultation: Consultation
) -> Iterator[Callable[..., Page]]:
    contexts = []

    def open_page(*, scripts: bool = True) -> Page:
        context = browser.new_context(
            viewport=PHONE, java_script_enabled=scripts, base_url=live_server.url
        )
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


def at(name: str, *more: str) -> str:
    return reverse(name, args=[SLUG, *more])


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()
    page.wait_for_load_state()


def close_at(instant: datetime) -> None:
    Consultation.objects.update(closes_at=instant)


@pytest.mark.parametrize("scripts", [True, False])
def test_every_character_arrives_as_it_was_typed(
    open_page: Callable[..., Page], scripts: bool
) -> None:
    page = open_page(scripts=scripts)
    for part, words in TYPED.items():
        page.goto(at("part", part))
        page.fill(f"[name={part}-comment]", words)
        press(page, "Continue")
    page.goto(at("check"))
    press(page, "Send your response")
    expect(page.get_by_role("heading", name="Response received")).to_be_visible()
    assert Response.objects.get().texts == {
        f"{part}-comment": words for part, words in TYPED.items()
    }


def test_a_deadline_that_passes_while_someone_writes_loses_no_word(
    open_page: Callable[..., Page], tmp_path: Path
) -> None:
    page = open_page()
    page.goto(at("part", "violence"))
    # Closing comes while the page is open: who had it open may go on for ten minutes, and is told
    # so.
    close_at(timezone.now())
    page.fill("[name=violence-comment]", TYPED["violence"])
    press(page, "Continue")
    expect(
        page.get_by_text("You started before it closed, so you can send your response until")
    ).to_be_visible()
    page.fill("[name=trust-comment]", TYPED["trust"])
    # The ten minutes go by too.
    close_at(timezone.now() - timedelta(minutes=11))
    press(page, "Continue")
    expect(page.get_by_text("This consultation has closed")).to_be_visible()
    shown = page.locator("dd").all_inner_texts()
    assert any("Two spaces first" in words for words in shown)
    assert any("Zoë Ågren-O’Neill" in words for words in shown)
    with page.expect_download() as kept:
        page.get_by_role("link", name="Download your answers as plain text").click()
    kept.value.save_as(tmp_path / "kept.txt")
    text = (tmp_path / "kept.txt").read_bytes().decode("utf-8-sig")
    assert all(TYPED[part].replace("\n", "\r\n") in text for part in ("violence", "trust"))
    assert Response.objects.count() == 0


def test_a_send_in_the_grace_period_is_received_and_marked_as_such(
    open_page: Callable[..., Page],
) -> None:
    page = open_page()
    page.goto(at("part", "violence"))
    close_at(timezone.now())
    page.fill("[name=violence-comment]", "Just in time.")
    press(page, "Continue")
    page.goto(at("check"))
    press(page, "Send your response")
    expect(
        page.get_by_text("You sent it after closing, in the extra time for people who had started.")
    ).to_be_visible()
    assert Response.objects.get().timing == "in-grace"


@pytest.mark.parametrize(
    ("closes_at", "told"),
    [
        # The day of each change is 23 and 25 hours long; it closes at its end, by London's clock.
        (datetime(2027, 3, 28, 23, 0, tzinfo=UTC), "11:59pm on 28 March 2027 (UK time)"),
        (datetime(2027, 11, 1, 0, 0, tzinfo=UTC), "11:59pm on 31 October 2027 (UK time)"),
        # In the night itself: there is no 1:30am in March, and two of them in October.
        (datetime(2027, 3, 28, 1, 0, tzinfo=UTC), "2:00am on 28 March 2027 (UK time)"),
        (datetime(2027, 10, 31, 2, 0, tzinfo=UTC), "2:00am on 31 October 2027 (UK time)"),
    ],
)
def test_a_closing_when_the_clocks_change_is_given_in_london_time(
    open_page: Callable[..., Page], closes_at: datetime, told: str
) -> None:
    close_at(closes_at)
    page = open_page()
    for name in ("start", "tasks"):
        page.goto(at(name))
        expect(page.get_by_text(f"This consultation closes at {told}.").first).to_be_visible()


def test_a_question_page_makes_sense_when_it_is_read_out(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto(at("part", "violence"))
    heard = page.locator("main").aria_snapshot()
    assert '- heading "Reducing and preventing violence" [level=1]' in heard
    agree = heard[heard.index('- group "How far do you agree or disagree with the approach in') :]
    assert agree.index('- radio "Strongly agree"') < agree.index('- group "How much of a priority')
    assert '- textbox "Tell us why, or what you would change."' in heard
    assert heard.index('- button "Continue"') > heard.index("- textbox")
    page.fill("[name=violence-comment]", "x" * 5001)
    press(page, "Continue")
    field = page.get_by_role("textbox", name="Tell us why")
    # What is wrong is read with the field, and at the top of the page.
    assert "It is 1 over" in field.evaluate(
        "f => f.getAttribute('aria-describedby').split(' ').map(id => "
        "document.getElementById(id).innerText).join(' ')"
    )
    assert field.get_attribute("aria-invalid") == "true"
    heard = page.locator("main").aria_snapshot()
    assert heard.index("- alert") < heard.index('- heading "Reducing')


@pytest.mark.parametrize(
    ("address", "field", "typed", "button"),
    [
        ("part violence", "violence-comment", "x" * 5001, "Continue"),
        ("part about-you", "email", "nowhere", "Continue"),
        ("part about-you", "email", "rita@gmial.com", "Continue"),
        ("later", "email", "nowhere", "Send me the link"),
    ],
)
def test_an_error_takes_the_focus_and_its_link_leads_into_the_field(
    open_page: Callable[..., Page], address: str, field: str, typed: str, button: str
) -> None:
    page = open_page()
    page.goto(at("part", "trust"))
    page.fill("[name=trust-comment]", "Begun.")
    press(page, "Continue")
    page.goto(at(*address.split()))
    page.fill(f"[name={field}]", typed)
    press(page, button)
    assert page.title().startswith("Error: ")
    assert page.evaluate("document.activeElement.classList.contains('govuk-error-summary')")
    page.locator(".govuk-error-summary a").first.click()
    assert page.evaluate("document.activeElement.name") == field
    assert page.input_value(f"[name={field}]") == typed
    assert Draft.objects.count() == 1
