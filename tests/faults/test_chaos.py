"""A short chaos; `make chaos` runs a longer one."""

from pathlib import Path

from tests.bench.chaos import Chaos
from tests.bench.restoring import Restoring


def test_whatever_is_killed_paused_or_cut_every_promise_is_kept(tmp_path: Path) -> None:
    outcome = Chaos(tmp_path, seed=7, seconds=15, clients=3).run()
    assert outcome.good, f"{outcome}\n{outcome.check}"
    # It did something: otherwise nothing was tried.
    assert outcome.acknowledged > 0
    assert outcome.faults.total() > 3


def test_an_older_backup_put_back_under_load_loses_nobody_unnamed(tmp_path: Path) -> None:
    outcome = Restoring(tmp_path, seed=11, seconds=8, clients=2).go_through()
    # Something was lost with the backup, and was named before anyone recovered it.
    assert outcome.lost
    assert "batch-0002" in outcome.said
    assert all(reference in outcome.said for reference in outcome.lost)
    # All that a batch has is back, once; the rest is named; no number is used twice.
    assert (outcome.missing, outcome.twice, outcome.changed) == (set(), set(), [])
    assert not outcome.named & outcome.before
    assert outcome.numbers == [1, 2, 3, 4]
    assert "The integrity check passed." in outcome.check
