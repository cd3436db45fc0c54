"""A worker that is alive and takes no tasks, or a beat that stopped ticking, is unhealthy."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest
import redis as redis_client

from tests.faults.sites import Parts
from tests.support.running import ROOT, until

AGE = "UPDATE consult_heartbeat SET at = at - interval '61 seconds'"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    folder = tmp_path_factory.mktemp("heartbeats")
    folder.chmod(0o755)
    made = Parts(folder)
    yield made
    made.close()


def health(site: Parts, kind: str) -> subprocess.CompletedProcess[str]:
    """The health check, as a container or a host runs it."""
    return subprocess.run(
        [sys.executable, "-m", "consult.alive", kind],
        cwd=ROOT,
        env=site.running.environment,
        capture_output=True,
        text=True,
        check=False,
    )


def until_healthy(site: Parts, kind: str) -> None:
    until(lambda: health(site, kind).returncode == 0, seconds=90, what=health(site, kind).stderr)


def inspect(site: Parts, what: str) -> str:
    """What the worker itself says, which has no need of its processes."""
    return subprocess.run(
        [sys.executable, "-m", "celery", "-A", "consult", "inspect", what, "--timeout", "5"],
        cwd=ROOT,
        env=site.running.environment,
        capture_output=True,
        text=True,
        check=False,
    ).stdout


def heartbeats_asked_for(site: Parts) -> bool:
    """Whether a task waits for the worker that would show that it works."""
    with closing(redis_client.Redis.from_url(site.redis.url)) as broker:
        if any(broker.llen(queue) for queue in broker.keys("celery@*.dq2")):
            return True
    return "consult.note_heartbeat" in inspect(site, "reserved")


def test_a_worker_that_takes_no_tasks_is_unhealthy_until_it_does(site: Parts) -> None:
    until_healthy(site, "celery")
    worker = site.running.parts()["worker"]
    children = [one for one in site.group("worker") if one != worker]
    for child in children:
        os.kill(child, signal.SIGSTOP)
    try:
        site.ask(AGE)
        until(lambda: heartbeats_asked_for(site), seconds=90, what="none was asked for")
        # It lives, and answers: but what it was asked to do to show that it works stays undone.
        assert "pong" in inspect(site, "ping")
        checked = health(site, "celery")
        assert checked.returncode == 1
        assert "last showed that it works" in checked.stderr
    finally:
        for child in children:
            os.kill(child, signal.SIGCONT)
    until_healthy(site, "celery")


def test_a_beat_that_stopped_ticking_is_unhealthy_until_it_ticks(site: Parts) -> None:
    until_healthy(site, "beat")
    with site.silent("beat"):
        site.ask(AGE)
        assert health(site, "beat").returncode == 1
    until_healthy(site, "beat")


def test_a_worker_that_never_was_is_unhealthy_and_says_so(site: Parts) -> None:
    with site.silent("beat"):
        site.ask("DELETE FROM consult_heartbeat WHERE name LIKE 'beat@%'")
        assert "has not shown that it works" in health(site, "beat").stderr


def test_without_the_database_the_health_checks_say_so(site: Parts) -> None:
    environment = site.running.environment | {"DATABASE_URL": "postgresql://x@127.0.0.1:1/x"}
    checked = subprocess.run(
        [sys.executable, "-m", "consult.alive", "celery"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 1
    assert checked.stderr.startswith("The database does not answer: ")
