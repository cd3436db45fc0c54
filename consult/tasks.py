"""The task by which a worker shows that it works."""

from consult.celery import app
from consult.heartbeats import note_heartbeat


@app.task(name="consult.note_heartbeat")
def note_worker_heartbeat(name: str) -> None:
    """Carried out by the worker `name` itself, so that one that no longer takes tasks records
    nothing.
    """
    note_heartbeat(name=name)
