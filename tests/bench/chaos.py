"""Chaos: people answer while the parts of the service are killed, paused and cut at random, and
every promise is checked.

    python -m tests.bench.chaos --seconds 60 --clients 6 --seed 7

Each client keeps a record of its own, on the disk before the next step, of every receipt that it
was shown. After that time everything is left to mend itself. Then each promise has to be in the
database once, with the words that were sent, in one batch, with one confirmation. The last line has
the figures; the exit code is 1 where one of them is wrong.
"""

import argparse
import json
import os
import random
import re
import signal
import sys
import tempfile
import threading
import time
import urllib.error
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

import psycopg2

from consult.addresses import own_database_url
from tests.support.postbox import Postbox
from tests.support.running import Running, until, with_children
from tests.support.walking import Walker

# What a cut connection, or a page that says so, looks like from outside.
CUT = (OSError, HTTPException, urllib.error.URLError, AssertionError, StopIteration)
REST_SECONDS = 90


@dataclass
class Outcome:
    """What became of every promise. `faults` counts what was done to the service, by name."""

    acknowledged: int
    lost: list[str]
    doubled: list[str]
    altered: list[str]
    unconfirmed: list[str]
    unbatched: list[str]
    check: str
    faults: Counter[str]

    @property
    def good(self) -> bool:
        return (
            not any([self.lost, self.doubled, self.altered, self.unconfirmed, self.unbatched])
            and "The integrity check passed." in self.check
        )

    def __str__(self) -> str:
        confirmed = self.acknowledged - len(self.unconfirmed)
        return (
            f"acknowledged {self.acknowledged}, lost {len(self.lost)}, doubled "
            f"{len(self.doubled)}, altered {len(self.altered)}, "
            f"confirmed {confirmed}, unbatched {len(self.unbatched)}, faults {self.faults.total()}"
        )


class Client(threading.Thread):
    """One person after another at one browser, each of whom sends one response and does not give
    up.
    """

    def __init__(
        self,
        number: int,
        url: str,
        record: Path,
        stopping: threading.Event,
        seed: int,
        *,
        patience: float,
    ) -> None:
        super().__init__(daemon=True)
        self.number, self.url, self.record, self.stopping = number, url, record, stopping
        self.patience = patience
        self.dice = random.Random(f"{seed} {number}")  # noqa: S311  # to be repeated, not to be secret

    def run(self) -> None:
        turn = 0
        with self.record.open("a", encoding="utf-8") as record:
            while not self.stopping.is_set():
                turn += 1
                words = f"client {self.number} turn {turn} " + "🙂 ж " * self.dice.randrange(40)
                promise = self.send_one(words.strip(), f"c{self.number}t{turn}@example.org")
                if promise:
                    record.write(json.dumps({"reference": promise, "words": words.strip()}) + "\n")
                    record.flush()
                    os.fsync(record.fileno())

    def send_one(self, words: str, email: str) -> str:
        """Answer, check and send, trying each step again until it holds; the reference that the
        receipt showed, or nothing.
        """
        walker = Walker(self.url)
        self.insist(
            lambda: (
                walker.go("/")
                .link("Start")
                .link("Continue")
                .go("violence/")
                .fill({"violence-comment": words})
            ),
            walker,
            "respond/trust",
        )
        self.insist(
            lambda: walker.go(f"{self.root}about-you/").fill({"email": email}),
            walker,
            "respond/check",
        )
        self.insist(lambda: walker.go(f"{self.root}check/"), walker, "respond/check")
        if walker.status != 200 or "respond/check" not in walker.url:
            return ""
        form = next(
            form for form in walker.page.iter("form") if "/send/" in form.attrib.get("action", "")
        )
        fields = [
            (field.attrib["name"], field.attrib.get("value", "")) for field in form.iter("input")
        ]
        # The same form again, as a refresh would send it: whatever happened to the first, it is the
        # same response.
        self.insist(lambda: walker.go(f"{self.root}send/", fields), walker, "/receipt/")
        found = (
            re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]", walker.words)
            if "/receipt/" in walker.url and walker.status == 200
            else None
        )
        return found[0] if found else ""

    @property
    def root(self) -> str:
        return f"{self.url}/police-and-crime-plan-2021-25/respond/"

    def insist(self, step: Callable[[], Any], walker: Walker, arrived: str) -> None:
        """Try a step until it leads where it should, or until there is no more time."""
        deadline = time.monotonic() + self.patience
        while time.monotonic() < deadline:
            with suppress(*CUT):
                step()
                if walker.status == 200 and arrived in walker.url:
                    return
            time.sleep(0.2 + self.dice.random() / 2)


class Chaos:
    """One service, its clients, and what is done to it."""

    def __init__(self, folder: Path, *, seed: int, seconds: float, clients: int) -> None:
        self.folder, self.seed, self.seconds, self.clients = folder, seed, seconds, clients
        self.dice = random.Random(seed)  # noqa: S311  # to be repeated, not to be secret
        self.faults: Counter[str] = Counter()
        self.postbox = Postbox()

    def run(self) -> Outcome:
        running = Running(self.folder / "var", EMAIL_URL=self.postbox.url, EMAIL_TIMEOUT="2")
        try:
            running.wait_until_ready()
            return self.drive(running)
        finally:
            running.stop()
            self.postbox.close()

    def drive(self, running: Running) -> Outcome:
        with self.people(running):
            self.break_things(running, for_seconds=self.seconds)
        return self.settle(running)

    @contextmanager
    def people(self, running: Running, *, patience: float = REST_SECONDS) -> Iterator[None]:
        """People answer while it lasts, each of whom tries a step again for `patience` seconds; at
        the end, those who have begun come to theirs.
        """
        stopping = threading.Event()
        people = [
            Client(
                number,
                running.url,
                self.folder / f"client-{number}.jsonl",
                stopping,
                self.seed,
                patience=patience,
            )
            for number in range(self.clients)
        ]
        for person in people:
            person.start()
        try:
            yield
        finally:
            stopping.set()
            for person in people:
                person.join(timeout=patience * 4)

    def break_things(self, running: Running, *, for_seconds: float) -> None:
        end = time.monotonic() + for_seconds
        while time.monotonic() < end:
            time.sleep(self.dice.uniform(0.3, 2))
            fault = self.dice.choice(FAULTS)
            with suppress(ProcessLookupError, KeyError, psycopg2.Error):
                fault(self, running)
                self.faults[fault.__name__] += 1

    def settle(self, running: Running) -> Outcome:
        """Let everything mend itself, and hold what is there against every promise."""
        until(running.answers, seconds=REST_SECONDS, what="the site did not come back")
        until(
            lambda: self.ask(running, WAITING)[0][0] == 0,
            seconds=REST_SECONDS,
            what="confirmations wait though all is mended",
        )
        running.manage("export_batch")
        promises = [
            json.loads(line)
            for path in sorted(self.folder.glob("client-*.jsonl"))
            for line in path.read_text().splitlines()
        ]
        stored = {
            reference: (texts, state, batch)
            for reference, texts, state, batch in self.ask(running, STORED)
        }
        written = Counter(texts["violence-comment"] for texts, _, _ in stored.values())
        mine = {promise["reference"]: promise["words"] for promise in promises}
        there = {reference: stored[reference] for reference in mine if reference in stored}
        return Outcome(
            acknowledged=len(promises),
            lost=sorted(set(mine) - set(there)),
            doubled=sorted(words for words, count in written.items() if count > 1),
            altered=sorted(
                reference
                for reference, (texts, _, _) in there.items()
                if texts != {"violence-comment": mine[reference]}
            ),
            unconfirmed=sorted(
                reference for reference, (_, state, _) in there.items() if state != "sent"
            ),
            unbatched=sorted(
                reference for reference, (_, _, batch) in there.items() if batch is None
            ),
            check=running.manage("reconcile"),
            faults=self.faults,
        )

    def ask(self, running: Running, sql: str) -> list[Any]:
        with (
            closing(psycopg2.connect(own_database_url(running.var))) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
            return list(cursor.fetchall())

    # What is done to it.

    def kill_web(self, running: Running) -> None:
        os.killpg(running.parts()["web"], signal.SIGKILL)

    def kill_worker(self, running: Running) -> None:
        os.killpg(running.parts()["worker"], signal.SIGKILL)

    def kill_beat(self, running: Running) -> None:
        os.kill(running.parts()["beat"], signal.SIGKILL)

    def kill_redis(self, running: Running) -> None:
        os.kill(running.parts()["redis"], signal.SIGKILL)

    def pause_redis(self, running: Running) -> None:
        redis = running.parts()["redis"]
        os.kill(redis, signal.SIGSTOP)
        time.sleep(self.dice.uniform(0.5, 3))
        os.kill(redis, signal.SIGCONT)

    def kill_postgres(self, running: Running) -> None:
        os.kill(running.parts()["postgres"], signal.SIGKILL)

    def pause_postgres(self, running: Running) -> None:
        stopped = with_children(running.parts()["postgres"])
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        time.sleep(self.dice.uniform(0.5, 7))
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def cut_connections(self, running: Running) -> None:
        self.ask(running, CUT_CONNECTIONS)

    def cut_mail(self, running: Running) -> None:
        self.postbox.drops_in_data += self.dice.randrange(1, 4)

    def slow_mail(self, running: Running) -> None:
        self.postbox.seconds_a_message = 0.2
        time.sleep(1)
        self.postbox.seconds_a_message = 0


FAULTS: list[Callable[[Chaos, Running], None]] = [
    *[Chaos.kill_web, Chaos.kill_worker, Chaos.kill_beat, Chaos.kill_redis, Chaos.pause_redis],
    *[
        Chaos.kill_postgres,
        Chaos.pause_postgres,
        Chaos.cut_connections,
        Chaos.cut_mail,
        Chaos.slow_mail,
    ],
]
WAITING = "SELECT count(*) FROM responses_confirmation WHERE state = 'waiting'"
CUT_CONNECTIONS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""
STORED = """SELECT reference, texts, state, batch_id FROM responses_response r
       JOIN responses_confirmation c ON c.response_id = r.id
    LEFT JOIN responses_batchmember m ON m.response_id = r.id"""


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Answer while everything breaks, and see that no promise does."
    )
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        outcome = Chaos(
            Path(folder), seed=asked.seed, seconds=asked.seconds, clients=asked.clients
        ).run()
    for name in ("lost", "doubled", "altered", "unconfirmed", "unbatched"):
        for what in getattr(outcome, name):
            print(f"{name}: {what}")
    if "The integrity check passed." not in outcome.check:
        print(outcome.check)
    print(outcome)
    return 0 if outcome.good else 1


if __name__ == "__main__":
    sys.exit(main())
