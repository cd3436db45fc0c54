"""What every answer carries, and what cookies are like."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from consult.models import User
from responses.models import Response
from responses.receipt_tokens import receipt_token

SLUG = "police-and-crime-plan-2021-25"


def public() -> list[str]:
    return [
        "/",
        f"/{SLUG}/",
        f"/{SLUG}/sections/violence/",
        f"/{SLUG}/respond/",
        f"/{SLUG}/respond/violence/",
        "/staff/sign-in/",
        "/nowhere/",
    ]


@pytest.mark.usefixtures("consultation")
@pytest.mark.parametrize("address", public())
def test_every_page_carries_the_headers_that_keep_others_out(address: str) -> None:
    page = Client().get(address)
    policy = page["Content-Security-Policy"]
    for directive in (
        "default-src 'none'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ):
        assert directive in policy
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy
    expected = {
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    assert {name: page.get(name) for name in expected} == expected
    assert "camera=()" in page["Permissions-Policy"]


def test_personal_pages_are_never_cached_or_indexed(
    send: Callable[..., Response], reviewer: User, sign_in: Callable[[User], Client]
) -> None:
    response = send()
    receipt = reverse("receipt", args=[receipt_token(response)])
    staff = [reverse("review-list"), reverse("review-one", args=[response.reference])]
    for client, address in [
        (Client(), receipt),
        (Client(), f"/{SLUG}/respond/"),
        *[(sign_in(reviewer), page) for page in staff],
    ]:
        page = client.get(address)
        assert page["Cache-Control"] == "no-store"
        assert page["X-Robots-Tag"] == "noindex"


@pytest.mark.usefixtures("consultation")
def test_no_cookie_can_be_read_by_a_script_or_sent_by_another_site() -> None:
    client = Client()
    client.get(f"/{SLUG}/respond/violence/")
    client.post(f"/{SLUG}/respond/violence/", {"violence-comment": "x"})
    assert client.cookies
    for cookie in client.cookies.values():
        assert cookie["httponly"]
        assert cookie["samesite"] in {"Lax", "Strict"}
        assert not cookie["domain"]


@pytest.mark.usefixtures("consultation")
def test_in_production_no_other_host_and_no_plain_page_can_plant_a_cookie(settings: Any) -> None:
    settings.PRODUCTION, settings.COOKIE_PREFIX = True, "__Host-"
    client = Client()
    client.post(f"/{SLUG}/respond/violence/", {"violence-comment": "x"}, secure=True)
    page = client.get(f"/{SLUG}/respond/violence/", secure=True)
    mine = {name for name in client.cookies if "draft" in name or "opened" in name}
    assert mine == {
        f"__Host-{name}-{page.context['consultation'].pk}" for name in ("draft", "opened")
    }
    for name in mine:
        cookie = client.cookies[name]
        assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
    gone = client.post(f"/{SLUG}/respond/discard/", secure=True).cookies
    assert all(cookie["secure"] and cookie["path"] == "/" for cookie in gone.values())


def test_signing_in_starts_a_new_session_so_a_planted_one_is_useless(reviewer: User) -> None:
    client = Client()
    client.get(reverse("sign-in"))
    client.cookies["session"] = "planted"
    client.post(reverse("sign-in"), {"username": "rosa", "password": "rosa has a long password"})
    assert client.cookies["session"].value not in {"", "planted"}


def test_a_form_from_another_site_changes_nothing(
    send: Callable[..., Response], reviewer: User
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(reviewer)
    response = send()
    address = reverse("review-one", args=[response.reference])
    assert (
        client.post(address, {"version": "0", "to_state": "considered", "note": "x"}).status_code
        == 403
    )
    assert (
        client.post(
            reverse("withdraw", args=[receipt_token(response)]), {"submission_key": "x"}
        ).status_code
        == 403
    )
    assert Response.objects.count() == 1
