"""Chaos with a restore in the middle: an older backup is put back while people answer and workers
work, and nobody is lost unnamed.

    python -m tests.bench.restoring --seconds 30 --clients 3 --seed 7

A dump is made; more people answer, and are handed over in a batch; the dump is put back under the
running service, which goes on and seals another. Then an operator does what docs/operations.md
says. Every promise has to be in the database once and in one batch, or be named as what is in no
file.
"""

import argparse
import json
import random
import re
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2

from consult.addresses import database, own_database_url
from tests.bench.chaos import REST_SECONDS, Chaos
from tests.support.dumping import run_program
from tests.support.running import Running, until

REFERENCE = r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]"
NAMED = re.compile(rf"({REFERENCE}) version [0-9]+, received at \S+ is not in the database")
# Of each version, how many batches have it, by what their receiver has.
PLACED = """SELECT reference, version, b.number FROM responses_response r
    LEFT JOIN responses_batchmember m ON m.response_id = r.id
    LEFT JOIN responses_batch b ON b.id = m.batch_id"""


@dataclass
class Restored:
    """What became of it. `said` is what reconciling said before the recovery, `named` are those
    that the recovery named as in no file.
    """

    acknowledged: int
    before: set[str]
    lost: set[str]
    named: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    twice: set[str] = field(default_factory=set)
    numbers: list[int] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    said: str = ""
    check: str = ""


class Restoring(Chaos):
    """One service, its clients, what is done to it, and an older backup put back."""

    def go_through(self) -> Restored:
        self.mopac = self.folder / "at-mopac"
        self.mopac.mkdir()
        running = Running(
            self.folder / "var",
            EMAIL_URL=self.postbox.url,
            EMAIL_TIMEOUT="2",
            DELIVERY_URL=f"file://{self.mopac}",
        )
        self.server = database(own_database_url(running.var))
        try:
            running.wait_until_ready()
            return self.restore_in_the_middle(running)
        finally:
            running.stop()
            self.postbox.close()

    def restore_in_the_middle(self, running: Running) -> Restored:
        backup = self.folder / "backup"
        # Anyone whose draft disappears in the middle of the form cannot finish it.
        with self.people(running, patience=10):
            self.break_things_for_a_while(running)
            self.hand_over(running, number=1)
            run_program(
                *["pg_dump", "--format=custom", f"--file={backup}", self.server["NAME"]],
                server=self.server,
            )
            before = self.promised()
            self.break_things_for_a_while(running)
            self.hand_over(running, number=2)
            lost = self.promised() - before
            manifests = {path: path.read_bytes() for path in self.folder.rglob("manifest.json")}
            self.break_things_for_a_while(running)
            self.put_back(backup)
            self.break_things_for_a_while(running)
            self.hand_over(running, number=3)
        outcome = Restored(len(self.promised()), before, lost)
        self.recover(running, outcome)
        outcome.changed = [str(path) for path, was in manifests.items() if path.read_bytes() != was]
        return outcome

    def recover(self, running: Running, outcome: Restored) -> None:
        """Do what the documents say, and hold what is there against every promise."""
        until(running.answers, seconds=REST_SECONDS, what="the site did not come back")
        checked = running.try_to_manage("reconcile")
        outcome.said = checked.stderr if checked.returncode else ""
        said = running.manage("recover_responses", "2")
        outcome.named = {match[1] for match in NAMED.finditer(said)}
        running.manage(
            *["recover_responses"],
            *(f"--give-up={reference}" for reference in sorted(outcome.named)),
        )
        self.hand_over(running, number=4)
        placed = self.ask(running, PLACED)
        there = {reference for reference, _, number in placed if number is not None}
        outcome.missing = self.promised() - there - outcome.named
        handed_over: list[tuple[str, int]] = []
        for lines in sorted(self.mopac.glob("*/batch-*/responses.jsonl")):
            said_there = map(json.loads, lines.read_text(encoding="utf-8").splitlines())
            handed_over += [(line["reference"], line["version"]) for line in said_there]
        outcome.twice = {
            ref for ref, version in handed_over if handed_over.count((ref, version)) > 1
        }
        outcome.numbers = [
            number
            for (number,) in self.ask(running, "SELECT number FROM responses_batch ORDER BY 1")
        ]
        outcome.check = running.manage("reconcile")

    def break_things_for_a_while(self, running: Running) -> None:
        self.break_things(running, for_seconds=self.seconds / 4)
        until(running.answers, seconds=REST_SECONDS, what="the site did not come back")

    def hand_over(self, running: Running, *, number: int) -> None:
        """Seal a batch, and wait until the workers have delivered it."""
        running.manage("export_batch")
        arrived = f"*/batch-{number:04}/manifest.json"
        until(
            lambda: bool(list(self.mopac.glob(arrived))),
            seconds=REST_SECONDS * 2,
            what=f"batch {number} was not delivered",
        )

    def put_back(self, backup: Path) -> None:
        """Have the backup take the database's place at once, also while it is in use."""
        name = self.server["NAME"]
        run_program("createdb", "restored", server=self.server)
        run_program(
            *["pg_restore", "--no-owner", "--exit-on-error", "--dbname=restored", str(backup)],
            server=self.server,
        )
        with closing(
            psycopg2.connect(host=self.server["HOST"], user=self.server["USER"], dbname="postgres")
        ) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                    [name],
                )
                time.sleep(1)
                cursor.execute(f"ALTER DATABASE {name} RENAME TO lost")
                cursor.execute(f"ALTER DATABASE restored RENAME TO {name}")
        self.faults["put_back"] += 1

    def promised(self) -> set[str]:
        """The references that people were shown so far."""
        return {
            json.loads(line)["reference"]
            for path in self.folder.glob("client-*.jsonl")
            for line in path.read_text().splitlines()
        }


def main() -> int:
    parser = argparse.ArgumentParser(description="Put an older backup back while people answer.")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--clients", type=int, default=3)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="restoring-") as folder:
        outcome = Restoring(
            Path(folder), seed=asked.seed, seconds=asked.seconds, clients=asked.clients
        ).go_through()
    print(outcome)
    return 1 if outcome.missing or outcome.twice or outcome.changed else 0


if __name__ == "__main__":
    sys.exit(main())
