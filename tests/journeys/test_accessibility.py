"""Every page, in every state, on a phone and on a desk: what axe finds, what does not fit, and what
it asks of others.
"""

import re
import time
from base64 import b32decode
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import SuspiciousOperation
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import OperationalError, connection
from django.urls import get_resolver, reverse
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from consult.models import Consultation, SecondPersonRequest, User
from consult.plans.editions import plan_of
from consult.plans.loading import load_plan
from consult.staff.accounts import create_staff
from consult.staff.second_factor import STEP_SECONDS, code_at
from consult.web.rate_limits import take_turn
from responses.answers import read_answers
from responses.dashboard.tallies import tally
from responses.exporting.batches import seal_batch
from responses.exporting.extracting import make_due_extracts
from responses.exporting.extracts import ask_for_extract
from responses.exporting.writing import write_batch
from responses.governance.reconciling import reconcile
from responses.models import (
    Batch,
    Bundle,
    Cluster,
    Code,
    Confirmation,
    Draft,
    Extract,
    Message,
    Reconciliation,
    Response,
    SigningKey,
    Transcription,
    Writing,
)
from responses.receipt_tokens import receipt_token
from responses.responding.amending import amend_response
from responses.responding.reminders import ask_for_reminders, end_token
from responses.responding.submitting import Submission
from responses.responding.together import reading_token
from responses.reviewing.bulk_changes.carrying_out import make_due_changes
from responses.reviewing.clusters import find_clusters
from responses.reviewing.coding import code_answer
from responses.reviewing.reviews import move_review
from responses.reviewing.second_coding import draw_second_coding
from tests.conftest import BUNDLED_PLAN, PARKS_PLAN, make_person
from tests.responses.reviewing.test_similarity import EDITS, LETTER
from tests.support.running import until
from tests.test_permissions import arguments as arguments_of

Send = Callable[..., Response]
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 800}
# The Design System puts the link back before the main landmark; axe would have it in one.
RULES = {
    "rules": {"region": {"enabled": False}},
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
}
DIFFERENCE = {
    "subject": "K7M4-PX9T-R version 1",
    "words": "Its answers or contact details are not those that were received.",
}
# Addresses that are no pages: what comes from them is a file, JSON, or the way to another page.
NO_PAGES = {
    *{
        "change-consultation",
        "plan-file-delete",
        "plan-file-download",
        "remove-file",
        "site-colour",
    },
    *{
        "home",
        "who-is-here",
        "staff-home",
        "health-live",
        "health-ready",
        "metrics",
        "save",
        "send",
        "discard",
    },
    *{
        "amend",
        "another",
        "leave",
        "draft-text",
        "show-receipt",
        "draft-word",
        "read-draft-word",
        "questions-word",
        "questions-text",
        "closing-event",
        "short-address",
        "poster",
        "receipt-text",
        "receipt-pdf",
        "correct-address",
        "sign-out",
    },
    *{
        "batch-now",
        "acknowledge",
        "send-again",
        "batch-file",
        "ask-for-extract",
        "extract-file",
        "books-now",
        "undelivered-again",
        "search-now",
        "bulk-undo",
        "change-campaign",
        "count-now",
        "chart-file",
        "trail-file",
        "take-up-mailbox",
        "take-up-forwarded",
        "reopen-message",
        "message-original",
        "message-part",
        "change-publication",
        "published-file",
        "attached-file",
        "person-pack",
    },
    *{"keep-typed", "forget-typed", "bundle-template", "bundle-undo", "forget-organiser"},
    *{"robots", "favicon", "security-contact", "privacy", "paper-form-pdf"},
}

# The pages that the walk through reading looks at; two others look at all the rest.
READING = {
    *{"bulk-list", "bulk-new", "bulk-one", "campaign", "campaign-list", "cluster", "code"},
    *{
        "answer-grid",
        "code-answers",
        "code-questions",
        "codebook",
        "enter",
        "entered",
        "entering",
        "erase",
    },
    *{
        "erase-found",
        "key-again",
        "message",
        "message-list",
        "people",
        "publication",
        "published-responses",
        "redact",
    },
    *{"read-next", "read-one", "reading-pace", "review-list", "review-one", "sign-in", "typed"},
    *{"bundle", "bundle-letter", "bundle-list", "petition", "petition-list"},
}


class Visit:
    """A browser's way through the site, at both widths, with everything that is wrong noted."""

    def __init__(self, context: BrowserContext, root: str) -> None:
        self.page: Page = context.new_page()
        self.root = root
        self.axe = Axe()
        self.wrong: list[str] = []
        self.seen: list[str] = []
        self.page.on("request", lambda request: self.asked(request.url))
        self.page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        self.page.on(
            "console",
            lambda message: (
                self.wrong.append(f"console: {message.text}")
                if "Content Security" in message.text
                else None
            ),
        )

    def asked(self, address: str) -> None:
        if urlsplit(address).netloc != urlsplit(self.root).netloc and not address.startswith(
            "data:"
        ):
            self.wrong.append(f"asks {address}")

    def go(self, name: str, *arguments: object, state: str = "", query: str = "") -> None:
        self.page.goto(self.root + reverse(name, args=arguments) + query)
        self.look(name, state)

    def look(self, name: str, state: str = "") -> None:
        """Hold what is on the screen against the rules, at both widths and printed."""
        self.seen.append(name)
        # A press only waits until the next page begins to come: without its style sheet it would be
        # measured as a bare one.
        self.page.wait_for_load_state()
        for size in (PHONE, DESK):
            self.page.set_viewport_size(size)
            where = f"{name} {state} at {size['width']}"
            found = self.axe.run(self.page, options=RULES).response["violations"]
            self.wrong += [
                f"{where}: {rule['id']} at {rule['nodes'][0]['target']}" for rule in found
            ]
            if (beyond := self.width_beyond()) > 0:
                self.wrong.append(f"{where}: {beyond} pixels too wide")
        # A screen of 1280 pixels at 400 % is 320 wide.
        self.page.set_viewport_size({"width": 320, "height": 256})
        if (beyond := self.width_beyond()) > 0:
            self.wrong.append(f"{name} {state} at 400 %: {beyond} pixels too wide")

    def width_beyond(self) -> int:
        width: int = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return width


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer) -> Iterator[Visit]:
    context = browser.new_context()
    yield Visit(context, live_server.url)
    context.close()
    # What a page asked for as it went may still be answered, and would stand in the way of emptying
    # the tables.
    until(nobody_is_at_work, seconds=30, what="a request goes on after its page was closed")


def nobody_is_at_work() -> bool:
    """Whether no other session does anything in this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
            "pg_backend_pid() AND state <> 'idle'"
        )
        return bool(cursor.fetchone()[0] == 0)


def sign_in(visit: Visit, user: User) -> None:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    visit.page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": visit.root}]
    )


def press(visit: Visit, name: str) -> None:
    visit.page.get_by_role("button", name=name, exact=True).click()


def move_window(consultation: Consultation, *, opens_in: timedelta, closes_in: timedelta) -> None:
    now = timezone.now()
    Consultation.objects.filter(pk=consultation.pk).update(
        opens_at=now + opens_in, closes_at=now + closes_in
    )


def walk_public_pages(visit: Visit, consultation: Consultation) -> None:
    slug = consultation.slug
    visit.go("start", slug, state="open")
    visit.go("section", slug, "violence")
    visit.go("recommendation", slug, "zero-murders")
    visit.go("how-to-respond", slug)
    visit.go("signing-keys", state="without a key")
    SigningKey.objects.create(public_key="ab" * 32)
    visit.go("signing-keys")
    visit.go("sources", slug)
    visit.go("share", slug)
    visit.go("outcome", slug, state="open")
    visit.go("outcome-points", slug, state="nothing yet")
    visit.go("start", slug, state="in Welsh", query="?language=cy")
    visit.go("how-to-respond", slug, state="in English again", query="?language=en-gb")
    visit.go("paper-form", slug)
    visit.go("consultation-privacy", slug)
    for name in ("accessibility", "cookies", "safety", "security"):
        visit.go(name)
    visit.go("before-you-start", slug)
    visit.go("short", slug)
    visit.go("delete-answers", slug, state="nothing yet")
    visit.go("tasks", slug, state="nothing yet")
    visit.go("check", slug, state="nothing yet")
    press(visit, "Send your response")
    visit.look("check", "refused")
    visit.go("part", slug, "violence")
    visit.page.check("[name=violence-agree][value=agree]")
    visit.page.fill("[name=violence-comment]", "ж" * 5001)
    press(visit, "Continue")
    visit.look("part", "too long")
    visit.page.fill("[name=violence-comment]", "More youth workers.")
    press(visit, "Continue")
    visit.go("part", slug, "about-you")
    visit.page.fill("[name=email]", "nowhere")
    press(visit, "Continue")
    visit.look("part", "with an error")
    visit.page.fill(
        "[name=email]", "a-very-long-name-that-goes-on-and-on@a-long-host-name.example.org"
    )
    press(visit, "Continue")
    visit.go("tasks", slug, state="begun")
    visit.go("delete-answers", slug, state="asked")
    visit.go("delete-answers", slug, state="deleted", query="?deleted=x")
    visit.go("later", slug)
    link = visit.page.locator("a[href*='/respond/back/']").first.get_attribute("href") or ""
    visit.page.fill("[name=email]", "nowhere")
    press(visit, "Send me the link")
    visit.look("later", "refused")
    visit.page.fill("[name=email]", "rita@example.org")
    press(visit, "Send me the link")
    visit.look("later", "asked")
    visit.go("come-back", slug, link.rstrip("/").rpartition("/")[2])
    visit.go("come-back", slug, "nothing", state="gone")
    visit.go("read-draft", slug, reading_token(Draft.objects.get()))
    asked = ask_for_reminders(draft=Draft.objects.get(), email="rita@example.org")
    visit.go("end-reminders", slug, end_token(asked))
    press(visit, "Stop the reminders")
    visit.look("end-reminders", "ended")
    visit.go("part", slug, "violence")
    visit.page.evaluate("document.querySelector('[name=draft]').value = 'another'")
    visit.page.fill("[name=violence-comment]", "Typed when the answers were sent already.")
    press(visit, "Continue")
    visit.look("part", "gone")
    visit.go("check", slug, state="to send")
    move_window(consultation, opens_in=timedelta(days=-30), closes_in=timedelta(hours=3))
    visit.go("start", slug, state="last hours")
    visit.go("part", slug, "violence", state="last hours")
    move_window(consultation, opens_in=timedelta(days=-30), closes_in=timedelta(minutes=-1))
    visit.go("check", slug, state="in the grace period")
    move_window(consultation, opens_in=timedelta(days=-30), closes_in=timedelta(days=-1))
    visit.go("start", slug, state="closed")
    tally(consultation=consultation)
    visit.go("outcome", slug, state="closed")
    visit.go("tasks", slug, state="closed, with a draft")
    move_window(consultation, opens_in=timedelta(days=1), closes_in=timedelta(days=2))
    visit.go("start", slug, state="not open yet")
    visit.go("tasks", slug, state="not open yet")
    move_window(consultation, opens_in=timedelta(days=-1), closes_in=timedelta(days=2))
    visit.go("check", slug)
    press(visit, "Send your response")
    visit.look("receipt")
    token = visit.page.url.rstrip("/").rpartition("/")[2]
    visit.go("not-me", token)
    press(visit, "Remove my address")
    visit.look("not-me", "refused")
    visit.go("receipt", token)
    visit.page.get_by_role("link", name="Answer the equality questions").click()
    visit.look("equality")
    visit.page.check("[name=equality-gender-same][value=no]")
    visit.page.fill("[name=equality-gender-same--no]", "x" * 201)
    press(visit, "Send these answers")
    visit.look("equality", "too long")
    visit.page.fill("[name=equality-gender-same--no]", "Agender")
    press(visit, "Send these answers")
    visit.look("receipt", "with equality answers")
    visit.go("own-points", token, state="nothing yet")
    visit.go("receipt", token)
    press(visit, "Change your response")
    visit.look("tasks", "changing what was sent")
    visit.go("check", slug, state="changing what was sent")
    press(visit, "Cancel my changes")
    visit.page.get_by_role("link", name="Withdraw your response").click()
    visit.look("withdraw")
    press(visit, "Yes, withdraw it")
    visit.look("receipt", "withdrawn")
    Confirmation.objects.update(state="failed", reason="550 no such user")
    visit.page.reload()
    visit.look("receipt", "whose email failed")
    press(visit, "Send the email to this address")
    visit.look("receipt", "refusing an address")
    visit.page.goto(f"{visit.root}/nowhere/")
    visit.look("not found")


def walk_reading_pages(
    visit: Visit, consultation: Consultation, send: Send, administrator: User
) -> None:
    visit.go("sign-in")
    press(visit, "Sign in")
    visit.look("sign-in", "refused")
    sign_in(visit, administrator)
    visit.go("review-list", state="empty")
    visit.go("read-next", state="nothing left")
    response = send(
        {
            "violence-comment": "https://" + "x" * 300,
            "capacity": "organisation",
            "organisation-name": "W" * 150,
        }
    )
    send(email="")
    visit.go("review-list")
    visit.go("review-list", state="nothing found", query="?word=unheard&since=never")
    visit.go("reading-pace", state="day refused", query="?until=soon")
    visit.go("reading-pace", query="?until=2199-12-31")
    visit.go("read-one", response.reference)
    visit.page.get_by_text("A new code").click()
    press(visit, "Make it and give it")
    visit.look("read-one", "refused")
    visit.go("review-one", response.reference)
    press(visit, "Set aside")
    visit.look("review-one", "refused")
    move_review(
        review=response.review,
        to_state="considered",
        note="Elsewhere.",
        version=0,
        by=administrator,
    )
    visit.page.fill("[name=note]", "A note.")
    press(visit, "Being read")
    visit.look("review-one", "moved on")
    answers = read_answers(plan_of(response.edition), {"violence-comment": "https://" + "y" * 300})
    contact = {"name": "", "email": "", "postcode_district": ""}
    times = {"submission_key": uuid4(), "started_at": timezone.now()}
    amend_response(
        earlier=response,
        submission=Submission(edition=response.edition, answers=answers, contact=contact, **times),
    )
    visit.go("review-one", response.reference, state="changed by the respondent")
    walk_campaigns(visit, consultation, send)
    walk_codes(visit, consultation, administrator)
    walk_post(visit, consultation, administrator)
    walk_publication(visit, consultation, send)
    walk_bulk_changes(visit)
    walk_people(visit, send)
    visit.page.goto(f"{visit.root}/staff/responses/AAAA-AAAA-A/")
    visit.look("not found")


def walk_running_pages(
    visit: Visit, consultation: Consultation, send: Send, administrator: User
) -> None:
    sign_in(visit, administrator)
    visit.go("batch-list", state="empty")
    visit.go("dashboard", state="not counted")
    visit.go("help")
    send({"violence-comment": "https://" + "x" * 300})
    tally(consultation=consultation)
    visit.go("dashboard", state="counted")
    visit.page.locator("details").first.click()
    visit.look("dashboard", "with a table open")
    batch = seal_batch(consultation=consultation, actor=administrator)
    visit.go("batch-list", state="sealed")
    told = Writing.objects.create(batch=batch, stage=Writing.Stage.ROWS, done=12_000, total=250_000)
    visit.go("batch-list", state="being written")
    told.delete()
    Batch.objects.filter(pk=batch.pk).update(
        failure="The files could not be written: No space left on device."
    )
    visit.go("batch-list", state="not written")
    write_batch(batch=batch)
    visit.go("batch-list", state="written")
    walk_extracts(visit, consultation, administrator)
    walk_accounts(visit, administrator)
    visit.go("undelivered", state="all delivered")
    given_up, retried = send(), send()
    Confirmation.objects.filter(response=given_up).update(
        state="failed", reason="550 5.1.1 <(the address)>: no such person", attempts=1
    )
    Confirmation.objects.filter(response=retried).update(
        reason="451 4.7.1 try again later", attempts=2
    )
    visit.go("undelivered", state="some not")
    visit.go("trail")
    visit.go("trail", state="nothing found", query="?subject=unheard&since=never")
    visit.go("books", state="never run")
    reconcile()
    visit.go("books", state="passed")
    Reconciliation.objects.create(
        seconds=1, totals=Reconciliation.objects.latest("id").totals, differences=[DIFFERENCE]
    )
    visit.go("books", state="failed")
    nora, _ = create_staff(username="nora", role="reviewer", actor=None)
    sign_in(visit, nora)
    visit.go("new-password")
    press(visit, "Save the password")
    visit.look("new-password", "refused")
    walk_phone(visit, administrator)


def walk_phone(visit: Visit, administrator: User) -> None:
    sign_in(visit, administrator)
    visit.go("second-factor", state="none yet")
    press(visit, "Set up this phone")
    visit.look("second-factor", "refused")
    letters = (
        visit.page.locator("p", has_text="Key:").locator("strong").inner_text().replace(" ", "")
    )
    visit.page.fill("[name=code]", code_at(b32decode(letters), int(time.time()) // STEP_SECONDS))
    press(visit, "Set up this phone")
    visit.look("second-factor", "recovery codes")
    visit.page.get_by_role("button", name="I have saved them").click()
    visit.go("second-factor", state="asks for the password")
    press(visit, "Continue")
    visit.look("confirm", "refused")
    visit.page.fill("[name=password]", "ada has a long password")
    press(visit, "Continue")
    visit.look("second-factor", "set up")
    press(visit, "Sign out")
    visit.page.fill("[name=username]", "ada")
    visit.page.fill("[name=password]", "ada has a long password")
    press(visit, "Sign in")
    visit.look("sign-in-code")
    press(visit, "Sign in")
    visit.look("sign-in-code", "refused")
    administrator.refresh_from_db()


def walk_campaigns(visit: Visit, consultation: Consultation, send: Send) -> None:
    visit.go("campaign-list", state="never searched")
    for letter in (LETTER, LETTER, LETTER, EDITS["its middle cut out"], EDITS["an opening"]):
        send(
            {"missing": letter},
            email="a-very-long-name-that-goes-on-and-on@a-long-host-name.example.org",
        )
    find_clusters(consultation=consultation)
    visit.go("campaign-list", state="with a group")
    visit.go("cluster", Cluster.objects.get().pk)
    press(visit, "Make a campaign")
    visit.look("cluster", "refused")
    visit.page.fill("[name=name]", "A worker in every ward")
    press(visit, "Make a campaign")
    visit.look("campaign", "made")
    press(visit, "Take the chosen out")
    visit.look("campaign", "nothing chosen")
    visit.go("campaign-list", state="with a campaign")


def walk_codes(visit: Visit, consultation: Consultation, administrator: User) -> None:
    visit.go("code-questions")
    slug = consultation.slug
    visit.go("codebook", slug, "missing", state="empty")
    press(visit, "Put it in the codebook")
    visit.look("codebook", "refused")
    visit.page.fill("[name=name]", "Youth work")
    visit.page.fill("[name=definition]", "Clubs and workers.")
    press(visit, "Put it in the codebook")
    visit.look("codebook", "with a code")
    visit.page.get_by_role("button", name="Code answers").click()
    visit.look("code-answers")
    press(visit, "Code this passage")
    visit.look("code-answers", "refused")
    visit.page.fill("[name=passage]", "ask the Mayor")
    press(visit, "Code this passage")
    visit.look("code-answers", "with a passage")
    colleague = make_person("ben", User.Role.REVIEWER)
    response = Response.objects.filter(texts__has_key="missing")[0]
    code_answer(response=response, question="missing", codes=list(Code.objects.all()), by=colleague)
    draw_second_coding(consultation=consultation, question="missing", size=1, by=administrator)
    visit.go("codebook", slug, "missing", state="with a second coding")
    visit.go("answer-grid", slug, "missing")
    visit.go("answer-grid", slug, "missing", state="empty", query="?kind=none")
    visit.go("code", slug, "missing", Code.objects.get().pk)
    visit.page.fill("[name=name]", "")
    press(visit, "Save")
    visit.look("code", "refused")


def walk_post(visit: Visit, consultation: Consultation, administrator: User) -> None:
    slug = consultation.slug
    visit.go("entering", state="empty")
    press(visit, "Load it")
    visit.look("entering", "refused")
    visit.go("enter", slug)
    press(visit, "Receive this response")
    visit.look("enter", "refused")
    visit.page.select_option("[name=channel]", "post")
    visit.page.fill("[name=received_on]", timezone.localdate().isoformat())
    visit.page.fill("[name=missing]", "Buses at night.")
    press(visit, "Receive this response")
    visit.look("entered")
    press(visit, "Keep it")
    visit.look("entered", "refused")
    keyed = Transcription.objects.get()
    # A letter of someone else's, as they would find it.
    Transcription.objects.update(keyed_by=make_person("cleo", User.Role.REVIEWER))
    visit.go("key-again", keyed.response.reference)
    visit.page.fill("[name=missing]", "Trains at night.")
    press(visit, "Compare")
    visit.look("key-again", "different")
    file = default_storage.save(
        "messages/one.eml", ContentFile(b"Subject: My views\n\nMore youth workers.")
    )
    message = Message.objects.create(consultation=consultation, file=file, sha256="0" * 64)
    visit.go("message-list", consultation.slug)
    visit.go("message", message.pk)
    press(visit, "Set it aside")
    visit.look("message", "refused")
    visit.go("enter", slug, query=f"?message={message.pk}", state="from a message")
    visit.go("entering", state="with a message")
    walk_many_at_once(visit, consultation, administrator)


def walk_many_at_once(visit: Visit, consultation: Consultation, administrator: User) -> None:
    slug = consultation.slug
    for name in ("bundle-list", "bundle-letter"):
        visit.go(name, slug)
        press(visit, "Check and load")
        visit.look(name, "refused")
    made = Bundle.objects.create(
        consultation=consultation,
        edition=consultation.editions.get(),
        key=uuid4(),
        kind=Bundle.Kind.SHEETS,
        name="The Camden sheets",
        by=administrator,
        state=Bundle.State.DONE,
    )
    made.rows.create(number=2, sheet="C-1", response=Response.objects.latest("pk"))
    visit.go("bundle", made.pk)
    visit.go("petition-list", slug)
    press(visit, "Record it")
    visit.look("petition-list", "refused")
    visit.page.fill("[name=title]", "Keep the night bus")
    visit.page.fill("[name=text]", "We ask the Mayor to keep the night bus.")
    visit.page.fill("[name=signatures]", "31033")
    visit.page.select_option("[name=channel]", "post")
    visit.page.fill("[name=received_on]", timezone.localdate().isoformat())
    press(visit, "Record it")
    visit.look("petition")
    # What someone types is kept as they type it, and offered when they come back.
    visit.page.fill("[name=reason]", "Signed twice by some")
    expect(visit.page.locator("[data-typed-status]")).to_contain_text("What you type is kept.")
    visit.go("typed")
    visit.page.go_back()
    visit.page.reload()
    visit.look("petition", "with what was typed before")
    visit.page.fill("[name=reason]", "")
    press(visit, "Put it back")
    expect(visit.page.locator("[name=reason]")).to_have_value("Signed twice by some")
    press(visit, "Record the correction")
    visit.look("petition", "corrected")
    visit.go("typed", state="with nothing left")


def walk_accounts(visit: Visit, administrator: User) -> None:
    visit.go("account-list")
    visit.go("account-new", state="asks for the password")
    visit.page.fill("[name=password]", "ada has a long password")
    press(visit, "Continue")
    visit.look("account-new")
    press(visit, "Create account")
    visit.look("account-new", state="refused")
    visit.page.get_by_label("User name").fill("w" * 100)
    visit.page.get_by_label("Analyst").check()
    press(visit, "Create account")
    visit.look("account-new", state="its one-time password")
    visit.page.get_by_role("link", name="I have passed it on").click()
    visit.look("account", state="made")
    press(visit, "Close this account")
    visit.look("account", state="ended")
    locked = make_person("locked", "reviewer")
    User.objects.filter(pk=locked.pk).update(second_factor="00")
    for _ in range(settings.LIMITS["sign_in_code"][0]):
        take_turn(limit="sign_in_code", key="locked")
    visit.go("account", locked.pk, state="locked")
    visit.go("account", administrator.pk, state="own")
    visit.go("account-list", state="several")
    visit.go("account-sessions", locked.pk, state="signed in nowhere")
    visit.go("sessions")
    visit.go("second-person", state="nothing asked")
    for person in (administrator, make_person("bea", User.Role.ADMINISTRATOR)):
        SecondPersonRequest.objects.create(
            act="change_rights", subject="anil", details={"role": "editor"}, asked_by=person
        )
    visit.go("second-person", state="two requests")


def walk_bulk_changes(visit: Visit) -> None:
    visit.go("bulk-list", state="none")
    visit.go("bulk-new", query="?state=unread")
    visit.page.get_by_label("Move them to a state").check()
    visit.page.get_by_role("button", name="See what that would change").click()
    visit.look("bulk-new", state="with an error")
    visit.page.get_by_label("State", exact=True).select_option("reading")
    visit.page.get_by_role("button", name="See what that would change").click()
    visit.look("bulk-new", state="before it is done")
    visit.page.get_by_role("button", name=re.compile("Change .* response")).click()
    visit.page.get_by_role("link", name="Stop reloading").click()
    visit.look("bulk-one", state="waiting")
    make_due_changes()
    visit.page.reload()
    visit.look("bulk-one", state="done")
    visit.page.get_by_role("button", name="Undo this change").click()
    visit.page.get_by_role("link", name="Stop reloading").click()
    visit.look("bulk-one", state="being undone")
    make_due_changes()
    visit.go("bulk-list", state="one undone")


def walk_extracts(visit: Visit, consultation: Consultation, administrator: User) -> None:
    visit.go("extract-list", state="none")
    ask_for_extract(consultation=consultation, query=None, actor=administrator)
    visit.go("extract-list", state="being made")
    make_due_extracts()
    failed = ask_for_extract(consultation=consultation, query="state=unread", actor=administrator)
    Extract.objects.filter(pk=failed.pk).update(
        state="failed", failure="Its file could not be written."
    )
    visit.go("extract-list", state="ready and failed")


def walk_people(visit: Visit, send: Send) -> None:
    response = send({"missing": "Benches."}, name="Penelope Wide", email="penelope@example.org")
    visit.go("people", state="not looked yet")
    press(visit, "Look for it")
    visit.look("people", "refused")
    visit.page.fill("[name=words]", "nobody@example.org")
    press(visit, "Look for it")
    visit.look("people", "nothing held")
    visit.page.fill("[name=words]", "penelope@example.org")
    press(visit, "Look for it")
    visit.look("people", "something held")
    visit.page.get_by_role("link", name=f"Erase {response.reference}").click()
    visit.page.fill("[name=password]", "ada has a long password")
    press(visit, "Continue")
    visit.look("erase", "asked")
    press(visit, "Erase it for good")
    visit.look("erase", "refused")
    visit.page.fill("[name=typed]", response.reference)
    visit.page.fill("[name=why]", "asked by letter")
    press(visit, "Erase it for good")
    visit.look("people", "erased")
    visit.go("erase", response.reference, state="erased before")
    visit.go("review-one", response.reference, state="erased")
    letter = Message.objects.earliest("id")
    visit.go("erase-found", query=f"?letter={letter.pk}", state="an email")


def walk_publication(visit: Visit, consultation: Consultation, send: Send) -> None:
    visit.go("publication", state="nothing agreed")
    response = send(
        {"missing": "Ring me on 020 7946 0000. Yours sincerely, Ann Other", "publication": "named"}
    )
    visit.go("redact", response.reference)
    visit.page.get_by_role("button", name="Keep it back", exact=True).click()
    visit.look("redact", "refused")
    visit.page.get_by_role("button", name=re.compile("Ann Other")).click()
    visit.look("redact", "with a passage kept back")
    press(visit, "Hold it back")
    visit.look("redact", "no reason given")
    press(visit, "It can be published")
    visit.look("redact", "approved")
    visit.go("publication", state="approved")
    press(visit, "Let everyone read them")
    visit.look("publication", "published")
    visit.go("published-responses", consultation.slug)


def pages(*, staff: bool) -> set[str]:
    """The names of all addresses that are pages: those of staff, or all others."""
    routes = get_resolver().reverse_dict
    return {
        name
        for name in routes
        if isinstance(name, str)
        and name not in NO_PAGES
        and routes.getlist(name)[0][0][0][0].startswith("staff/") == staff
    }


@pytest.mark.django_db(transaction=True)
def test_no_public_page_in_any_state_fails_axe_or_asks_elsewhere(
    visit: Visit, consultation: Consultation
) -> None:
    walk_public_pages(visit, consultation)
    text = PARKS_PLAN.read_text().replace("consultation:\n", "consultation:\n  attachments: 3\n", 1)
    load_plan(text=text, actor=None)
    visit.go("files", "parks-at-night")
    assert visit.wrong == []
    assert pages(staff=False) - READING - set(visit.seen) == set()


@pytest.mark.django_db(transaction=True)
def test_no_page_for_reading_in_any_state_fails_axe_or_asks_elsewhere(
    visit: Visit, consultation: Consultation, send: Send, administrator: User
) -> None:
    walk_reading_pages(visit, consultation, send, administrator)
    assert visit.wrong == []
    assert READING - set(visit.seen) == set()


@pytest.mark.django_db(transaction=True)
def test_no_page_for_running_it_in_any_state_fails_axe_or_asks_elsewhere(
    visit: Visit, consultation: Consultation, send: Send, administrator: User
) -> None:
    walk_running_pages(visit, consultation, send, administrator)
    response = send({"missing": "Benches by the river."})
    # Those that have one state that matters, as the table of permissions opens them.
    for name in sorted(pages(staff=True) - READING - set(visit.seen)):
        visit.go(name, *arguments_of(name, response))
    assert visit.wrong == []
    assert pages(staff=True) - READING - set(visit.seen) == set()


@pytest.mark.django_db(transaction=True)
def test_the_administration_is_readable_too(
    visit: Visit, consultation: Consultation, administrator: User
) -> None:
    sign_in(visit, administrator)
    question = consultation.questions.filter(kind="one").earliest("order")
    visit.go("admin:index")
    for name in ("consultation", "section", "question", "auditentry"):
        visit.go(f"admin:consult_{name}_changelist")
    for row in (consultation, consultation.sections.earliest("order"), question):
        visit.go(f"admin:consult_{row._meta.model_name}_change", row.pk)
    # Django's own: the first column of a table within a page has no heading, and the policy refuses
    # what its scripts style.
    known = ("empty-table-header at ['thead > tr > .original']", "console: ")
    assert [
        found for found in visit.wrong if not found.startswith(known) and not found.endswith(known)
    ] == []


@pytest.mark.django_db(transaction=True)
def test_a_response_can_be_sent_by_keyboard_alone(visit: Visit, consultation: Consultation) -> None:
    page = visit.page
    page.set_viewport_size(DESK)
    page.goto(visit.root + reverse("start", args=[consultation.slug]))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Skip to main content"
    page.keyboard.press("Enter")
    for wanted in ("Start your response", "Continue", "Reducing and preventing violence"):
        tab_to(page, wanted)
        with page.expect_navigation():
            page.keyboard.press("Enter")
    tab_until(page, "document.activeElement.name === 'violence-agree'")
    page.keyboard.press("Space")
    tab_until(page, "document.activeElement.name === 'violence-comment'")
    page.keyboard.type("By keyboard alone.")
    tab_to(page, "Continue")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.goto(visit.root + reverse("check", args=[consultation.slug]))
    tab_to(page, "Send your response")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Response received").wait_for()
    assert Response.objects.get().texts == {"violence-comment": "By keyboard alone."}


def tab_to(page: Page, words: str) -> None:
    tab_until(page, f"document.activeElement.textContent.trim().startsWith({words!r})")


def tab_until(page: Page, condition: str) -> None:
    """Press Tab until `condition` holds, seeing each time that what has the focus can be seen."""
    for _ in range(80):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            "(() => { const box = document.activeElement.getBoundingClientRect(); return box.width "
            "> 0 && box.height > 0 })()"
        )
        assert seen, page.evaluate("document.activeElement.outerHTML")
        if page.evaluate(condition):
            return
    pytest.fail(f"Tab never led to: {condition}")


@pytest.mark.django_db(transaction=True)
def test_an_error_takes_the_focus_and_its_links_lead_into_the_fields(
    visit: Visit, consultation: Consultation
) -> None:
    page = visit.page
    page.goto(visit.root + reverse("part", args=[consultation.slug, "about-you"]))
    page.fill("[name=email]", "nowhere")
    page.check("[name=capacity][value=individual]")
    press(visit, "Continue")
    assert page.title().startswith("Error: ")
    assert "There is a problem" in page.evaluate("document.activeElement.textContent")
    words = page.locator(".govuk-error-summary__list a").inner_text()
    assert words in page.locator(".govuk-error-message").inner_text()
    page.click(".govuk-error-summary__list a")
    assert page.evaluate("document.activeElement.name") == "email"
    assert (
        page.input_value("[name=email]"),
        page.is_checked("[name=capacity][value=individual]"),
    ) == ("nowhere", True)


@pytest.mark.django_db(transaction=True)
def test_error_pages_are_accessible_and_say_what_became_of_the_answers(
    visit: Visit,
    consultation: Consultation,
    reviewer: User,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page, start = visit.page, visit.root + reverse("start", args=[consultation.slug])
    part = visit.root + reverse("part", args=[consultation.slug, "violence"])

    def told(state: str, *wanted: str) -> None:
        visit.look("error", state)
        words = " ".join(page.locator("main").inner_text().split())
        assert [sentence for sentence in wanted if sentence not in words] == [], (state, words)

    def send_from(address: str) -> None:
        page.goto(address)
        page.fill("[name=violence-comment]", "More youth workers, " * 40)
        press(visit, "Continue")

    settings.LIMITS = settings.LIMITS | {"draft": (0, 3600)}
    send_from(part)
    told("429", "What you typed is safe.")
    told("429, opened", "More youth workers,")
    page.goto(part)
    page.fill("[name=violence-comment]", "Before the cookie went.")
    page.context.clear_cookies()
    press(visit, "Continue")
    told("403, without the cookie", "What you typed is below")
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 500
    send_from(part)
    told("413", "It was not saved.", "Pages that you saved before are still there.")
    for trouble, state, words in (
        (ZeroDivisionError(), "500", "Pages that you finished with Continue are saved."),
        (OperationalError(), "503", "Nothing that was saved is lost."),
        (SuspiciousOperation(), "400", "Pages that you saved before are still there."),
    ):
        with monkeypatch.context() as broken:
            broken.setattr("consult.views.pages.page_context", raising(trouble))
            page.goto(start)
        told(state, words)
    sign_in(visit, reviewer)
    page.goto(visit.root + reverse("books"))
    told("403, of staff", "Your account does not have the right to it.")
    assert visit.wrong == []


def raising(trouble: Exception) -> Callable[[str], None]:
    def broken(slug: str) -> None:
        raise trouble

    return broken


@pytest.mark.django_db(transaction=True)
def test_the_lists_of_several_consultations_and_of_none_are_readable(
    visit: Visit, consultation: Consultation
) -> None:
    load_plan(
        text=BUNDLED_PLAN.read_text().replace(
            "slug: police-and-crime-plan-2021-25", "slug: another"
        ),
        actor=None,
    )
    for name in ("home", "privacy", "accessibility"):
        visit.go(name, state="of two")
        assert (
            visit.page.locator(f"a[href*='{consultation.slug}']").count()
            == visit.page.locator("a[href*='another']").count()
            == 1
        )
    Consultation.objects.update(withdrawn_at=timezone.now())
    for name in ("home", "privacy", "accessibility"):
        visit.go(name, state="of none")
        assert "No consultation is published" in visit.page.locator("main").inner_text()
    assert visit.wrong == []


@pytest.mark.django_db(transaction=True)
def test_wider_text_spacing_hides_nothing(
    visit: Visit, consultation: Consultation, send: Send
) -> None:
    """WCAG 2.2, 1.4.12: with these distances nothing is cut off and nothing lies
    outside the page.
    """
    wide = """* { line-height: 1.5 !important; letter-spacing: .12em !important;
        word-spacing: .16em !important }
      p { margin-bottom: 2em !important }"""
    cut = """() => [
      ...document.querySelectorAll('main *, header *, nav *, footer *')
    ].filter(element => {
      const style = getComputedStyle(element), seen = element.getBoundingClientRect()
      return style.overflow === 'hidden' && seen.width > 1
        && element.scrollHeight > element.clientHeight + 1 && element.innerText
    }).map(element => element.outerHTML.slice(0, 100))"""
    page, slug = visit.page, consultation.slug
    page.set_viewport_size(PHONE)
    addresses = [
        reverse(name, args=[slug]) for name in ("start", "how-to-respond", "tasks", "paper-form")
    ]
    addresses += [
        reverse("part", args=[slug, "about-you"]),
        reverse("receipt", args=[receipt_token(send())]),
    ]
    for address in addresses:
        page.goto(visit.root + address)
        page.evaluate(
            (
                "css => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); "
                "document.adoptedStyleSheets = [sheet] }"
            ),
            wide,
        )
        assert (page.evaluate(cut), visit.width_beyond()) == ([], 0), address


@pytest.mark.django_db(transaction=True)
def test_the_exit_button_leaves_at_once_with_and_without_scripts(
    browser: Browser, live_server: LiveServer, visit: Visit, consultation: Consultation
) -> None:
    addresses = [
        reverse("section", args=[consultation.slug, "violence"]),
        reverse("part", args=[consultation.slug, "violence"]),
    ]
    elsewhere = {"body": "<title>Weather</title>", "content_type": "text/html"}
    plain = browser.new_context(java_script_enabled=False)
    for context in (plain, visit.page.context):
        page = context.new_page()
        page.route("https://www.bbc.co.uk/**", lambda route: route.fulfill(**elsewhere))
        for address in addresses:
            page.goto(live_server.url + address)
            page.get_by_role("button", name="Exit this page").click()
            page.wait_for_url("https://www.bbc.co.uk/weather")
    page.goto(live_server.url + addresses[0])
    for _ in range(3):
        page.keyboard.press("Shift")
    page.wait_for_url("https://www.bbc.co.uk/weather")
    plain.close()


@pytest.mark.django_db(transaction=True)
def test_reduced_motion_stops_motion_and_forced_colours_keep_what_matters(
    visit: Visit, consultation: Consultation
) -> None:
    page = visit.page
    page.emulate_media(reduced_motion="reduce", forced_colors="active")
    page.goto(visit.root + reverse("part", args=[consultation.slug, "violence"]))
    moving = """[...document.querySelectorAll('*')].filter(element => {
      const style = getComputedStyle(element)
      return style.animationName !== 'none' || parseFloat(style.transitionDuration) > 0
    }).length"""
    assert page.evaluate(moving) == 0
    # Backgrounds are gone: a chosen radio button and the focus must be told by something else.
    page.check("[name=violence-agree][value=agree]")
    mark = page.evaluate(
        "getComputedStyle(document.querySelector('[value=agree]+label'), '::after').borderTopWidth"
    )
    assert parse_pixels(mark) > 0
    page.focus(".app-header__name")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    visit.look("part", "forced colours")
    assert visit.wrong == []


def parse_pixels(length: str) -> float:
    return float(length.removesuffix("px"))


@pytest.mark.django_db(transaction=True)
def test_a_printed_page_has_the_words_but_no_buttons(
    visit: Visit, consultation: Consultation
) -> None:
    page = visit.page
    page.emulate_media(media="print")
    for name, arguments in (
        ("start", []),
        ("section", ["violence"]),
        ("recommendation", ["zero-murders"]),
        ("paper-form", []),
    ):
        visit.go(name, consultation.slug, *arguments, state="printed")
        for chrome in (".app-nav", ".app-footer__links", ".govuk-button", ".app-no-print"):
            assert not [found for found in page.locator(chrome).all() if found.is_visible()], (
                name,
                chrome,
            )
        assert page.locator("h1").is_visible()
    assert visit.wrong == []


@pytest.mark.django_db(transaction=True)
def test_a_receipt_opens_for_anyone_with_its_address_and_prints(visit: Visit, send: Send) -> None:
    visit.page.goto(visit.root + reverse("receipt", args=[receipt_token(send())]))
    visit.look("receipt", "from an email")
    press(visit, "Show what I sent")
    visit.look("receipt", "that asks again who you are")
    visit.page.fill("[name=known]", "Rita Respondent")
    press(visit, "Show what I sent")
    visit.page.emulate_media(media="print")
    visit.look("receipt", "printed")
    assert visit.wrong == []
    assert not visit.page.locator(".app-nav").first.is_visible()
