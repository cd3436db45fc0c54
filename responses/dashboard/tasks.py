"""Counting for the dashboard. A Celery task is only a hint to look: losing one loses nothing."""

from consult.celery import app
from consult.jobs import apart, recorded_run
from consult.models import Consultation
from responses.dashboard import tallies


@app.task(name="responses.tally")
def count() -> None:
    """Count what has arrived, for the dashboard."""
    with recorded_run(count.name):
        for consultation in Consultation.objects.filter(published_at__isnull=False):
            with apart(job=count.name, row=consultation.slug):
                tallies.tally(consultation=consultation)
