"""A worker is asked to look, and a page never waits long or fails for that."""

import threading
import time
from typing import Any

import pytest
from kombu.exceptions import OperationalError

from consult import nudging
from consult.nudging import LEAVE_BROKER_ALONE_SECONDS, NUDGE_EXPIRES_SECONDS, nudge


class Task:
    """Notes how it was asked, or fails as a broker that is away does."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.trouble = trouble
        self.asked: list[dict[str, Any]] = []

    def apply_async(self, **how: Any) -> None:
        self.asked.append(how)
        if self.trouble:
            raise self.trouble


@pytest.fixture(autouse=True)
def broker_not_asked_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(nudging._broker, "leave_alone_until", 0.0)


def test_a_task_is_asked_for_once_and_expires() -> None:
    task = Task()
    nudge(task)
    assert task.asked == [{"expires": NUDGE_EXPIRES_SECONDS, "retry": False}]


def test_a_broker_that_is_away_is_no_error_and_is_left_alone_for_a_while() -> None:
    away, later = Task(OperationalError("refused")), Task()
    nudge(away)
    nudge(later)
    assert (len(away.asked), later.asked) == (1, [])


def test_it_is_asked_again_after_that_while(monkeypatch: pytest.MonkeyPatch) -> None:
    nudge(Task(OperationalError("refused")))
    now = time.monotonic() + LEAVE_BROKER_ALONE_SECONDS + 1
    monkeypatch.setattr(nudging.time, "monotonic", lambda: now)
    task = Task()
    nudge(task)
    assert len(task.asked) == 1


def test_while_another_thread_asks_nobody_waits() -> None:
    task = Task()
    with nudging._asking:
        started = threading.Thread(target=nudge, args=(task,))
        started.start()
        started.join(timeout=30)
    assert not started.is_alive()
    assert task.asked == []


def test_the_next_one_can_ask_after_any_outcome() -> None:
    nudge(Task(OperationalError("refused")))
    assert nudging._asking.acquire(blocking=False)
    nudging._asking.release()


def test_a_fault_that_is_not_the_brokers_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        nudge(Task(ZeroDivisionError()))
    assert nudging._asking.acquire(blocking=False)
    nudging._asking.release()
