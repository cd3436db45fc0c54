"""A whole running service whose database, broker and mail server the test holds in its hands."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

import psycopg2

from consult.local.postgres import Postgres
from consult.local.redis import Redis
from tests.support.postbox import Postbox
from tests.support.running import ROOT, Running, of_group, until
from tests.support.walking import Walker

RESPOND = "/police-and-crime-plan-2021-25/respond/"
# What a connection that was cut looks like from a browser.
CUT = (OSError, HTTPException)
# Any number, as long as nothing else in this database takes the same one.
HELD = 77_003
HOLD = f"""CREATE OR REPLACE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock({HELD}); RETURN NEW; END $$"""
WAITS_THERE = (
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"
)
IN_STATE = "SELECT state, count(*) FROM responses_confirmation GROUP BY state"


class Site:
    """The service as `make run` starts it, on a PostgreSQL that the test starts and stops."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.postgres = Postgres(folder, log=folder / "postgres.log")
        self.postgres.start()
        self.running = Running(
            folder / "var", DATABASE_URL=self.postgres.url, **environment
        ).wait_until_ready()

    def close(self) -> None:
        self.running.stop()
        self.postgres.stop()

    def connect(self) -> psycopg2.extensions.connection:
        return psycopg2.connect(self.postgres.url)

    def ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database says; what was changed is committed."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            connection.commit()
            return list(cursor.fetchall()) if cursor.description else []

    @contextmanager
    def holding(self, table: str) -> Iterator[None]:
        """Inserts into `table` wait half way through meanwhile, with everything that the insert
        belongs to uncommitted.
        """
        with closing(self.connect()) as keeper, keeper.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_lock({HELD})")
            keeper.commit()
            self.ask(
                f"{HOLD}; CREATE TRIGGER hold BEFORE INSERT ON {table} FOR EACH ROW EXECUTE "
                "FUNCTION hold()"
            )
            try:
                yield
            finally:
                cursor.execute(f"SELECT pg_advisory_unlock({HELD})")
                keeper.commit()
                self.ask(f"DROP TRIGGER hold ON {table}; DROP FUNCTION hold()")

    def until_held(self) -> None:
        until(
            lambda: self.ask(WAITS_THERE, HELD)[0][0] > 0,
            seconds=15,
            what="nobody came to where they would be held",
        )

    def ready_to_send(self, words: str, *, email: str) -> Walker:
        """Someone who has answered one part and given an address, and stands before the button."""
        walker = (
            Walker(self.running.url).go(f"{RESPOND}violence/").fill({"violence-comment": words})
        )
        walker.go(f"{RESPOND}about-you/").fill({"email": email})
        return walker.go(f"{RESPOND}check/")

    def stored(self, words: str) -> int:
        """How many responses say that."""
        return int(
            self.ask(
                "SELECT count(*) FROM responses_response WHERE texts ->> 'violence-comment' = %s",
                words,
            )[0][0]
        )

    def until_all_confirmed(self, *, seconds: float = 40) -> None:
        until(
            lambda: {state for state, _ in self.ask(IN_STATE)} <= {"sent"},
            seconds=seconds,
            what=f"{self.ask(IN_STATE)}",
        )


class Parts(Site):
    """The same, with the broker and the mail server in the test's hands too."""

    def __init__(self, folder: Path) -> None:
        self.redis = Redis(folder / "broker", log=folder / "redis.log")
        self.redis.start()
        self.postbox = Postbox()
        super().__init__(
            folder,
            REDIS_URL=self.redis.url,
            EMAIL_URL=self.postbox.url,
            EMAIL_TIMEOUT="2",
            LIMIT_SEND="100000/60",
            LIMIT_DRAFT="100000/60",
        )

    def close(self) -> None:
        super().close()
        self.redis.stop()
        self.postbox.close()

    def group(self, name: str) -> list[int]:
        """Every process of one part."""
        return of_group(self.running.parts()[name])

    @contextmanager
    def silent(self, *names: str) -> Iterator[None]:
        """Parts that are there and do nothing; “redis” is one of them."""
        assert self.redis.process is not None
        stopped = [
            pid
            for name in names
            for pid in ([self.redis.process.pid] if name == "redis" else self.group(name))
        ]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in stopped:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def kill(self, name: str) -> None:
        """End a part as a power cut would; the supervisor starts it again."""
        os.killpg(self.running.parts()[name], signal.SIGKILL)

    def beside(self, *program: str) -> subprocess.Popen[bytes]:
        """One of Celery's programs more, beside the ones that run."""
        with (self.running.var / f"{program[0]}-beside.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "consult", *program],
                cwd=ROOT,
                env=self.running.environment,
                stdout=log,
                stderr=log,
            )


def in_background(step: Callable[[], object]) -> threading.Thread:
    """Begin a step whose answer may never come."""

    def run() -> None:
        with suppress(*CUT):
            step()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def again_and_again(walker: Walker) -> Walker:
    """Select the button of the page that is there, as often as it takes, for half a minute."""
    end = time.monotonic() + 30
    while True:
        with suppress(*CUT):
            if "/receipt/" in walker.fill({}).url and walker.status == 200:
                return walker
        assert time.monotonic() < end, f"{walker.status}: {walker.text[:500]}"
        time.sleep(0.3)
