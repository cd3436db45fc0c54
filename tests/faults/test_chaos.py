"""A short chaos; `make chaos` runs a longer one."""

from pathlib import Path

from tests.bench.chaos import Chaos


def test_whatever_is_killed_paused_or_cut_every_promise_is_kept(tmp_path: Path) -> None:
    outcome = Chaos(tmp_path, seed=7, seconds=15, clients=3).run()
    assert outcome.good, f"{outcome}\n{outcome.check}"
    # It did something: otherwise nothing was tried.
    assert outcome.acknowledged > 0
    assert outcome.faults.total() > 3
