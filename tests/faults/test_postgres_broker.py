"""Where there is no Redis, PostgreSQL carries the messages, and the same promises are kept."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from consult.addresses import DATABASE_CARRIES, broker_url, own_redis_url
from tests.faults.sites import Site, again_and_again
from tests.support.postbox import Postbox
from tests.support.running import ROOT, until


class WithoutRedis(Site):
    """`make run` on a system that has none."""

    def __init__(self, folder: Path) -> None:
        self.postbox = Postbox()
        super().__init__(folder, REDIS_URL=DATABASE_CARRIES, EMAIL_URL=self.postbox.url)

    def close(self) -> None:
        super().close()
        self.postbox.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WithoutRedis]:
    folder = tmp_path_factory.mktemp("without-redis")
    folder.chmod(0o755)
    made = WithoutRedis(folder)
    yield made
    made.close()


def test_a_system_without_redis_lets_the_database_carry(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert own_redis_url(tmp_path) == DATABASE_CARRIES
    assert broker_url(DATABASE_CARRIES) == "consult://"


def test_without_redis_everything_starts_and_emails_go(site: WithoutRedis) -> None:
    assert "redis" not in site.running.parts()
    again_and_again(site.ready_to_send("No Redis.", email="carl@example.org"))
    site.until_all_confirmed()
    assert site.postbox.recipients == ["carl@example.org"]
    for kind in ("celery", "beat"):
        until(lambda kind=kind: is_alive(site, kind), seconds=90, what=kind)


def test_without_redis_a_nudge_and_a_killed_worker_lose_nothing(site: WithoutRedis) -> None:
    os.killpg(site.running.parts()["worker"], signal.SIGKILL)
    again_and_again(site.ready_to_send("Killed.", email="dora@example.org"))
    site.until_all_confirmed(seconds=90)
    assert site.postbox.recipients.count("dora@example.org") == 1
    # What was taken is gone, and what nobody takes in time goes.
    until(lambda: site.ask("SELECT count(*) FROM consult_hint")[0][0] < 5, seconds=90, what="hints")


def is_alive(site: WithoutRedis, kind: str) -> bool:
    return (
        subprocess.run(
            [sys.executable, "-m", "consult.alive", kind],
            cwd=ROOT,
            env=site.running.environment,
            capture_output=True,
            check=False,
        ).returncode
        == 0
    )
