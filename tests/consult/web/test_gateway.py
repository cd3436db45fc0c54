"""A request on its way from the server into Django."""

import asyncio
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from consult.web import bodies
from consult.web.bodies import TooSlow, receive_body
from consult.web.gateway import Gateway, environ_of
from tests.support.coroutines import run


def scope(path: bytes = b"/", **headers: str) -> dict[str, Any]:
    named = [(name.replace("_", "-").encode(), said.encode()) for name, said in headers.items()]
    return {
        "type": "http",
        "method": "POST",
        "path": "/",
        "raw_path": path,
        "query_string": b"a=1",
        "http_version": "1.1",
        "server": ("127.0.0.1", "8000"),
        "client": ("127.0.0.1", "4711"),
        "headers": named,
    }


def test_an_address_in_any_script_arrives_as_it_was_typed() -> None:
    environ = environ_of(scope(b"/caf%C3%A9/%FF"))
    assert environ["PATH_INFO"].encode("latin-1") == b"/caf\xc3\xa9/\xff"
    assert environ["QUERY_STRING"] == "a=1"


def test_nobody_can_write_a_header_that_only_our_proxy_sets() -> None:
    asked = scope(host="here")
    asked["headers"].append((b"x_forwarded_proto", b"https"))
    assert "HTTP_X_FORWARDED_PROTO" not in environ_of(asked)
    asked["headers"].append((b"x-forwarded-proto", b"https"))
    assert environ_of(asked)["HTTP_X_FORWARDED_PROTO"] == "https"


def messages(*pieces: bytes) -> Any:
    waiting = [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, 1)
    ]

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.sleep(20)
        return waiting.pop(0)

    return receive


def test_a_body_in_chunks_is_read_whole_and_given_a_length() -> None:
    sent: list[dict[str, Any]] = []

    def answer(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        length = environ["CONTENT_LENGTH"].encode()
        return HttpPage([length, b": ", environ["wsgi.input"].read()])

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asked = scope(transfer_encoding="chunked")
    gateway = Gateway(answer, threads=1)
    run(gateway(asked, messages(b"a=", b"1"), send))
    assert b"".join(message.get("body", b"") for message in sent) == b"3: a=1"


class HttpPage(list[bytes]):
    """What Django returns: the pieces of a page, to be closed."""

    def close(self) -> None:
        pass


def test_a_body_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "LEAST_SECONDS", 0.01)

    async def silent() -> dict[str, Any]:
        await asyncio.sleep(20)
        return {}

    async def ask() -> None:
        await receive_body(silent, path="/")

    with pytest.raises(TooSlow):
        run(ask())


@pytest.mark.parametrize("path", ["/plan/respond/", "/staff/enter/"])
def test_a_body_that_trickles_is_given_up_whatever_length_it_declares(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "LEAST_SECONDS", 0.05)
    came = []

    async def trickle() -> dict[str, Any]:
        await asyncio.sleep(0.02)
        came.append(1)
        return {"type": "http.request", "body": b"x", "more_body": len(came) < 500}

    with pytest.raises(TooSlow):
        run(receive_body(trickle, path=path))
    assert len(came) < 500


def test_what_arrives_buys_the_time_for_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "LEAST_SECONDS", 0.0)
    came = []

    async def steady() -> dict[str, Any]:
        if came:
            await asyncio.sleep(0.01)
        came.append(1)
        return {"type": "http.request", "body": b"x" * 1_000_000, "more_body": len(came) < 3}

    body = run(receive_body(steady, path="/staff/enter/"))
    assert bodies.size_of(body) == 3_000_000


def test_what_is_thrown_away_buys_no_time(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.MOST_BODY_BYTES = 10_000
    monkeypatch.setattr(bodies, "LEAST_SECONDS", 0.05)
    monkeypatch.setattr(bodies, "LEAST_BYTES_A_SECOND", 100_000)
    came = []

    async def endless() -> dict[str, Any]:
        await asyncio.sleep(0.001)
        came.append(1)
        return {"type": "http.request", "body": b"x" * 10_000, "more_body": len(came) < 5_000}

    with pytest.raises(TooSlow):
        run(receive_body(endless, path="/plan/respond/"))


def test_too_large_a_body_is_read_and_thrown_away() -> None:
    async def ask() -> int:
        piece = b"x" * 1_000_000
        body = await receive_body(messages(*[piece] * 4), path="/plan/respond/")
        return bodies.size_of(body)

    assert run(ask()) == 2_000_000
