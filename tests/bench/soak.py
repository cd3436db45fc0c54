"""Soak: very many people answer at a steady rate, as on the last day, and every promise is checked.

    python -m tests.bench.soak --count 100000 --rate 35

People arrive by the clock, whether or not those before them have been served. Each keeps the
receipt they were given, on the disk. In the end each of them has to be in the database once, with
the words that were sent, confirmed by one email, in one batch. The last line has the figures; the
exit code is 1 where a promise was broken.
"""

import argparse
import hashlib
import http.client
import itertools
import json
import multiprocessing
import os
import random
import re
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.cookies import SimpleCookie
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import psycopg2
from aiosmtpd.smtp import SMTP, Envelope, Session

from consult.addresses import own_database_url
from tests.support.postbox import Postbox
from tests.support.running import Running, until

ROOT = "/police-and-crime-plan-2021-25/respond/"
PEOPLE_AT_ONCE = 40
GIVE_UP_SECONDS = 120
WORDS = [
    "More",
    "youth",
    "workers,",
    "and",
    "lights",
    "that",
    "work.",
    "Больше",
    "света.",
    "🙂",
    "\n",
]
STORED = """SELECT receipt_hash, texts ->> 'violence-comment', state, member.id IS NOT NULL,
       extract(epoch FROM sent_at - received_at)
    FROM responses_response r JOIN responses_confirmation c ON c.response_id = r.id
    LEFT JOIN responses_batchmember member ON member.response_id = r.id"""
STILL_WAITING = "SELECT count(*) FROM responses_confirmation WHERE state = 'waiting'"


class Tally(Postbox):
    """A mail server that takes everything, and keeps of each message only who it was for."""

    def __init__(self, record: Path) -> None:
        self.record = record.open("a", encoding="utf-8")
        super().__init__()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.record.writelines(f"{recipient}\n" for recipient in envelope.rcpt_tos)
        self.record.flush()
        return "250 kept"


def take_mail(record: Path, parent: Connection) -> None:
    """A mail server in a process of its own, until the parent says something."""
    server = Tally(record)
    parent.send(server.url)
    parent.recv()
    server.close()


@contextmanager
def mail_server(record: Path) -> Iterator[str]:
    """Its address, while it runs."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=take_mail, args=(record, there))
    process.start()
    try:
        yield here.recv()
    finally:
        here.send("enough")
        process.join()


class Person(threading.Thread):
    """Takes the next arrival that is due, answers, sends, and keeps the receipt."""

    def __init__(
        self,
        url: str,
        record: Path,
        arrivals: "itertools.count[int]",
        asked: argparse.Namespace,
        began: float,
    ) -> None:
        super().__init__(daemon=True)
        self.host = urlsplit(url).netloc
        self.record, self.arrivals, self.asked, self.began = record, arrivals, asked, began
        self.dice = random.Random(str(record))  # noqa: S311  # to vary, not to be secret
        self.waits: list[float] = []
        self.late: list[float] = []
        self.troubles: Counter[str] = Counter()

    def run(self) -> None:
        with self.record.open("a", encoding="utf-8") as record:
            # next() on a count is one step for all threads.
            while (number := next(self.arrivals)) < self.asked.count:
                due = self.began + number / self.asked.rate
                time.sleep(max(due - time.monotonic(), 0))
                self.late.append(time.monotonic() - due)
                words = f"{number} " + " ".join(
                    self.dice.choices(WORDS, k=self.dice.randrange(5, 120))
                )
                if receipt := self.answer(words, f"p{number}@example.org"):
                    record.write(json.dumps({"receipt": receipt, "words": words}) + "\n")
                    record.flush()
                    os.fsync(record.fileno())

    def answer(self, words: str, email: str) -> str:
        """Send one response, trying again what fails; the receipt's token, or nothing after too
        long.
        """
        self.connection = http.client.HTTPConnection(self.host, timeout=30)
        self.cookies = SimpleCookie({"csrf": f"{self.dice.randrange(10**32):032}"})
        deadline = time.monotonic() + GIVE_UP_SECONDS
        steps = [
            ("violence/", {"violence-comment": words}),
            ("about-you/", {"email": email}),
            ("check/", None),
            ("send/", {}),
        ]
        checked: dict[str, str] = {}
        location = page = ""
        for path, fields in steps:
            if path == "send/":
                checked = dict(
                    re.findall(r'name="(submission_key|revision)" value="([^"]+)"', page)
                )
            while True:
                began = time.monotonic()
                status, location, page = self.ask(
                    path,
                    fields if fields is None else fields | checked,
                )
                if status in {200, 302, 303}:
                    break
                self.troubles[str(status)] += 1
                if time.monotonic() > deadline:
                    return ""
                time.sleep(0.5)
        self.waits.append(time.monotonic() - began)
        self.connection.close()
        found = re.search(r"/receipt/([^/]+)/", location)
        return found[1] if found else ""

    def ask(self, path: str, fields: dict[str, str] | None) -> tuple[int, str, str]:
        """One request: its status, where it leads, and its page. 0 where the connection was cut."""
        headers = {
            "Cookie": "; ".join(f"{name}={kept.value}" for name, kept in self.cookies.items())
        }
        body = None
        if fields is not None:
            body = urlencode(fields | {"csrfmiddlewaretoken": self.cookies["csrf"].value})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            self.connection.request("POST" if body else "GET", ROOT + path, body, headers)
            answer = self.connection.getresponse()
            page = answer.read().decode()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            return 0, "", ""
        for line in answer.headers.get_all("Set-Cookie") or []:
            self.cookies.load(line)
        return answer.status, answer.headers.get("Location", ""), page


def ask(running: Running, sql: str) -> list[tuple[Any, ...]]:
    with (
        closing(psycopg2.connect(own_database_url(running.var))) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
        return list(cursor.fetchall())


def percentile(values: list[float], share: int) -> float:
    return (
        statistics.quantiles(values, n=100, method="inclusive")[share - 1]
        if len(values) > 1
        else (values or [0.0])[0]
    )


def soak(folder: Path, asked: argparse.Namespace) -> bool:
    """Send, settle, compare and print. Whether every promise was kept."""
    with mail_server(folder / "mail.txt") as mail:
        running = Running(
            folder / "var",
            EMAIL_URL=mail,
            LIMIT_SEND="1000000/60",
            LIMIT_DRAFT="1000000/60",
            LIMIT_EMAIL="1000/60",
        ).wait_until_ready()
        try:
            began = time.monotonic()
            arrivals = itertools.count()
            people = [
                Person(running.url, folder / f"person-{number}.jsonl", arrivals, asked, began + 0.5)
                for number in range(PEOPLE_AT_ONCE)
            ]
            for person in people:
                person.start()
            for person in people:
                person.join()
            took = time.monotonic() - began
            until(
                lambda: ask(running, STILL_WAITING)[0][0] == 0,
                seconds=1800,
                what="confirmations wait though all is calm",
            )
            sealing = time.monotonic()
            running.manage("export_batch")
            exported = time.monotonic() - sealing
            check = running.manage("reconcile")
            return report(
                folder, ask(running, STORED), people, took=took, exported=exported, check=check
            )
        finally:
            running.stop()


def report(
    folder: Path,
    stored: list[tuple[Any, ...]],
    people: list[Person],
    *,
    took: float,
    exported: float,
    check: str,
) -> bool:
    """Hold what is there against every promise, and print what came of it, the figures on the last
    line.
    """
    promises = [
        json.loads(line) for person in people for line in person.record.read_text().splitlines()
    ]
    mine = {
        hashlib.sha256(promise["receipt"].encode()).hexdigest(): promise["words"]
        for promise in promises
    }
    kept = {receipt: rest for receipt, *rest in stored}
    there = {receipt: kept[receipt] for receipt in mine if receipt in kept}
    mails = Counter((folder / "mail.txt").read_text().split())
    wrong = {
        "lost": len(mine) - len(there),
        "doubled": sum(
            count - 1 for count in Counter(words for words, *_ in kept.values()).values()
        ),
        "altered": sum(words != mine[receipt] for receipt, (words, *_) in there.items()),
        "unconfirmed": sum(state != "sent" for _, state, *_ in there.values()),
        "unbatched": sum(not batched for _, _, batched, _ in there.values()),
        "emailed twice": sum(count - 1 for count in mails.values()),
    }
    waits = [wait for person in people for wait in person.waits]
    late = [wait for person in people for wait in person.late]
    after = [float(seconds) for *_, seconds in there.values() if seconds is not None]
    troubles = sum((person.troubles for person in people), Counter())
    print(f"sent at {len(promises) / took:.1f} a second")
    print(
        f"people were taken up {percentile(late, 50):.2f} s after they came (99th: "
        f"{percentile(late, 99):.2f} s)"
    )
    print(
        f"a send was answered in {percentile(waits, 50) * 1000:.0f} ms (99th: "
        f"{percentile(waits, 99) * 1000:.0f} ms)"
    )
    within = sum(seconds <= 60 for seconds in after) / max(len(after), 1)
    print(
        f"confirmed after {percentile(after, 50):.1f} s (99th: {percentile(after, 99):.1f} s), "
        f"{within:.2%} within a minute"
    )
    print(
        f"one batch of {len(kept)} sealed and written in {exported:.1f} s; tried again: "
        f"{dict(troubles)}"
    )
    balance = "The integrity check passed." in check
    if not balance:
        print(check)
    figures = ", ".join(f"{name} {count}" for name, count in wrong.items())
    print(f"acknowledged {len(promises)}, {figures}, confirmed {len(there) - wrong['unconfirmed']}")
    return balance and bool(promises) and not any(wrong.values())


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Many people answer at a steady rate, and every promise is checked."
    )
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=35, help="arrivals a second")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        return 0 if soak(folder, asked) else 1


if __name__ == "__main__":
    sys.exit(main())
