"""The part of a worker that keeps proving that it takes tasks."""

import logging
from typing import Any

from celery import bootsteps
from celery.utils.nodenames import worker_direct
from celery.worker import state
from django.db import DatabaseError, connection
from kombu.exceptions import OperationalError

from consult.heartbeats import EVERY_SECONDS, note_heartbeat
from consult.tasks import note_worker_heartbeat

log = logging.getLogger(__name__)


class HeartbeatStep(bootsteps.StartStopStep):
    """Sends a task to the worker's own queue every few seconds; carrying it out is the heartbeat.

    It runs in the worker's own loop, so that a loop that hangs sends none.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, **named: Any) -> None:
        super().__init__(parent, **named)
        self.timer_entry: Any = None

    def start(self, parent: Any) -> None:
        self.timer_entry = parent.timer.call_repeatedly(EVERY_SECONDS, beat, (parent,))
        beat(parent)

    def stop(self, parent: Any) -> None:
        if self.timer_entry is not None:
            self.timer_entry.cancel()


def beat(consumer: Any) -> None:
    """Send a heartbeat of this worker.

    While all its processes are busy, a task would wait behind work that may take an hour, so the
    work itself counts as the sign.
    """
    name = consumer.hostname
    try:
        at_work = [one for one in state.active_requests if one.name != note_worker_heartbeat.name]
        if len(at_work) >= consumer.controller.concurrency:
            note_heartbeat(name=name)
            connection.close()
            return
        note_worker_heartbeat.apply_async(
            [name], queue=worker_direct(name), expires=EVERY_SECONDS, retry=False
        )
    except (DatabaseError, OperationalError) as reason:
        log.warning("No heartbeat: %s", str(reason).strip().splitlines()[0])
