"""Telling others, and what the address says after closing."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from consult.models import AuditEntry, Consultation, User
from consult.plans.outcome import say_outcome
from responses.dashboard.tallies import tally
from responses.models import Response
from responses.responding import pdf
from responses.responding.received import received_so_far
from responses.responding.submitting import Submitted
from responses.responding.views.paper_form import made_once
from tests.responses.responding.test_answering import at
from tests.support.forms import fields_on

pytestmark = pytest.mark.usefixtures("consultation")
Send = Callable[..., Response]


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def outcome() -> str:
    return words_of(Client().get(at("outcome")).content.decode())


@pytest.fixture
def closed(consultation: Consultation, send: Send) -> Consultation:
    """Three people sent theirs, and it closed."""
    for _ in range(3):
        send()
    tally(consultation=consultation)
    now = timezone.now()
    Consultation.objects.update(
        opens_at=now - timedelta(days=9), closes_at=now - timedelta(hours=1)
    )
    consultation.refresh_from_db()
    return consultation


def test_after_closing_anyone_reads_how_many_came_by_channel_and_day(
    closed: Consultation,
) -> None:
    page = outcome()
    assert "3 responses were received." in page
    received = received_so_far(closed)
    assert received is not None
    assert [count for _channel, count in received.channels] == [3]
    assert sum(count for _day, count in received.days) == 3
    assert received.channels[0][0] in page


def test_while_it_is_open_no_count_is_given_away(consultation: Consultation, send: Send) -> None:
    send()
    tally(consultation=consultation)
    page = outcome()
    assert "Once the consultation has closed, this page says how many responses there were." in page
    assert "1 response was received" not in page


def test_before_anything_was_counted_the_page_says_so(closed: Consultation) -> None:
    closed.tally.delete()
    assert "We have not finished counting." in outcome()


def test_the_page_says_when_the_outcome_is_due_and_later_the_outcome(
    closed: Consultation, editor: User
) -> None:
    assert "has not said yet when it will decide" in outcome()
    say_outcome(consultation=closed, due_on=date(2027, 3, 31), words="", address="", actor=editor)
    assert "by 31 March 2027" in outcome()
    say_outcome(
        consultation=closed,
        due_on=date(2027, 3, 31),
        words="The plan was <b>changed</b> in nine places.",
        address="https://www.london.gov.uk/plan",
        actor=editor,
    )
    page = Client().get(at("outcome")).content.decode()
    assert "The plan was &lt;b&gt;changed&lt;/b&gt; in nine places." in page
    assert 'href="https://www.london.gov.uk/plan"' in page
    assert "by 31 March 2027" not in page


def test_what_is_said_is_on_the_trail_once(closed: Consultation, editor: User) -> None:
    for expected in (True, False):
        said = say_outcome(
            consultation=closed, due_on=None, words="Decided.", address="", actor=editor
        )
        assert said is expected
    entry = AuditEntry.objects.get(action="outcome_said")
    assert (entry.actor, entry.details["outcome"]) == (editor, "Decided.")


def test_an_editor_says_it_in_the_administration(
    closed: Consultation, editor: User, sign_in: Callable[[User], Client]
) -> None:
    client = sign_in(editor)
    page = reverse("admin:consult_consultation_change", args=[closed.pk])
    data = fields_on(client.get(page).content.decode())
    data["outcome"], data["outcome_due_on"] = "Nine changes were made.", "2027-03-31"
    answered = client.post(page, data)
    assert answered.status_code == 302
    assert "Nine changes were made." in outcome()
    assert AuditEntry.objects.filter(action="outcome_said").count() == 1


def test_the_receipt_and_the_closed_start_page_lead_there(
    closed: Consultation, submit: Callable[..., Submitted]
) -> None:
    link = f'href="{at("outcome")}"'
    assert link in Client().get(at("start")).content.decode()
    sent = Response.objects.first()
    assert sent is not None
    now = timezone.now()
    Consultation.objects.update(closes_at=now + timedelta(days=1))
    token = submit().receipt_token
    assert link in Client().get(reverse("receipt", args=[token])).content.decode()
    Consultation.objects.update(withdrawn_at=now)
    assert link not in Client().get(reverse("receipt", args=[token])).content.decode()


def test_the_short_address_leads_to_the_consultation(consultation: Consultation) -> None:
    short = reverse("short-address", args=[consultation.pk])
    assert short == f"/c/{consultation.pk}/"
    assert Client().get(short).headers["Location"] == at("start")
    assert Client().get(reverse("short-address", args=[consultation.pk + 1])).status_code == 404
    Consultation.objects.update(withdrawn_at=timezone.now())
    assert Client().get(short).status_code == 404


def test_the_page_to_share_has_the_short_address_and_its_code(
    consultation: Consultation,
) -> None:
    page = Client().get(at("share")).content.decode()
    short = reverse("short-address", args=[consultation.pk])
    assert f"{short}</a>" in page
    assert "<svg" in page
    assert f'href="{at("share")}"' in Client().get(at("start")).content.decode()


def test_the_poster_is_one_page_with_title_closing_and_address(
    consultation: Consultation,
) -> None:
    page = Client().get(at("poster"))
    assert page["Content-Type"] == "application/pdf"
    read = PdfReader(BytesIO(page.content))
    text = " ".join(read.pages[0].extract_text().split())
    assert len(read.pages) == 1
    assert consultation.title in text
    assert reverse("short-address", args=[consultation.pk]) in text


def test_where_no_poster_can_be_made_the_page_has_all_that_is_on_it(
    consultation: Consultation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_made(html: str, *, anyway: bool) -> bytes:
        raise pdf.PdfNotMade("no Pango")

    Consultation.objects.update(title="Another title, so that none was made before")
    monkeypatch.setattr(pdf, "_run", none_made)
    made_once.cache_clear()
    assert Client().get(at("poster")).headers["Location"] == at("share")
