"""How long someone stays signed in, and what a session alone is not enough for."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from consult.models import AuditEntry, Consultation, User
from responses.exporting.batches import seal_batch
from responses.exporting.writing import write_batch
from responses.models import Response
from tests.support.pressing import press

PASSWORD = "anil has a long password"
SignIn = Callable[[User], Client]


def moved(client: Client, **seconds: int) -> None:
    """Let a session's moments lie further back."""
    session = client.session
    for name, by in seconds.items():
        session[name] = int(time.time()) - by
    session.save()


def test_an_idle_member_of_staff_signs_in_again_and_is_told_why(
    reviewer: User, sign_in: SignIn, settings: Any
) -> None:
    client = sign_in(reviewer)
    assert client.get(reverse("review-list")).status_code == 200
    moved(client, seen_at=settings.SESSION_IDLE_SECONDS - 30)
    assert client.get(reverse("review-list")).status_code == 200
    moved(client, seen_at=settings.SESSION_IDLE_SECONDS)
    page = client.get(reverse("review-list"), follow=True)
    assert "nothing happened for 60 minutes" in page.content.decode()
    assert (
        page.redirect_chain[-1][0]
        == f"{reverse('sign-in')}?next=%2Fstaff%2Fresponses%2F&ended=idle"
    )
    assert Session.objects.count() == 0


@pytest.mark.usefixtures("consultation")
def test_auto_refresh_keeps_nobody_signed_in(analyst: User, sign_in: SignIn, settings: Any) -> None:
    """A batch that cannot be written is at work for as long as that lasts, and so is the screen
    that someone left.
    """
    client = sign_in(analyst)
    sealed = {"consultation": Consultation.objects.get().slug, "number": "1"}
    address = client.post(reverse("batch-now"), sealed)["Location"]
    moved(client, seen_at=settings.SESSION_IDLE_SECONDS - 60)
    assert client.get(address)["Refresh"] == "5"
    assert client.session["seen_at"] < time.time() - (settings.SESSION_IDLE_SECONDS - 90)
    moved(client, seen_at=settings.SESSION_IDLE_SECONDS)
    assert client.get(address)["Location"].endswith("ended=idle")


def test_an_idle_session_ends_in_the_administration_too(
    administrator: User, sign_in: SignIn, settings: Any
) -> None:
    client = sign_in(administrator)
    client.get(reverse("admin:index"))
    moved(client, seen_at=settings.SESSION_IDLE_SECONDS)
    assert client.get(reverse("admin:consult_section_changelist")).status_code == 302


def test_an_active_session_lasts_until_the_working_day_ends(
    reviewer: User, sign_in: SignIn, settings: Any
) -> None:
    client = sign_in(reviewer)
    client.get(reverse("review-list"))
    for _ in range(3):
        moved(client, seen_at=settings.SESSION_IDLE_SECONDS - 60)
        assert client.get(reverse("review-list")).status_code == 200
    assert client.session["seen_at"] > time.time() - 30  # being busy was noted
    moved(client, began_at=settings.SESSION_COOKIE_AGE)
    assert client.get(reverse("review-list")).status_code == 302


@pytest.mark.usefixtures("consultation")
def test_the_public_pages_start_no_session(db: None) -> None:
    client = Client()
    client.get("/", follow=True)
    client.post("/police-and-crime-plan-2021-25/respond/violence/", {"violence-comment": "x"})
    assert Session.objects.count() == 0
    assert "session" not in client.cookies


def test_a_session_ends_with_its_sign_out_or_a_new_password(analyst: User, sign_in: SignIn) -> None:
    here, elsewhere = sign_in(analyst), sign_in(analyst)
    stolen = Client()
    stolen.cookies["session"] = here.cookies["session"].value
    assert stolen.get(reverse("batch-list")).status_code == 200
    assert here.post(reverse("sign-out"))["Clear-Site-Data"] == '"cache"'
    assert stolen.get(reverse("batch-list")).status_code == 302
    third = sign_in(analyst)
    new = dict.fromkeys(("new_password", "new_password_again"), "four words that do not rhyme")
    assert (
        "The password is wrong."
        in third.post(reverse("new-password"), new | {"password": "wrong"}).content.decode()
    )
    assert elsewhere.get(reverse("batch-list")).status_code == 200
    third.post(reverse("new-password"), new | {"password": PASSWORD})
    assert elsewhere.get(reverse("batch-list")).status_code == 302
    assert third.get(reverse("batch-list")).status_code == 200


def contacts(send: Callable[..., Response]) -> str:
    """The address of the contact details in a batch that has them."""
    response = send(email="rita@example.org")
    type(response.consultation).objects.update(batches_include_contacts=True)
    response.consultation.refresh_from_db()
    write_batch(batch=seal_batch(consultation=response.consultation, actor=None))
    return reverse("batch-file", args=[response.consultation.slug, 1, "contacts.csv"])


def test_an_analyst_gets_contacts_only_if_granted_and_after_the_password(
    send: Callable[..., Response],
    analyst: User,
    administrator: User,
    sign_in: SignIn,
    exports: object,
) -> None:
    address = contacts(send)
    client = sign_in(analyst)
    for name in ("contacts.csv", "everything.zip", "CONTACTS.CSV"):
        assert client.get(address.replace("contacts.csv", name)).status_code == 403
    assert client.get(address.replace("contacts.csv", "responses.csv")).status_code == 200
    chief = sign_in(administrator)
    moved(chief, confirmed_at=0)
    press(
        chief,
        reverse("account", args=[analyst.pk]),
        {"do": "change", "role": "analyst", "takes_contacts": "yes"},
    )
    asked = client.get(address)
    assert asked["Location"].startswith(reverse("confirm"))
    before = client.cookies["session"].value
    assert client.post(asked["Location"], {"password": PASSWORD})["Location"] == address
    assert client.cookies["session"].value != before
    assert b"rita@example.org" in b"".join(client.get(address))
    moved(client, confirmed_at=16 * 60)
    assert client.get(address).status_code == 302
    taken = (
        AuditEntry.objects.order_by("id").exclude(actor=None).values_list("action", "actor_name")
    )
    assert list(taken) == [
        ("batch_downloaded", "anil"),
        ("staff_changed", "ada"),
        ("identity_confirmed", "anil"),
        ("batch_downloaded", "anil"),
    ]


def test_a_wrong_password_given_again_is_counted_and_recorded(
    analyst: User, sign_in: SignIn, settings: Any
) -> None:
    settings.LIMITS = {**settings.LIMITS, "sign_in": (2, 300)}
    client = sign_in(analyst)
    for _ in range(2):
        assert (
            "The password is wrong."
            in client.post(reverse("confirm"), {"password": "x"}).content.decode()
        )
    assert (
        "Too many attempts"
        in client.post(reverse("confirm"), {"password": PASSWORD}).content.decode()
    )
    assert [row.action for row in AuditEntry.objects.all()] == ["sign_in_failed"] * 2


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_giving_the_password_again_never_redirects_to_another_site(
    analyst: User, sign_in: SignIn, wanted: str
) -> None:
    page = sign_in(analyst).post(f"{reverse('confirm')}?next={wanted}", {"password": PASSWORD})
    assert page["Location"] == reverse("batch-list")


def test_signing_out_is_on_every_page_of_staff() -> None:
    templates = Path(settings.BASE_DIR) / "templates"
    assert '<form method="post" action="{% url "sign-out" %}">' in (
        templates / "staff" / "base.html"
    ).read_text(encoding="utf-8")
    rooms = ["staff", "reviewing", "governance", "exporting", "deciding", "dashboard", "setting_up"]
    others = {
        f"{room}/{page.name}"
        for room in rooms
        for page in (templates / room).glob("*.html")
        if (base := re.match(r'{% extends "([^"]+)"', page.read_text(encoding="utf-8")))
        and base[1] != "staff/base.html"
    }
    # What everyone may read, besides the base itself.
    everyones = {
        "reviewing/published.html",
        "governance/not_me.html",
        "exporting/signing_keys.html",
        "deciding/outcome_points.html",
        "deciding/own_points.html",
    }
    assert others == everyones | {"staff/base.html"}
