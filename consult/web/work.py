"""The threads that answer requests: a fixed number, each with a database connection that is closed
when the thread has been idle for a while.

Without a bound a burst of 300 people opens 300 connections, and PostgreSQL then refuses everyone,
including the workers that send emails.
"""

import asyncio
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from django.db import connections

IDLE_SECONDS = 20.0


class _Job:
    """One call on its way through a working thread, for someone waiting in an event loop.

    As a context manager it passes on what is raised, so that the thread goes on.
    """

    def __init__(self, call: Callable[[], Any]) -> None:
        self.call = call
        self.loop = asyncio.get_running_loop()
        self.outcome: asyncio.Future[Any] = self.loop.create_future()

    def __enter__(self) -> "_Job":
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> bool:
        if error is not None:
            self._say(lambda: self.outcome.set_exception(error))
        return True

    def carry_out(self) -> None:
        result = self.call()
        self._say(lambda: self.outcome.set_result(result))

    def _say(self, act: Callable[[], None]) -> None:
        # The client may have gone by now.
        self.loop.call_soon_threadsafe(lambda: None if self.outcome.done() else act())


class Threads:
    """`number` threads that carry out one call after another."""

    def __init__(self, number: int) -> None:
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        for count in range(number):
            threading.Thread(target=self._work, daemon=True, name=f"work {count + 1}").start()

    async def call(self, what: Callable[[], Any]) -> Any:
        """Return what `what` returns, or raise what it raises, in the first free thread."""
        job = _Job(what)
        self._jobs.put(job)
        return await job.outcome

    def _work(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=IDLE_SECONDS)
            except Empty:
                connections.close_all()
                continue
            with job:
                job.carry_out()
            del job
