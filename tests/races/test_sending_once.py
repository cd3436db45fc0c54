"""Twenty presses of one button, all at once, against the real database, and one whose sender never
hears the answer.
"""

import http.client
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.parse import urlencode, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from responses.models import Confirmation, Draft, LedgerEntry, Response
from responses.responding.confirming import send_due_confirmations
from tests.support.forms import fields_to
from tests.support.postbox import Postbox
from tests.support.walking import Walker

SLUG = "police-and-crime-plan-2021-25"
TIMES = 20


def all_at_once(action: Callable[[], str]) -> list[str]:
    """What `action` gives in each of TIMES threads that begin together."""
    together = Barrier(TIMES)

    def act(_: int) -> str:
        together.wait(timeout=20)
        try:
            return action()
        finally:
            connection.close()

    with ThreadPoolExecutor(TIMES) as pool:
        return list(pool.map(act, range(TIMES)))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("consultation")
def test_twenty_identical_sends_are_one_response_and_one_receipt() -> None:
    rita = Client()
    rita.post(reverse("part", args=[SLUG, "violence"]), {"violence-comment": "Once."})
    checked = fields_to(rita.get(reverse("check", args=[SLUG])), reverse("send", args=[SLUG]))
    cookies = dict(rita.cookies.items())

    def press() -> str:
        browser = Client()
        browser.cookies.update(cookies)
        page = browser.post(reverse("send", args=[SLUG]), checked)
        return f"{page.status_code} {page.get('Location')}"

    answers = all_at_once(press)
    assert len(set(answers)) == 1
    assert answers[0].startswith("303 /receipt/")
    assert (
        Response.objects.count(),
        Confirmation.objects.count(),
        LedgerEntry.objects.count(),
        Draft.objects.count(),
    ) == (1, 1, 1, 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("consultation")
def test_twenty_tabs_that_save_different_parts_lose_nothing() -> None:
    rita = Client()
    rita.post(reverse("part", args=[SLUG, "general"]), {"missing": "Before."})
    cookies = dict(rita.cookies.items())
    parts = ["violence", "trust", "victims", "exploitation", "delivery"]
    turn = iter(parts * 4)

    def save() -> str:
        browser = Client()
        browser.cookies.update(cookies)
        part = next(turn)
        browser.post(reverse("part", args=[SLUG, part]), {f"{part}-comment": f"About {part}."})
        return part

    all_at_once(save)
    assert Draft.objects.get().answers == {"missing": "Before."} | {
        f"{part}-comment": f"About {part}." for part in parts
    }


def before_the_button(live_server: LiveServer) -> tuple[str, dict[str, str], bytes]:
    """The path, headers and body of the request that the button of Rita's check page makes."""
    rita = (
        Walker(live_server.url)
        .go(reverse("part", args=[SLUG, "violence"]))
        .fill({"violence-comment": "Once."})
    )
    rita.go(reverse("part", args=[SLUG, "about-you"])).fill({"email": "rita@example.org"})
    main = next(rita.go(reverse("check", args=[SLUG])).page.iter("main"))
    form = next(found for found in main.iter("form"))
    fields = {field.get("name", ""): field.get("value", "") for field in form.iter("input")}
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in rita.jar)
    headers = {
        "Cookie": cookies,
        "Content-Type": "application/x-www-form-urlencoded",
        "Referer": rita.url,
    }
    return reverse("send", args=[SLUG]), headers, urlencode(fields).encode()


def post(live_server: LiveServer, path: str, headers: dict[str, str], body: bytes) -> str:
    """What comes back over the wire: the status, and where it leads."""
    wire = http.client.HTTPConnection(urlsplit(live_server.url).netloc, timeout=30)
    wire.request("POST", path, body, headers)
    answer = wire.getresponse()
    answer.read()
    wire.close()
    return f"{answer.status} {answer.getheader('Location')}"


def held() -> tuple[int, int, int, int]:
    """How many responses, confirmations, ledger entries and drafts there are."""
    return (
        Response.objects.count(),
        Confirmation.objects.count(),
        LedgerEntry.objects.count(),
        Draft.objects.count(),
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("consultation")
def test_twenty_posts_at_once_are_one_response_one_receipt_and_one_email(
    live_server: LiveServer, postbox: Postbox, mail_through: Callable[[int], None]
) -> None:
    request = before_the_button(live_server)
    answers = all_at_once(lambda: post(live_server, *request))
    assert len(set(answers)) == 1
    assert answers[0].startswith("303 /receipt/")
    assert held() == (1, 1, 1, 0)
    mail_through(postbox.port)
    assert [send_due_confirmations().sent, send_due_confirmations().sent] == [1, 0]
    assert [message["To"] for message in postbox.arrived] == ["rita@example.org"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("consultation")
def test_someone_cut_off_who_sends_again_gets_the_same_receipt(
    live_server: LiveServer, postbox: Postbox, mail_through: Callable[[int], None]
) -> None:
    path, headers, body = before_the_button(live_server)
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {urlsplit(live_server.url).netloc}",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    head = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""])
    cut = socket.create_connection(
        (str(urlsplit(live_server.url).hostname), int(urlsplit(live_server.url).port or 0)),
        timeout=30,
    )
    cut.sendall(head.encode() + body)
    cut.close()
    until = time.monotonic() + 30
    while held() != (1, 1, 1, 0) and time.monotonic() < until:
        time.sleep(0.05)
    assert held() == (1, 1, 1, 0)
    answers = {post(live_server, path, headers, body) for _ in range(3)}
    assert len(answers) == 1
    (answer,) = answers
    assert (
        Response.objects.get().reference
        in Walker(live_server.url).go(answer.removeprefix("303 ")).words
    )
    assert held() == (1, 1, 1, 0)
    mail_through(postbox.port)
    send_due_confirmations()
    assert len(postbox.arrived) == 1
