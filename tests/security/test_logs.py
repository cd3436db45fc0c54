"""What the service writes of itself, and what nobody can make it write."""

import io
import json
import logging
import secrets
import sys
from collections.abc import Callable
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.core.signing import Signer
from django.db import DataError
from django.test import Client
from django.urls import reverse

from consult.models import User
from consult.web.logs import JsonFormatter, LineFormatter, clean, without_values
from responses.receipt_tokens import make_token
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
    behind = quote(address, safe="")
    for text in (
        *(f"Not Found: {address}", f'"GET {address} HTTP/1.1" 500', f"Bad: {address[:-1]}"),
        f'"GET / HTTP/1.1" 200 "-" "https://example.org{address}"',
        *(f"/staff/sign-in/?next={behind}&x=1", f"?next={behind.lower()}"),
        *(address.replace("/", "//"), address.upper().replace(TOKEN.upper(), TOKEN)),
    ):
        record = logging.LogRecord("django.request", logging.WARNING, "", 0, text, (), None)
        for formatter in (JsonFormatter(), LineFormatter()):
            written = formatter.format(record)
            assert TOKEN not in written
            assert quote(TOKEN).lower() not in written.lower()


def test_a_token_is_left_out_of_the_log_wherever_it_stands() -> None:
    tokens = [make_token("AB12-CD34-E"), secrets.token_urlsafe(24), Signer().sign("a" * 32)]
    for token in tokens:
        for text in (f"draft={token}; path=/", f"[{token}]", f"x{{'token': '{token}'}}"):
            written = LineFormatter().format(
                logging.LogRecord("celery", logging.WARNING, "", 0, text, (), None)
            )
            assert token not in written
            assert token.rpartition(":")[2] not in written
    kept = f"{'0' * 64} test_a_token_is_left_out_of_the_log {uuid4()} DATABASE_CONNECTION_SETTINGS"
    assert clean(kept) == kept


@pytest.mark.parametrize(
    "error",
    [
        ValueError("invalid literal for int() with base 10: 'Zyzzyva'"),
        KeyError("Zyzzyva"),
        DataError('invalid input syntax for type bigint: "Zyzzyva"\nLINE 1: SELECT Zyzzyva'),
        ValidationError("“Zyzzyva” is not a date"),
    ],
)
def test_a_traceback_in_the_log_quotes_no_value(error: Exception) -> None:
    try:
        raise error
    except Exception:  # noqa: BLE001  # each of them
        record = logging.LogRecord("x", logging.ERROR, "", 0, "Failed", (), sys.exc_info())
    for formatter in (JsonFormatter(), LineFormatter()):
        written = formatter.format(record)
        assert type(error).__name__ in written
        assert "raise error" in written
        assert "Zyzzyva" not in written


def test_a_traceback_in_the_log_names_columns_and_constraints() -> None:
    said = 'null value in column "edition_id" of relation "responses_draftanswer"'
    assert without_values(f"IntegrityError: {said}") == f"IntegrityError: {said}"
