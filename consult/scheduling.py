"""Beat's scheduler, which shows by heartbeats that it is running."""

import logging
import socket
import time
from typing import Any

from celery.beat import PersistentScheduler
from django.db import DatabaseError, connection

from consult.heartbeats import BEAT, EVERY_SECONDS, forget_heartbeats, note_heartbeat

log = logging.getLogger(__name__)


class TickingScheduler(PersistentScheduler):
    """Records a heartbeat as it ticks, so that a stopped one can be noticed."""

    next_note = 0.0

    def tick(self, *arguments: Any, **named: Any) -> float:
        """Send what is due, and return how many seconds to wait at most."""
        wait: float = super().tick(*arguments, **named)
        if time.monotonic() >= self.next_note:
            self.next_note = time.monotonic() + EVERY_SECONDS
            self.note()
        return min(wait, EVERY_SECONDS)

    def note(self) -> None:
        try:
            note_heartbeat(name=f"{BEAT}{socket.gethostname()}")
            forget_heartbeats()
        except DatabaseError as reason:
            # Tasks still go out. The workers report the same, and find what is due once it is back.
            log.warning("No heartbeat: %s", str(reason).strip().splitlines()[0])
        finally:
            connection.close()
