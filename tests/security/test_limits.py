"""How often is too often, and that it costs nobody what they typed."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from consult.models import AuditEntry, Hit, User
from consult.staff.second_factor import STEP_SECONDS, code_at, key_of, make_seed, set_up
from consult.web.rate_limits import forget_hits
from responses.models import Confirmation, Draft, Response
from responses.responding.confirming import send_due_confirmations
from responses.responding.outbox import TOO_MANY
from tests.support.forms import fields_to
from tests.support.postbox import Postbox
from tests.support.tampering import behind_its_back

SLUG = "police-and-crime-plan-2021-25"


@pytest.fixture
def limit(settings: Any) -> Callable[..., None]:
    def limit(**limits: tuple[int, int]) -> None:
        settings.LIMITS = {**settings.LIMITS, **limits}

    return limit


def try_to_sign_in(username: str, password: str, address: str = "192.0.2.1") -> Any:
    return Client(REMOTE_ADDR=address).post(
        reverse("sign-in"), {"username": username, "password": password}
    )


def test_after_too_many_failures_even_the_right_password_has_to_wait(
    reviewer: User, limit: Callable[..., None]
) -> None:
    limit(sign_in=(3, 300))
    for _ in range(3):
        assert (
            "The user name or the password is wrong."
            in try_to_sign_in("rosa", "wrong").content.decode()
        )
    refused = try_to_sign_in("rosa", "rosa has a long password")
    assert "Too many attempts. Wait 5 minutes" in refused.content.decode()


def test_nobody_can_lock_out_someone_who_signs_in_from_elsewhere(
    reviewer: User, limit: Callable[..., None]
) -> None:
    limit(sign_in=(3, 300))
    for _ in range(5):
        try_to_sign_in("ROSA", "wrong", "192.0.2.66")
    assert try_to_sign_in("rosa", "rosa has a long password").status_code == 302


def test_trying_during_the_wait_does_not_make_it_longer(
    reviewer: User, limit: Callable[..., None]
) -> None:
    limit(sign_in=(3, 300))
    for _ in range(3):
        try_to_sign_in("rosa", "wrong")
    Hit.objects.update(at=Now() - timedelta(seconds=295))
    for _ in range(4):
        assert (
            "Too many attempts"
            in try_to_sign_in("rosa", "rosa has a long password").content.decode()
        )
    Hit.objects.update(at=F("at") - timedelta(seconds=6))
    assert try_to_sign_in("rosa", "rosa has a long password").status_code == 302


def test_failed_sign_ins_in_someones_name_do_not_disturb_their_work(
    reviewer: User, limit: Callable[..., None]
) -> None:
    limit(sign_in=(3, 300))
    hers = Client(REMOTE_ADDR="192.0.2.1")
    hers.post(reverse("sign-in"), {"username": "rosa", "password": "rosa has a long password"})
    for _ in range(5):
        try_to_sign_in("rosa", "wrong", "192.0.2.66")
    assert hers.get(reverse("review-list")).status_code == 200
    assert hers.post(reverse("confirm"), {"password": "rosa has a long password"})[
        "Location"
    ] == reverse("review-list")


def test_each_sign_in_and_failure_is_recorded_by_name(
    reviewer: User, limit: Callable[..., None]
) -> None:
    try_to_sign_in("rosa", "wrong")
    try_to_sign_in("rosa", "rosa has a long password")
    seed = make_seed()
    codes = set_up(
        user=reviewer,
        seed=seed,
        code=code_at(key_of(seed, secret=settings.SECRET_KEY), int(time.time()) // STEP_SECONDS),
    )
    client = Client(REMOTE_ADDR="192.0.2.1")
    client.post(reverse("sign-in"), {"username": "rosa", "password": "rosa has a long password"})
    # Half in is not in.
    assert client.get(reverse("review-list")).status_code == 302
    client.post(reverse("sign-in-code"), {"code": "AAAA-AAAA-AAAA"})
    client.post(reverse("sign-in-code"), {"code": codes[0]})
    assert client.get(reverse("review-list")).status_code == 200
    client.post(reverse("sign-out"))
    rows = (
        AuditEntry.objects.exclude(action="list_read")
        .order_by("id")
        .values_list("action", "actor_name", "subject", "details")
    )
    assert list(rows) == [
        ("sign_in_failed", "service", "rosa", {}),
        ("signed_in", "rosa", "rosa", {}),
        ("second_factor_set_up", "rosa", "rosa", {}),
        ("sign_in_failed", "service", "rosa", {"what": "code"}),
        ("signed_in", "rosa", "rosa", {"by": "recovery code"}),
        ("signed_out", "rosa", "rosa", {}),
    ]


def test_one_address_cannot_try_many_accounts_for_ever(
    reviewer: User, limit: Callable[..., None]
) -> None:
    limit(sign_in_address=(4, 900))
    for number in range(4):
        try_to_sign_in(f"nobody{number}", "wrong")
    assert (
        "Too many attempts" in try_to_sign_in("rosa", "rosa has a long password").content.decode()
    )


@pytest.mark.parametrize(("trusted", "kept_apart"), [(False, False), (True, True)])
def test_a_client_address_header_counts_only_from_our_own_proxy(
    reviewer: User, limit: Callable[..., None], settings: Any, trusted: bool, kept_apart: bool
) -> None:
    limit(sign_in=(2, 300))
    settings.TRUSTED_PROXIES = int(trusted)
    for _ in range(2):
        Client(REMOTE_ADDR="10.0.0.1", headers={"x-forwarded-for": "192.0.2.7"}).post(
            reverse("sign-in"), {"username": "rosa", "password": "wrong"}
        )
    # What a visitor writes stands before what the proxy adds.
    other = Client(REMOTE_ADDR="10.0.0.1", headers={"x-forwarded-for": "192.0.2.7, 192.0.2.8"})
    page = other.post(
        reverse("sign-in"), {"username": "rosa", "password": "rosa has a long password"}
    )
    assert (page.status_code == 302) is kept_apart


@pytest.mark.parametrize(
    ("first", "then", "as_one"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("no address", "no address", True),
    ],
)
def test_the_addresses_of_one_home_network_count_as_one(
    reviewer: User, limit: Callable[..., None], first: str, then: str, as_one: bool
) -> None:
    limit(sign_in=(2, 300))
    for _ in range(2):
        try_to_sign_in("rosa", "wrong", first)
    assert ("Too many attempts" in try_to_sign_in("rosa", "wrong", then).content.decode()) is as_one


@pytest.mark.usefixtures("consultation")
def test_someone_over_the_limit_keeps_their_words_and_can_resend(
    limit: Callable[..., None],
) -> None:
    limit(draft=(1, 3600))
    address = reverse("part", args=[SLUG, "violence"])
    Client().post(address, {"violence-comment": "The first in this library."})
    told = Client().post(address, {"violence-comment": "The second <in> this library."})
    text = told.content.decode()
    assert (told.status_code, told["Retry-After"]) == (429, "3600")
    assert 'name="violence-comment" hidden>\nThe second &lt;in&gt; this library.</textarea>' in text
    assert Draft.objects.count() == 1


@pytest.mark.usefixtures("consultation")
def test_someone_already_writing_is_not_stopped_by_others_starting(
    limit: Callable[..., None],
) -> None:
    limit(draft=(1, 3600))
    rita, address = Client(), reverse("part", args=[SLUG, "violence"])
    rita.post(address, {"violence-comment": "One."})
    assert rita.post(address, {"violence-comment": "One, and more."}).status_code == 303


@pytest.mark.usefixtures("consultation")
def test_a_send_over_the_limit_keeps_the_draft_and_shows_any_receipt(
    limit: Callable[..., None],
) -> None:
    limit(send=(1, 3600))
    rita, omar = Client(), Client()
    for person in (rita, omar):
        person.post(reverse("part", args=[SLUG, "violence"]), {"violence-comment": "Words."})
    send = reverse("send", args=[SLUG])
    ritas, omars = (
        fields_to(person.get(reverse("check", args=[SLUG])), send) for person in (rita, omar)
    )
    assert rita.post(send, ritas).status_code == 303
    assert omar.post(send, omars).status_code == 429
    # Received before, from whichever browser and after whatever answer was lost.
    for again in (rita, Client()):
        page = again.post(send, ritas)
        assert (page.status_code, "/receipt/" in page.headers.get("Location", "")) == (303, True)
    assert (Response.objects.count(), Draft.objects.count()) == (1, 1)
    Hit.objects.all().delete()
    assert omar.post(send, omars).status_code == 303


@pytest.mark.django_db(transaction=True)
def test_nobody_can_flood_a_strangers_inbox_yet_each_response_is_kept(
    send: Callable[..., Response],
    limit: Callable[..., None],
    postbox: Postbox,
    mail_through: Callable[[int], None],
) -> None:
    limit(email=(2, 86400))
    mail_through(postbox.port)
    for number in range(4):
        send(
            {"violence-comment": f"Number {number}."},
            email="Stranger@example.org" if number % 2 else "stranger@example.org",
        )
        send_due_confirmations()
    assert len(postbox.arrived) == 2
    states = list(Confirmation.objects.order_by("id").values_list("state", "reason"))
    assert states == [("sent", ""), ("sent", ""), ("failed", TOO_MANY), ("failed", TOO_MANY)]
    assert Response.objects.count() == 4


def test_old_hits_are_deleted_and_no_address_was_ever_stored(reviewer: User) -> None:
    try_to_sign_in("rosa", "wrong")
    assert {hit.limit for hit in Hit.objects.all()} == {"sign_in", "sign_in_address"}
    assert all(
        len(hit.key) == 64 and "192" not in hit.key[:3] + hit.limit for hit in Hit.objects.all()
    )
    assert forget_hits() == 0
    with behind_its_back():
        Hit.objects.update(at="2020-01-01T00:00:00Z")
    assert forget_hits() == 2


@pytest.mark.usefixtures("consultation")
def test_a_token_that_expired_while_someone_wrote_loses_nothing() -> None:
    rita = Client(enforce_csrf_checks=True)
    address = reverse("part", args=[SLUG, "violence"])
    told = rita.post(
        address, {"violence-comment": "Three hours of writing.", "csrfmiddlewaretoken": "x" * 64}
    )
    text = told.content.decode()
    assert told.status_code == 403
    assert "Three hours of writing.</textarea>" in text
    token = text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    again = rita.post(
        address, {"violence-comment": "Three hours of writing.", "csrfmiddlewaretoken": token}
    )
    assert again.status_code == 303
    assert Draft.objects.get().answers == {"violence-comment": "Three hours of writing."}
