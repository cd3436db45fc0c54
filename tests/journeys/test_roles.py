"""A day's work of each role in a real browser, and what each must not see."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from consult.models import Consultation, User
from responses.deciding.feeding import feed_passage
from responses.deciding.packs import seal_pack
from responses.deciding.points import change_point, make_point
from responses.exporting.extracting import make_due_extracts
from responses.exporting.writing import write_batch
from responses.models import (
    Batch,
    Campaign,
    Coding,
    PackOpening,
    PointDecision,
    Redaction,
    Response,
    Review,
)
from responses.reviewing.clusters import find_clusters
from responses.reviewing.codebooks import make_code
from tests.journeys.test_accessibility import nobody_is_at_work
from tests.responses.deciding.test_packs import READY
from tests.responses.reviewing.test_similarity import LETTER
from tests.support.points import KEPT
from tests.support.running import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Send = Callable[..., Response]
# What stands for a person: nobody without the right may find it in what a page holds, seen or not.
PERSON = ["Rita Respondent", "rita@example.org"]


class Desk:
    """One member of staff at their screen."""

    def __init__(self, page: Page, root: str, person: User) -> None:
        self.page, self.root = page, root
        self.go("sign-in")
        self.page.get_by_label("User name").fill(person.username)
        self.page.get_by_label("Password").fill(f"{person.username} has a long password")
        self.press("Sign in")
        self.page.wait_for_url(lambda address: "sign-in" not in address)

    def go(self, name: str, *arguments: object, query: str = "") -> int:
        answer = self.page.goto(self.root + reverse(name, args=arguments) + query)
        assert answer is not None
        return answer.status

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def menu(self) -> list[str]:
        self.go("new-password")  # Every role has it.
        return (
            self.page.get_by_role("navigation", name="Staff").get_by_role("link").all_inner_texts()
        )

    def is_kept_out_of(self, *names: str) -> None:
        for name in names:
            assert self.go(name) == 403, name
            expect(self.page.get_by_role("heading", level=1)).to_have_text(
                "You cannot see this page"
            )
            assert not any(words in self.page.content() for words in PERSON), name


AtWork = Callable[[User], Desk]


@pytest.fixture
def at_work(browser: Browser, live_server: LiveServer) -> Iterator[AtWork]:
    """A separate browser, in which someone signs in with their password."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield lambda person: Desk(context.new_page(), live_server.url, person)
    context.close()
    until(nobody_is_at_work, seconds=30, what="a request goes on after its page was closed")


def heading(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(words)
    # The heading is on the screen before the script that listens to keys has run.
    page.wait_for_load_state()


@pytest.fixture
def letters(consultation: Consultation, send: Send) -> list[Response]:
    """Three of one letter, and then one in someone's own words, which is the newest."""
    return [
        *(send({"missing": LETTER}) for _ in range(3)),
        send({"missing": "Call me on 020 7946 0123 about the lights.", "publication": "anonymous"}),
    ]


def test_a_reviewer_reads_decides_codes_names_a_campaign_and_publishes(
    at_work: AtWork, consultation: Consultation, letters: list[Response], reviewer: User
) -> None:
    find_clusters(consultation=consultation)
    make_code(
        consultation=consultation,
        question="missing",
        name="Lighting",
        group="",
        definition="",
        by=reviewer,
    )
    desk = at_work(reviewer)
    page, own = desk.page, letters[-1]
    desk.go("review-list", query="?state=unread")
    page.get_by_label("Words or a reference").fill("lights")
    desk.press("Show")
    expect(page.get_by_role("status")).to_have_text("1 response")
    desk.go("review-list", query="?state=unread")
    page.get_by_role("link", name=own.reference).click()
    heading(page, own.reference)
    # Onward and back by key, except while typing or with the keys switched off.
    page.keyboard.press("j")
    heading(page, letters[2].reference)
    page.keyboard.press("k")
    heading(page, own.reference)
    page.keyboard.press("n")
    page.keyboard.type("jjk, says the note.")
    expect(page.get_by_label("Note")).to_have_value("jjk, says the note.")
    desk.press("Considered")
    expect(page.get_by_text("jjk, says the note.")).to_be_visible()
    page.locator("h1").click()
    page.keyboard.press("?")
    page.get_by_label("Use these keys in this browser").uncheck()
    page.keyboard.press("j")
    page.reload()
    page.keyboard.press("j")
    heading(page, own.reference)
    assert Review.objects.get(response=own).state == "considered"

    desk.go("code-answers", consultation.slug, "missing", query=f"?reference={own.reference}")
    page.get_by_label("Lighting", exact=True).check()
    page.locator("button[value=code]").click()
    page.wait_for_load_state()
    assert list(Coding.objects.values_list("response__reference", "code__name")) == [
        (own.reference, "Lighting")
    ]

    desk.go("campaign-list")
    page.locator("main td a").first.click()
    page.get_by_label("Make a campaign of them").fill("The letter")
    desk.press("Make a campaign")
    heading(page, "The letter")
    assert Campaign.objects.get().members.count() == 3

    desk.go("redact", own.reference)
    page.locator("main li", has_text="020 7946 0123").get_by_role("button").click()
    page.locator("button[value=publish]").click()
    expect(page.get_by_text("Approved", exact=True)).to_be_visible()
    assert Redaction.objects.get().response == own
    assert not {
        "Batches",
        "Integrity check",
        "Trail",
        "Accounts",
        "People",
        "Administration",
    } & set(desk.menu())
    desk.is_kept_out_of("batch-list", "extract-list", "trail", "account-list", "people", "books")


def test_an_analyst_gets_a_batch_and_an_extract_without_any_contacts(
    at_work: AtWork,
    consultation: Consultation,
    letters: list[Response],
    analyst: User,
    exports: object,
) -> None:
    desk = at_work(analyst)
    page = desk.page
    desk.go("batch-list")
    page.locator("main form button").first.click()
    expect(page.get_by_text("Batch 1 is sealed: 4 responses.")).to_be_visible()
    write_batch(batch=Batch.objects.get())
    desk.go("batch-list")
    with page.expect_download() as taken:
        page.get_by_role("link", name="responses.csv").first.click()
    table = taken.value.path().read_text()
    assert all(response.reference in table for response in letters)
    desk.go("extract-list")
    page.locator("main form button").first.click()
    make_due_extracts()
    desk.go("extract-list")
    for words in PERSON:
        assert words not in table
    for name in ("batch-list", "extract-list", "dashboard", "books"):
        assert desk.go(name) == 200
        assert not any(words in page.content() for words in PERSON), name
    assert not {"Responses", "Campaigns", "Codes", "Trail", "Accounts", "People"} & set(desk.menu())
    desk.is_kept_out_of(
        "review-list",
        "campaign-list",
        "code-questions",
        "undelivered",
        "trail",
        "account-list",
        "people",
    )
    assert desk.go("review-one", letters[0].reference) == 403
    assert not any(words in page.content() for words in PERSON)


def test_an_editor_moves_the_closing_day_and_sees_no_response(
    at_work: AtWork, consultation: Consultation, letters: list[Response], editor: User
) -> None:
    desk = at_work(editor)
    page = desk.page
    later = timezone.localtime(consultation.closes_at + timedelta(days=7))
    page.goto(desk.root + reverse("admin:consult_consultation_change", args=[consultation.pk]))
    page.locator("#id_closes_at_0").fill(later.strftime("%Y-%m-%d"))
    page.locator("input[name=_save]").click()
    page.wait_for_load_state()
    consultation.refresh_from_db()
    assert timezone.localtime(consultation.closes_at).date() == later.date()
    assert not {"Dashboard", "Responses", "Batches", "Trail", "Accounts"} & set(desk.menu())
    desk.is_kept_out_of(
        "dashboard",
        "review-list",
        "batch-list",
        "trail",
        "account-list",
        "people",
        "books",
    )


def test_an_administrator_makes_an_account_and_reads_who_did_what(
    at_work: AtWork, consultation: Consultation, letters: list[Response], administrator: User
) -> None:
    desk = at_work(administrator)
    page = desk.page
    desk.go("account-new")
    page.get_by_label("User name").fill("carl")
    page.get_by_label("Reviewer").check()
    desk.press("Create account")
    expect(page.locator("main")).to_contain_text("One-time password")
    assert User.objects.get(username="carl").must_change_password
    desk.go("trail")
    expect(page.locator("main table")).to_contain_text("carl")


def test_a_decision_maker_opens_a_point_and_decides(
    at_work: AtWork,
    consultation: Consultation,
    send: Send,
    reviewer: User,
    decision_maker: User,
    exports: Path,
) -> None:
    response = send({"missing": "Wait until it was evaluated."})
    sentence = "Wait until new technology was evaluated."
    made = make_point(consultation=consultation, part="violence", sentence=sentence, by=reviewer)
    feed_passage(point=made, response=response, question="missing", passage="", by=reviewer)
    change_point(point=made, version=1, by=reviewer, **{**KEPT, **READY, "sentence": sentence})
    seal_pack(consultation=consultation, by=reviewer, summary="One of them asked us to wait.")
    desk = at_work(decision_maker)
    page = desk.page
    desk.go("packs-to-decide")
    page.get_by_role("link", name="Decision pack 1").click()
    heading(page, "Decision pack 1")
    page.get_by_role("main").get_by_role("link", name=sentence).first.click()
    expect(page.get_by_role("main")).to_contain_text("Wait until it was evaluated.")
    page.get_by_role("radio").first.check()
    page.get_by_label("Reason").fill("It was in one response, and it is right.")
    desk.press("Decide")
    expect(page.get_by_role("main")).to_contain_text("Your decision is on record.")
    assert PointDecision.objects.get().by == decision_maker
    # The pack, and its point.
    assert [opening.by for opening in PackOpening.objects.all()] == [decision_maker] * 2
    desk.is_kept_out_of("review-list", "batch-list", "people", "trail", "account-list", "set-up")
