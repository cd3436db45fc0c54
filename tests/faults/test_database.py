"""PostgreSQL away, cut off, full up, or set to forget: really."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from consult.local.postgres import Postgres
from tests.faults.sites import RESPOND, Site
from tests.support.running import ROOT, until, with_children
from tests.support.walking import Walker


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("database")
    folder.chmod(0o755)
    made = Site(folder)
    yield made
    made.close()


def on_part(site: Site) -> Walker:
    return Walker(site.running.url).go(f"{site.running.url}{RESPOND}violence/")


def test_without_the_database_the_page_says_so_and_keeps_what_was_typed(site: Site) -> None:
    walker = on_part(site)
    site.postgres.stop()
    try:
        walker.fill(
            {"violence-agree": "agree", "violence-comment": "\nTyped\r\nwhile it was <away>."}
        )
        assert walker.status == 503
        assert "What you typed on it is still here." in walker.words
        assert Walker(site.running.url).go("/").status == 503
        assert Walker(site.running.url).go("/health/ready").status == 503
        assert Walker(site.running.url).go("/health/live").status == 200
    finally:
        site.postgres.start()
    walker.fill({})
    assert (walker.status, "trust" in walker.url) == (200, True)
    answers = site.ask(
        "SELECT name, value FROM responses_draftanswer "
        "WHERE draft_id = (SELECT max(id) FROM responses_draft)"
    )
    assert dict(answers) == {
        "violence-comment": "\nTyped\nwhile it was <away>.",
        "violence-agree": "agree",
    }


def test_a_silent_database_is_a_503_in_words_and_nobody_waits_for_ever(site: Site) -> None:
    walker = on_part(site)
    assert site.postgres.process is not None
    stopped = with_children(site.postgres.process.pid)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        walker.fill({"violence-comment": "Into the silence."})
        assert walker.status == 503
        assert "What you typed on it is still here." in walker.words
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    walker.fill({})
    assert walker.status == 200
    assert "Into the silence." in walker.go(f"{RESPOND}check/").words


def test_a_restart_in_the_middle_costs_nobody_a_response(site: Site) -> None:
    walker = on_part(site).fill({"violence-comment": "Through a restart."})
    walker.go(f"{RESPOND}check/")
    site.postgres.stop()
    site.postgres.start()
    walker.fill({})
    if walker.status == 503:
        walker.fill({})
    assert "Response received" in walker.words
    assert site.ask(
        "SELECT count(*) FROM responses_response WHERE texts ->> 'violence-comment' = 'Through a "
        "restart.'"
    ) == [(1,)]


def test_connections_that_are_cut_are_made_again(site: Site) -> None:
    walker = on_part(site).fill({"violence-comment": "Cut off."})
    site.ask(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app' AND pid <> "
        "pg_backend_pid()"
    )
    assert walker.go(f"{RESPOND}check/").status == 200


def test_a_full_database_is_a_503_in_words_until_a_connection_is_free(site: Site) -> None:
    site.ask(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app' AND pid <> "
        "pg_backend_pid()"
    )
    taken: list[psycopg2.extensions.connection] = []
    try:
        with pytest.raises(
            psycopg2.OperationalError, match=r"too many clients|remaining connection slots"
        ):
            take_all(site.postgres.url, taken)
        # Some of the service's own connections may have survived; a visitor gets a page or is told,
        # and never waits for ever.
        told = [Walker(site.running.url).go("/") for _ in range(6)]
        assert {walker.status for walker in told} <= {200, 503}
        assert all(
            "Sorry, please try again in a moment" in walker.words
            for walker in told
            if walker.status == 503
        )
        assert any(walker.status == 503 for walker in told)
    finally:
        for connection in taken:
            connection.close()
    until(site.running.answers, seconds=20, what="it did not come back")


def take_all(url: str, taken: list[psycopg2.extensions.connection]) -> None:
    while len(taken) < 200:
        taken.append(psycopg2.connect(url))


@pytest.mark.parametrize(
    ("setting", "off", "on"),
    [
        (
            "full_page_writes",
            "ALTER SYSTEM SET full_page_writes = off",
            "ALTER SYSTEM RESET full_page_writes",
        ),
        (
            "synchronous_commit",
            "ALTER ROLE app SET synchronous_commit = off",
            "ALTER ROLE app RESET synchronous_commit",
        ),
    ],
)
def test_the_web_process_does_not_start_on_a_database_that_may_forget(
    site: Site, setting: str, off: str, on: str
) -> None:
    settle(site, off, setting, "off")
    try:
        for command in (
            ["-c", "import consult.wsgi"],
            ["manage.py", "prepare"],
            ["manage.py", "check", "--database", "default"],
        ):
            refused(command, site.postgres.url, setting)
    finally:
        settle(site, on, setting, "on")


def test_the_web_process_does_not_start_on_a_database_without_fsync(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    postgres = Postgres(tmp_path, log=tmp_path / "postgres.log", fsync=False)
    postgres.start()
    try:
        refused(["-c", "import consult.wsgi"], postgres.url, "fsync")
    finally:
        postgres.stop()


def settle(site: Site, sql: str, setting: str, value: str) -> None:
    """Change a setting of the server or the role, and wait until new connections have it."""
    with closing(psycopg2.connect(site.postgres.url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
            cursor.execute("SELECT pg_reload_conf()")
    until(
        lambda: site.ask(f"SHOW {setting}") == [(value,)],
        seconds=10,
        what=f"{setting} does not become {value}",
    )


def refused(command: list[str], database: str, setting: str) -> None:
    environment = os.environ | {
        "DEBUG": "on",
        "DATABASE_URL": database,
        "DJANGO_SETTINGS_MODULE": "consult.settings",
    }
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"PostgreSQL's {setting} is off" in done.stderr
    assert "Traceback" not in done.stderr
