"""A consultation that is live: moving its dates, withdrawing it and putting it back."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.clock import day_in_words
from consult.models import Action, AuditEntry, Consultation, PlanFile, User
from consult.plans.loading import load_plan
from consult.plans.publishing import change_window
from consult.plans.withdrawing import withdraw_consultation
from consult.setting_up.file_text import values_of
from responses.models import Response
from tests.conftest import BUNDLED_PLAN
from tests.consult.setting_up.conftest import page_of, send
from tests.support.pressing import fields_of, forms_of, press

REASON = "More people asked to take part."


@pytest.fixture
def address(consultation: Consultation) -> str:
    return reverse("set-up-consultation", args=[consultation.slug])


def in_days(days: int) -> str:
    return day_in_words(timezone.now() + timedelta(days=days))


def say(officer: Client, address: str, **typed: str) -> str:
    return press(officer, address, typed, follow=True).content.decode()


def test_the_closing_is_extended_and_the_public_reads_why(
    officer: Client, consultation: Consultation, address: str
) -> None:
    before = consultation.closes_at
    say(officer, address, do="dates", closes=in_days(60), reason=REASON)
    consultation.refresh_from_db()
    assert consultation.closes_at > before
    assert AuditEntry.objects.latest("pk").details["reason"] == REASON
    page = Client().get(reverse("start", args=[consultation.slug])).content.decode()
    assert "The closing date was changed" in page
    assert REASON in page


@pytest.mark.parametrize(
    ("closes", "reason", "says"),
    [
        ("some day", REASON, "is not a date"),
        ("2020-01-01", REASON, "It must close after it opens."),
        ("in 60", "", "Say why."),
        ("in 60", "x" * 301, "Use 300 characters or fewer."),
    ],
)
def test_a_wrong_date_is_refused_and_what_was_typed_stays(
    officer: Client, consultation: Consultation, address: str, closes: str, reason: str, says: str
) -> None:
    before = consultation.closes_at
    typed = in_days(60) if closes == "in 60" else closes
    page = say(officer, address, do="dates", closes=typed, reason=reason)
    assert says in page
    assert f'value="{typed}"' in page
    consultation.refresh_from_db()
    assert consultation.closes_at == before


def test_a_closing_much_earlier_is_asked_about_once(
    officer: Client, consultation: Consultation, address: str
) -> None:
    typed = {"do": "dates", "closes": in_days(10), "reason": REASON}
    page = press(officer, address, typed)
    assert "much earlier than now" in page.content.decode()
    consultation.refresh_from_db()
    asked_about, before = fields_of(forms_of(page)[1]), consultation.closes_at
    assert asked_about["closes"] == typed["closes"]
    # What was asked about is what is sure: another day is asked about again.
    press(officer, address, typed | {"sure_of": asked_about["sure_of"], "closes": in_days(5)})
    consultation.refresh_from_db()
    assert consultation.closes_at == before
    assert press(officer, address, typed | {"sure_of": asked_about["sure_of"]}).status_code == 302
    consultation.refresh_from_db()
    assert consultation.closes_at < before


def test_withdrawing_asks_twice_says_why_and_can_be_undone(
    officer: Client, consultation: Consultation, address: str, send: Callable[..., Response]
) -> None:
    response = send()
    assert "Tick the box" in say(officer, address, do="withdraw", reason="The plan changed.")
    assert "Say why." in say(officer, address, do="withdraw", sure="yes")
    assert Client().get(reverse("start", args=[consultation.slug])).status_code == 200
    say(officer, address, do="withdraw", reason="The plan changed.", sure="yes")
    for page in ("start", "how-to-respond", "sources", "tasks"):
        gone = Client().get(reverse(page, args=[consultation.slug]))
        assert gone.status_code == 410, page
        assert "The plan changed." in gone.content.decode()
    assert "Put it back" in officer.get(address).content.decode()
    say(officer, address, do="put-back")
    assert Client().get(reverse("start", args=[consultation.slug])).status_code == 200
    assert Response.objects.get() == response
    acts = AuditEntry.objects.filter(subject=consultation.slug).values_list("action", flat=True)
    assert list(acts)[:2] == [Action.CONSULTATION_PUT_BACK, Action.CONSULTATION_WITHDRAWN]


def test_putting_back_twice_or_what_is_there_changes_nothing(
    officer: Client, consultation: Consultation, address: str
) -> None:
    entries = AuditEntry.objects.count()
    say(officer, address, do="put-back")
    assert AuditEntry.objects.count() == entries


def test_a_change_begins_with_what_was_published_last(
    officer: Client, consultation: Consultation, address: str
) -> None:
    say(officer, reverse("change-consultation", args=[consultation.slug]))
    file = PlanFile.objects.get(published_at=None)
    assert file.consultation == consultation
    send(officer, page_of(file, "about"), {"title": "The plan, in fewer words"})
    publish = reverse("publish-plan-file", args=[file.pk])
    assert "is on the site at this address" in officer.get(publish).content.decode()
    assert Client().get(reverse("start", args=[consultation.slug])).status_code == 200
    send(officer, publish, {"sure": "yes"})
    consultation.refresh_from_db()
    assert consultation.title == "The plan, in fewer words"
    assert consultation.editions.count() == 2
    newest = PlanFile.objects.exclude(published_at=None).latest("pk")
    assert values_of(newest.text)["consultation"]["title"] == "The plan, in fewer words"


def test_what_people_have_answered_cannot_be_published_away(
    officer: Client, consultation: Consultation, send: Callable[..., Response]
) -> None:
    send()
    say(officer, reverse("change-consultation", args=[consultation.slug]))
    file = PlanFile.objects.get(published_at=None)
    # Without its Welsh, which is refused first where it translates what has gone.
    text = file.text.partition("\ntranslations:")[0].replace("slug: comment", "slug: words", 1)
    officer.post(
        reverse("plan-file-text", args=[file.pk]),
        fields_of(forms_of(officer.get(reverse("plan-file-text", args=[file.pk])))[0])
        | {"text": text},
    )
    publish = reverse("publish-plan-file", args=[file.pk])
    shown = fields_of(forms_of(officer.get(publish))[0])
    page = officer.post(publish, shown | {"sure": "yes"}).content.decode()
    assert "is gone, but responses have come in" in page
    assert consultation.editions.count() == 1


def test_a_file_changed_since_the_page_was_shown_is_not_published(
    officer: Client, parks: PlanFile
) -> None:
    publish = reverse("publish-plan-file", args=[parks.pk])
    stale = fields_of(forms_of(officer.get(publish))[0])
    send(officer, page_of(parks, "about"), {"title": "Not yet"})
    page = officer.post(publish, stale | {"sure": "yes"}).content.decode()
    assert "Someone changed the file while you had this page open" in page
    assert not Consultation.objects.exists()


def test_a_published_or_deleted_file_is_not_changed(officer: Client, parks: PlanFile) -> None:
    about = page_of(parks, "about")
    stale = fields_of(forms_of(officer.get(about))[0])
    delete = reverse("plan-file-delete", args=[parks.pk])
    officer.post(delete)
    page = officer.post(about, stale | {"title": "Later"}, follow=True).content.decode()
    assert "This plan file has been deleted." in page
    officer.post(delete, {"do": "put-back"})
    assert officer.get(about).status_code == 200
    send(officer, reverse("publish-plan-file", args=[parks.pk]), {"sure": "yes"})
    page = officer.post(about, stale | {"title": "Later"}, follow=True).content.decode()
    assert "This plan file has been published." in page
    parks.refresh_from_db()
    assert "Later" not in parks.text


@pytest.mark.parametrize("do", ["dates", "withdraw", "put-back"])
def test_what_a_colleague_changed_meanwhile_is_shown_first(
    officer: Client, consultation: Consultation, address: str, administrator: User, do: str
) -> None:
    if do == "put-back":
        withdraw_consultation(consultation=consultation, reason="A mistake.", actor=administrator)
    shown = fields_of(forms_of(officer.get(address))[1])["shown"]
    in_a_month = timezone.now() + timedelta(days=31)
    change_window(consultation=consultation, closes_at=in_a_month, sure=True, actor=administrator)
    consultation.refresh_from_db()
    before = (consultation.closes_at, consultation.withdrawn_at)
    typed = {"do": do, "closes": in_days(60), "reason": REASON, "sure": "yes"}
    for said in ({"shown": shown}, {}):
        page = officer.post(address, typed | said)
        assert page.status_code == 409
        assert "It was changed since you opened it. Read it again." in page.content.decode()
        assert do == "put-back" or REASON in page.content.decode()
        consultation.refresh_from_db()
        assert (consultation.closes_at, consultation.withdrawn_at) == before


def test_a_change_begins_with_the_file_that_was_loaded_last(
    officer: Client, consultation: Consultation
) -> None:
    first = BUNDLED_PLAN.read_text()
    for text in (first.replace("Draft Police", "Second draft Police"), first):
        load_plan(text=text, actor=None)
    say(officer, reverse("change-consultation", args=[consultation.slug]))
    assert PlanFile.objects.get(published_at=None).text == first


def test_only_a_new_closing_needs_the_reason_that_the_public_reads(
    officer: Client, consultation: Consultation, address: str
) -> None:
    before = consultation.opens_at
    say(officer, address, do="dates", opens="2026-01-01")
    consultation.refresh_from_db()
    assert consultation.opens_at < before
