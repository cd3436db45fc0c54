"""Asking a worker to look now instead of at its next sweep.

It costs a page at most a second, and never an error.
"""

import logging
import threading
import time

from celery import Task
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

NUDGE_EXPIRES_SECONDS = 60
# Asking a broker that does not answer takes a second; nobody asks again for this long.
LEAVE_BROKER_ALONE_SECONDS = 15
_broker = {"leave_alone_until": 0.0}
_asking = threading.Lock()


def nudge(task: Task) -> None:
    """Ask a worker to carry out `task`.

    Never raises if the broker is down, and takes at most a second.
    """
    # If another thread is asking, its task or the next sweep finds ours too, so a silent broker
    # holds up one thread and not all of them.
    if time.monotonic() < _broker["leave_alone_until"] or not _asking.acquire(blocking=False):
        return
    try:
        task.apply_async(expires=NUDGE_EXPIRES_SECONDS, retry=False)
    except OperationalError as error:
        _broker["leave_alone_until"] = time.monotonic() + LEAVE_BROKER_ALONE_SECONDS
        log.warning("Redis does not answer; the next sweep does what is due: %s", error)
    finally:
        _asking.release()
