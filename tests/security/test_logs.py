"""What the service writes of itself, and what nobody can make it write."""

import io
import json
import logging
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from consult.models import User
from consult.web.logs import JsonFormatter, LineFormatter
from responses.urls import urlpatterns

TOKEN = "0123456789abcdef:kept-secret"


def test_the_log_names_someone_refused_a_page_by_number_alone(
    reviewer: User, sign_in: Callable[[User], Client], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="consult.views.errors"):
        assert sign_in(reviewer).get(reverse("batch-list")).status_code == 403
    assert caplog.messages == [f"Account {reviewer.pk} was refused batch-list."]


@pytest.mark.parametrize("text", ["a\nb", 'a"}\r\n{"level": "INFO"', "a\u2028b", "\x1b[2Ja\x00"])
def test_nobody_can_inject_a_line_into_the_log(text: str, settings: object) -> None:
    line = JsonFormatter().format(logging.LogRecord("x", logging.INFO, "", 0, "%s", (text,), None))
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line
    assert json.loads(line)["message"] == text


@pytest.mark.parametrize("host", ["evil.example", "a b", "x" * 3000, "[::1", "evil\u2028x"])
def test_an_evil_host_is_one_line_of_warning_without_its_words(
    client: Client, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    [console] = [
        handler
        for handler in logging.getLogger("django").handlers
        if isinstance(handler.formatter, LineFormatter)
    ]
    written = io.StringIO()
    monkeypatch.setattr(console, "stream", written)
    assert client.get("/", headers={"host": host}).status_code == 400
    [line] = written.getvalue().splitlines()
    assert line.endswith("WARNING django.security.DisallowedHost: Refused: DisallowedHost.")


def test_a_malformed_request_id_is_replaced(db: None) -> None:
    for given in ("short", "x" * 65, "a b c d e f", 'a"b{}cdefgh', "line%0abreak"):
        assert (
            Client().get("/health/live", headers={"x-request-id": given})["X-Request-ID"] != given
        )


def tokens_in_addresses() -> list[str]:
    """The address of every page that a token opens, with one in it."""
    found = []
    for pattern in urlpatterns:
        parameters = dict.fromkeys(pattern.pattern.converters, "a-slug")
        if "token" in parameters:
            parameters["token"] = TOKEN
            found.append(reverse(pattern.name, kwargs=parameters))
    return found


@pytest.mark.parametrize("address", tokens_in_addresses())
def test_no_line_of_the_log_holds_what_opens_a_page(address: str) -> None:
    for text in (f"Not Found: {address}", f'"GET {address} HTTP/1.1" 500', f"Bad: {address[:-1]}"):
        record = logging.LogRecord("django.request", logging.WARNING, "", 0, text, (), None)
        for formatter in (JsonFormatter(), LineFormatter()):
            assert TOKEN not in formatter.format(record)
