"""What something costs: CPU seconds of this process and of PostgreSQL, from the operating system.

Two ways of doing the same are run by turns in one process, so that a busy machine slows both, and
compared by the median of the rounds' ratios.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

ROUNDS = 7


@dataclass(frozen=True)
class Cost:
    """CPU seconds."""

    client: float
    server: float

    @property
    def whole(self) -> float:
        return self.client + self.server


@dataclass(frozen=True)
class Ratio:
    """How many times the CPU of the other: the median of the rounds, the least and the most."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.least:.2f} to {self.most:.2f})"


def backend_seconds() -> float:
    """Return the CPU seconds that the process of PostgreSQL behind `connection` has used."""
    pid = connection.connection.info.backend_pid
    nanoseconds = Path(f"/proc/{pid}/schedstat").read_text().split()[0]
    return int(nanoseconds) / 1e9


def cost_of(act: Callable[[], object]) -> Cost:
    """Run `act` once, with everything in one connection to the database."""
    connection.ensure_connection()
    server, client = backend_seconds(), time.process_time()
    act()
    spent = time.process_time() - client
    return Cost(spent, backend_seconds() - server)


def compared(
    ours: Callable[[], object], peer: Callable[[], object], *, rounds: int = ROUNDS
) -> tuple[Ratio, Ratio]:
    """Return what `ours` costs in times of `peer`: client and server together, and server alone.

    Each runs once before anything is counted.
    """
    ours(), peer()
    pairs = []
    for number in range(rounds):
        both = [ours, peer] if number % 2 else [peer, ours]
        costs = {id(one): cost_of(one) for one in both}
        pairs.append((costs[id(ours)], costs[id(peer)]))
    return (
        _ratio([mine.whole / theirs.whole for mine, theirs in pairs]),
        _ratio([mine.server / theirs.server for mine, theirs in pairs if theirs.server]),
    )


def _ratio(found: list[float]) -> Ratio:
    return Ratio(statistics.median(found), min(found), max(found))
