"""`make run`, from its first start to the last: really started, really killed."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from consult.local.processes import spawn
from consult.local.supervising import Part, Supervisor
from tests.support.running import Running, of_group, until
from tests.support.walking import Walker

Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Running] = []

    def start(folder: str = "var", **named: str) -> Running:
        started.append(Running(tmp_path / folder, **named))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:
            running.stop()


def test_it_starts_stops_and_comes_back_with_the_same_data(start: Start) -> None:
    first = start().wait_until_ready()
    assert first.password
    assert set(first.parts()) == {"postgres", "redis", "web", "worker", "beat"}
    walker = (
        Walker(first.url)
        .go("/")
        .link("Start")
        .link("Continue")
        .go("violence/")
        .fill({"violence-comment": "Still here tomorrow."})
    )
    walker.go("../check/").fill({})
    receipt = walker.url.removeprefix(first.url)
    leaders = first.parts().values()
    assert first.stop() == 0
    assert [of_group(leader) for leader in leaders] == [[]] * 5

    second = start().wait_until_ready()
    assert second.password == ""
    # The browser that sent it sees its words.
    assert "Still here tomorrow." in walker.go(second.url + receipt).words


def test_a_killed_part_is_restarted_and_the_terminal_says_so(start: Start) -> None:
    running = start().wait_until_ready()
    for name in ("web", "worker", "beat", "redis", "postgres"):
        before = running.parts()[name]
        os.kill(before, signal.SIGKILL)
        until(
            lambda name=name, before=before: running.parts().get(name, before) != before,
            seconds=30,
            what=running.said,
        )
        assert f"{name} ended" in running.said
    until(running.answers, seconds=30, what=running.said)


def test_a_settled_part_restarts_at_once_and_a_failing_one_ever_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("consult.local.supervising.SETTLED_SECONDS", 0.3)
    supervisor = Supervisor(tmp_path)
    settled = Part(
        "settled", lambda: spawn(["sleep", "60"], log=tmp_path / "settled.log"), pause=0.5
    )
    hasty = Part("hasty", lambda: spawn(["false"], log=tmp_path / "hasty.log"), pause=0.5)
    supervisor.begin(settled)
    supervisor.begin(hasty)
    watching = threading.Thread(target=supervisor.watch)
    watching.start()
    try:
        for _ in range(3):
            until(
                lambda: settled.process is not None and time.monotonic() - settled.started > 1,
                seconds=20,
                what="it is not back",
            )
            assert settled.process is not None
            settled.process.kill()
            settled.process.wait()
            until(lambda: settled.process is None, seconds=20, what="nobody saw that it ended")
    finally:
        supervisor.stopping = True
        watching.join()
        supervisor.end()
    said = capsys.readouterr().out
    assert re.findall(r"^settled ended .* restarts in (\S+) s", said, re.MULTILINE) == ["0"] * 3
    assert re.findall(r"^hasty ended .* restarts in (\S+) s", said, re.MULTILINE)[:3] == [
        "0",
        "1",
        "2",
    ]


def test_a_killed_supervisor_leaves_nothing_running_and_can_start_again(start: Start) -> None:
    running = start().wait_until_ready()
    leaders = list(running.parts().values())
    running.process.kill()
    running.process.wait()
    until(
        lambda: not any(of_group(leader) for leader in leaders),
        seconds=30,
        what=f"{[of_group(leader) for leader in leaders]}",
    )
    again = start().wait_until_ready()
    assert again.password == ""


def test_a_second_start_on_the_same_data_is_refused_with_the_reason(start: Start) -> None:
    start().wait_until_ready()
    second = start()
    assert second.process.wait(timeout=30) == 1
    assert second.said.startswith("Cannot start: it is already running")
    assert "Traceback" not in second.said


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        (
            {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
            "Cannot start: the database in DATABASE_URL does not answer",
        ),
        ({"PORT": "many"}, "Cannot start: PORT is “many”: write a whole number from 1 to 65535."),
        ({"VAR_DIR": "/proc/nowhere"}, "Cannot start: /proc/nowhere cannot be written"),
        (
            {"EMAIL_URL": "http://mail"},
            "Cannot start: EMAIL_URL makes no sense: write an address that starts with smtp:",
        ),
    ],
)
def test_what_prevents_a_start_is_explained_in_a_sentence(
    start: Start, environment: dict[str, str], sentence: str
) -> None:
    running = start(**environment)
    assert running.process.wait(timeout=30) == 1
    assert running.said.startswith(sentence), running.said
    assert "Traceback" not in running.said


def test_a_port_in_use_is_explained_in_a_sentence(start: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        running = start(port=taken.getsockname()[1])
        assert running.process.wait(timeout=30) == 1
    assert "is taken by another program. Set PORT" in running.said


def test_the_web_server_alone_refuses_a_port_in_use_too() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        started = subprocess.run(
            [sys.executable, "-m", "consult.web.server"],
            env=os.environ | {"DEBUG": "on", "PORT": str(taken.getsockname()[1])},
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert started.returncode == 1
    assert "is taken by another program" in started.stderr
    assert "Traceback" not in started.stderr
