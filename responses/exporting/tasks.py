"""Batches and extracts, carried by Celery: a task is only a hint to look, and losing one loses
nothing.
"""

from consult.celery import app
from consult.jobs import noted
from responses.exporting import batches, delivering, extracts


@app.task(name="responses.seal_due_batches")
def seal_due_batches() -> None:
    """Seal and write the batches that are due."""
    with noted(seal_due_batches.name):
        batches.seal_due_batches()


@app.task(name="responses.deliver_due_batches")
def deliver_due_batches() -> None:
    """Deliver the batches that are due, and see to their acknowledgement."""
    with noted(deliver_due_batches.name):
        delivering.deliver_due_batches()


@app.task(name="responses.make_due_extracts")
def make_due_extracts() -> None:
    """Make the extracts that staff asked for."""
    with noted(make_due_extracts.name):
        extracts.make_due_extracts()
