"""Two editors with the same page open, and closing dates that nobody meant."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.models import AuditEntry, Consultation, Option, Question, User
from consult.plans.loading import load_plan
from consult.plans.reading import PlanProblems
from tests.conftest import PARKS_PLAN, make_person
from tests.support.forms import fields_on

SignIn = Callable[[User], Client]
ASKED = "Someone else changed this while you had the page open."


@pytest.fixture
def edith(editor: User, sign_in: SignIn) -> Client:
    return sign_in(editor)


@pytest.fixture
def evan(db: None, sign_in: SignIn) -> Client:
    return sign_in(make_person("evan", User.Role.EDITOR))


def page_of(row: Any) -> str:
    return reverse(f"admin:consult_{row._meta.model_name}_change", args=[row.pk])


def opened(client: Client, address: str) -> dict[str, str]:
    return fields_on(client.get(address).content.decode())


def words_of(page: Any) -> str:
    return " ".join(unescape(page.content.decode()).split())


def saved(client: Client, address: str, data: dict[str, str]) -> Any:
    page = client.post(address, data)
    assert page.status_code == 302, re.findall(r"errorlist.*?</ul>", words_of(page))
    return page


# Two fields that an editor may change on each page, the model's own or an option's.
PAGES = [
    ("consultation", "title", "summary"),
    ("consultation", "sources", "alternative_formats"),
    ("section", "title", "commitments"),
    ("recommendation", "headline", "context"),
    ("question", "text", "help"),
    ("question", "text", "options-0-label"),
    ("question", "options-0-label", "options-0-group"),
    ("question", "options-0-label", "options-1-label"),
]


def row_of(consultation: Consultation, name: str) -> Any:
    if name == "consultation":
        return consultation
    if name == "question":
        return consultation.questions.get(slug="capacity")
    return getattr(consultation, f"{name}s").order_by("order").first()


def stored(row: Any, field: str) -> Any:
    if not field.startswith("options-"):
        row.refresh_from_db()
        return getattr(row, field)
    _options, place, name = field.split("-")
    return getattr(row.options.order_by("order")[int(place)], name)


def as_typed(value: Any) -> str:
    return "\n".join(value) if isinstance(value, list) else value


@pytest.mark.parametrize(("name", "mine", "theirs"), PAGES)
def test_saving_keeps_what_someone_else_changed_meanwhile(
    consultation: Consultation, edith: Client, evan: Client, name: str, mine: str, theirs: str
) -> None:
    row = row_of(consultation, name)
    address = page_of(row)
    stale = opened(edith, address)
    saved(evan, address, opened(evan, address) | {theirs: "https://example.org/theirs"})
    saved(edith, address, stale | {mine: "https://example.org/mine"})
    assert as_typed(stored(row, mine)) == "https://example.org/mine"
    assert as_typed(stored(row, theirs)) == "https://example.org/theirs"


@pytest.mark.parametrize(("name", "field"), sorted({(name, mine) for name, mine, _ in PAGES}))
def test_a_field_that_both_changed_is_asked_about_and_nothing_is_lost(
    consultation: Consultation, edith: Client, evan: Client, name: str, field: str
) -> None:
    row = row_of(consultation, name)
    address = page_of(row)
    stale = opened(edith, address)
    saved(evan, address, opened(evan, address) | {field: "https://example.org/theirs"})
    page = edith.post(address, stale | {field: "https://example.org/mine"})
    assert f"{ASKED} It now says: “https://example.org/theirs”" in words_of(page)
    again = fields_on(page.content.decode())
    assert again[field].strip() == "https://example.org/mine"
    assert as_typed(stored(row, field)) == "https://example.org/theirs"
    saved(edith, address, again)
    assert as_typed(stored(row, field)) == "https://example.org/mine"


def test_a_third_change_is_asked_about_again(
    consultation: Consultation, edith: Client, evan: Client
) -> None:
    address = page_of(consultation)
    stale = opened(edith, address)
    for title in ("Theirs", "Theirs again"):
        saved(evan, address, opened(evan, address) | {"title": title})
        page = edith.post(address, stale | {"title": "Mine"})
        assert f"It now says: “{title}”" in words_of(page)
        stale = fields_on(page.content.decode())


def test_a_comma_does_not_move_the_closing_back(
    consultation: Consultation, edith: Client, evan: Client
) -> None:
    address = page_of(consultation)
    stale = opened(edith, address)
    saved(
        evan,
        address,
        opened(evan, address) | {"closes_at_0": "2036-01-01", "closes_at_1": "00:00:00"},
    )
    saved(edith, address, stale | {"title": stale["title"] + ","})
    consultation.refresh_from_db()
    assert timezone.localtime(consultation.closes_at).year == 2036
    moved = AuditEntry.objects.get(action="window_changed")
    assert moved.actor_name == "evan"
    # Both moving it is asked about like any other field.
    page = edith.post(address, stale | {"closes_at_0": "2037-01-01"})
    assert f"{ASKED} It now says: “01/01/2036 00:00:00”" in words_of(page)


def test_the_same_change_by_two_is_no_question(
    consultation: Consultation, edith: Client, evan: Client
) -> None:
    address = page_of(consultation)
    pages = [opened(edith, address), opened(evan, address)]
    for client, data in zip((edith, evan), pages, strict=True):
        saved(client, address, data | {"title": "Both want this"})
    assert AuditEntry.objects.filter(action="wording_changed").count() == 1


def closing(instant: datetime) -> dict[str, str]:
    local = timezone.localtime(instant)
    return {"closes_at_0": local.strftime("%Y-%m-%d"), "closes_at_1": local.strftime("%H:%M:%S")}


def test_a_closing_that_has_passed_is_refused(consultation: Consultation, edith: Client) -> None:
    address, before = page_of(consultation), consultation.closes_at
    past = closing(timezone.now() - timedelta(hours=2))
    page = edith.post(address, opened(edith, address) | past)
    assert "The closing date is in the past." in words_of(page)
    again = edith.post(address, fields_on(page.content.decode()))
    assert "The closing date is in the past." in words_of(again)
    consultation.refresh_from_db()
    assert consultation.closes_at == before


def test_a_much_earlier_closing_is_asked_about_once(
    consultation: Consultation, edith: Client
) -> None:
    address, before = page_of(consultation), consultation.closes_at
    sooner = closing(timezone.now() + timedelta(days=3))
    page = edith.post(address, opened(edith, address) | sooner)
    assert "This is much earlier than now" in words_of(page)
    consultation.refresh_from_db()
    assert consultation.closes_at == before
    data = fields_on(page.content.decode())
    # The answer is for that date alone.
    other = edith.post(address, data | closing(timezone.now() + timedelta(days=2)))
    assert "This is much earlier than now" in words_of(other)
    saved(edith, address, data)
    consultation.refresh_from_db()
    assert consultation.closes_at < before - timedelta(days=20)


def test_a_closed_consultation_can_still_be_corrected(
    consultation: Consultation, edith: Client
) -> None:
    Consultation.objects.update(closes_at=timezone.now() - timedelta(hours=1))
    address = page_of(consultation)
    saved(edith, address, opened(edith, address) | {"title": "As it was meant"})
    consultation.refresh_from_db()
    assert consultation.title == "As it was meant"


def test_an_old_plan_file_does_not_bring_back_an_old_closing(db: None) -> None:
    text = PARKS_PLAN.read_text()
    load_plan(text=text, actor=None)
    Consultation.objects.update(closes_at=datetime.fromisoformat("2037-01-01T00:00:00+00:00"))
    with pytest.raises(PlanProblems, match="much earlier than it is now"):
        load_plan(text=text, actor=None)
    with pytest.raises(PlanProblems, match="--closes: has passed already"):
        load_plan(text=text, closes="2026-02-01", actor=None)
    assert load_plan(text=text, closes="2036-06-30", actor=None).done == ["moved the window"]


def test_a_page_without_what_it_showed_changes_nothing_unasked(
    consultation: Consultation, edith: Client
) -> None:
    question = Question.objects.get(slug="capacity")
    address, label = page_of(question), Option.objects.filter(question=question)[0].label
    sent = {
        name: value
        for name, value in opened(edith, address).items()
        if not name.startswith("initial-")
    }
    page = edith.post(address, sent | {"text": "Who are you?", "options-0-label": "Me"})
    assert words_of(page).count(ASKED) == 2
    question.refresh_from_db()
    assert (question.text == "Who are you?", Option.objects.filter(question=question)[0].label) == (
        False,
        label,
    )
