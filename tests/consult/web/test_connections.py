"""How many connections the service may open, and threads whose connection ends when they rest."""

import asyncio
import time

import pytest
from django.db import connection, connections
from pytest_django.fixtures import Settings

from consult.checks import connections_fit
from consult.web import work
from consult.web.connections import (
    TooFewConnections,
    connections_needed,
    connections_there_are,
    refuse_too_few_connections,
)
from tests.support.coroutines import run


def test_what_is_set_by_default_fits_into_an_ordinary_postgresql(db: None) -> None:
    assert connections_needed() <= connections_there_are() / 2
    refuse_too_few_connections()
    assert connections_fit(None, databases=["default"]) == []


def test_settings_that_need_too_many_connections_are_refused(db: None, settings: Settings) -> None:
    settings.WEB_PROCESSES = 8
    settings.WEB_THREADS = 16
    with pytest.raises(TooFewConnections, match="may open 157"):
        refuse_too_few_connections()
    (problem,) = connections_fit(None, databases=["default"])
    assert problem.id == "consult.E003"


def backends() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


def test_a_thread_that_rests_gives_its_connection_back(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "IDLE_SECONDS", 0.5)
    before = backends()

    async def three_at_once() -> list[int]:
        threads = work.Threads(2)
        return await asyncio.gather(*[threads.call(ask) for _ in range(3)])

    def ask() -> int:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.2), pg_backend_pid()")
            return int(cursor.fetchone()[1])

    assert len(set(run(three_at_once()))) == 2, "two threads, and a connection each"
    deadline = time.monotonic() + 60
    while backends() > before:
        assert time.monotonic() < deadline, "the connections stay open"
        time.sleep(0.1)


def test_what_a_call_raises_reaches_the_one_who_asked() -> None:
    async def ask() -> None:
        threads = work.Threads(1)
        with pytest.raises(ZeroDivisionError):
            await threads.call(lambda: 1 // 0)
        assert await threads.call(lambda: 2) == 2

    run(ask())
