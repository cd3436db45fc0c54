"""Running a coroutine from a test, whatever ran on its thread before."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Result = TypeVar("Result")


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """What the coroutine returns, by an event loop on a thread of its own.

    The browser tests keep a loop of Playwright's running on the main thread of their worker, and
    a second one may not start there.
    """
    with ThreadPoolExecutor(max_workers=1) as alone:
        return alone.submit(asyncio.run, coroutine).result()
