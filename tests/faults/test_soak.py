"""What takes minutes; `make soak` runs it."""

import time
from pathlib import Path

import pytest

from tests.bench.chaos import Chaos
from tests.faults.sites import Parts
from tests.support.running import until

pytestmark = pytest.mark.soak

WAITED = 10_000
# So many wait as after hours without a mail server. Each address has an email of its own, and none
# counts against another's limit.
ALL_WAIT = """
    UPDATE responses_contact SET email = 'waited' || response_id || '@example.org';
    UPDATE responses_confirmation SET state = 'waiting', due_at = now()
"""


def test_ten_thousand_emails_that_waited_go_within_half_an_hour_each_once(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    site = Parts(tmp_path)
    try:
        with site.silent("worker", "beat"):
            site.running.manage("fill_responses", "--count", str(WAITED))
            site.ask(ALL_WAIT)
        began = time.monotonic()
        until(
            lambda: (
                site.ask("SELECT 1 FROM responses_confirmation WHERE state = 'waiting' LIMIT 1")
                == []
            ),
            seconds=1800,
            what="too slow",
        )
        took = time.monotonic() - began
        assert len(site.postbox.recipients) == len(set(site.postbox.recipients)) == WAITED
        print(f"{WAITED} emails in {took:.0f} s, {WAITED / took:.0f} a second")
    finally:
        site.close()


def test_two_minutes_of_chaos(tmp_path: Path) -> None:
    outcome = Chaos(tmp_path, seed=11, seconds=120, clients=6).run()
    print(outcome)
    assert outcome.good, f"{outcome}\n{outcome.check}"
    assert outcome.faults.total() > 30
