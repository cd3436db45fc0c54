"""How much may be sent at once, and by whom."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from consult.models import User

SLUG = "police-and-crime-plan-2021-25"


def send_file(client: Client, address: str, size: int) -> Any:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n'
        + b"x" * size
        + b"\r\n--x--\r\n"
    )
    return client.generic("POST", address, body, content_type="multipart/form-data; boundary=x")


@pytest.mark.usefixtures("consultation")
def test_nobody_fills_our_disk_with_a_file(settings: Any) -> None:
    settings.MOST_BODY_BYTES = 10_000
    page = send_file(Client(), reverse("part", args=[SLUG, "violence"]), 10_000)
    assert page.status_code == 413
    assert "too long to send" in page.content.decode()
    assert send_file(Client(), reverse("part", args=[SLUG, "violence"]), 9_000).status_code == 303


def test_staff_can_send_larger_files_up_to_a_limit(
    reviewer: User, sign_in: Callable[[User], Client], settings: Any
) -> None:
    settings.MOST_BODY_BYTES, settings.MOST_STAFF_BODY_BYTES = 10_000, 20_000
    planted = Client()
    planted.cookies["session"] = "planted"
    address = reverse("confirm")
    assert send_file(sign_in(reviewer), address, 15_000).status_code == 200
    assert send_file(sign_in(reviewer), address, 25_000).status_code == 413
    assert send_file(planted, address, 15_000).status_code == 413


@pytest.mark.usefixtures("consultation")
@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH", "CONNECT", "BREW"])
def test_http_methods_that_no_page_uses_are_refused(method: str) -> None:
    for address in ("/", f"/{SLUG}/", "/staff/sign-in/", "/admin/", "/static/consult/site.css"):
        assert Client().generic(method, address).status_code == 405
