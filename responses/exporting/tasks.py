"""Batches and extracts as Celery tasks. A task is only a hint to look: losing one loses nothing."""

from consult.celery import app
from consult.jobs import recorded_run
from consult.nudging import nudge
from responses.exporting import delivering, due, extracting


@app.task(name="responses.seal_due_batches")
def seal_due_batches() -> None:
    """Seal and write the batches that are due, and have what is written delivered at once."""
    with recorded_run(seal_due_batches.name):
        due.seal_due_batches()
    nudge(deliver_due_batches)


@app.task(name="responses.deliver_due_batches")
def deliver_due_batches() -> None:
    """Deliver the batches that are due, and read their acknowledgements."""
    with recorded_run(deliver_due_batches.name):
        delivering.deliver_due_batches()


@app.task(name="responses.make_due_extracts")
def make_due_extracts() -> None:
    """Make the extracts that staff asked for."""
    with recorded_run(make_due_extracts.name):
        extracting.make_due_extracts()
