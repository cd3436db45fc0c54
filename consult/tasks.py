"""What a worker does to show that it works."""

from consult.celery import app
from consult.heartbeats import note_heartbeat


@app.task(name="consult.note_heartbeat")
def note_worker_heartbeat(name: str) -> None:
    """Carried out by the worker `name` itself: one that takes no tasks any more notes nothing."""
    note_heartbeat(name=name)
