"""What Celery carries. Each task is only a hint to look: the database knows what is to be done, and losing one loses nothing."""

import logging
import threading
import time

from celery import Task
from django.core.management import call_command
from kombu.exceptions import OperationalError

from consult.celery import app
from consult.jobs import noted
from consult.models import Consultation
from consult.web.rate_limits import forget_hits
from responses.dashboard import tallies
from responses.exporting import batches as batching
from responses.exporting import delivering
from responses.exporting import extracts as extracting
from responses.governance import reconciling, retention
from responses.responding import confirming, save_and_return
from responses.reviewing import bulk_changes, clusters

log = logging.getLogger(__name__)

NUDGE_EXPIRES_SECONDS = 60
# A silent broker costs whoever asks it a second; this is for how long nobody asks again.
LEAVE_BROKER_ALONE_SECONDS = 15
_broker = {"leave_alone_until": 0.0}
_asking = threading.Lock()


@app.task(name="responses.send_due_confirmations")
def send_due_confirmations() -> None:
    """Send the emails that are due: confirmations, and links to drafts."""
    with noted(send_due_confirmations.name):
        confirming.send_due_confirmations()
        save_and_return.send_due_links()


@app.task(name="responses.seal_due_batches")
def seal_due_batches() -> None:
    """Seal and write the batches that are due."""
    with noted(seal_due_batches.name):
        batching.seal_due_batches()


@app.task(name="responses.deliver_due_batches")
def deliver_due_batches() -> None:
    """Deliver the batches that are due, and see to their acknowledgement."""
    with noted(deliver_due_batches.name):
        delivering.deliver_due_batches()


@app.task(name="responses.make_due_extracts")
def make_due_extracts() -> None:
    """Make the extracts that staff asked for."""
    with noted(make_due_extracts.name):
        extracting.make_due_extracts()


@app.task(name="responses.change_many")
def change_many() -> None:
    """Carry out, and undo, the changes to many responses that staff asked for."""
    with noted(change_many.name):
        bulk_changes.make_due_changes()


@app.task(name="responses.reconcile")
def prove_books() -> None:
    """Go through the books, so that a difference is found in a day and not in the year after."""
    with noted(prove_books.name):
        found = reconciling.reconcile()
    if found.differences:
        log.error("The books do not balance: %s differences. See the books page, or `manage.py reconcile`.", len(found.differences))


@app.task(name="responses.find_clusters")
def find_clusters() -> None:
    """Look for answers that are nearly the same, for reviewers to make campaigns of."""
    with noted(find_clusters.name):
        for consultation in Consultation.objects.filter(published_at__isnull=False):
            clusters.find_clusters(consultation=consultation)


@app.task(name="responses.tally")
def count() -> None:
    """Count what came in, for the dashboard."""
    with noted(count.name):
        for consultation in Consultation.objects.filter(published_at__isnull=False):
            tallies.tally(consultation=consultation)


@app.task(name="responses.tidy")
def tidy() -> None:
    """Remove what has had its time: old extracts, expired sessions, hits that no limit counts any more."""
    with noted(tidy.name):
        hits = forget_hits()
        extracting.remove_expired_extracts()
        call_command("clearsessions")
    log.info("Tidied: %s hits removed, and the sessions that had expired.", hits)


@app.task(name="responses.retain")
def retain() -> None:
    """Remove what people sent and what has been kept for its time."""
    with noted(retain.name):
        for done in retention.retain():
            log.log(logging.WARNING if done.held else logging.INFO, "%s", done.in_words)


def nudge_changing() -> None:
    """Ask a worker to carry out a change to many responses now rather than in a minute. Never raises, and takes a second at most."""
    _nudge(change_many)


def nudge_clustering() -> None:
    """Ask a worker to look for alike answers now. Never raises, and takes a second at most."""
    _nudge(find_clusters)


def nudge_counting() -> None:
    """Ask a worker to count for the dashboard now. Never raises, and takes a second at most."""
    _nudge(count)


def nudge_proving() -> None:
    """Ask a worker to go through the books now. Never raises, and takes a second at most."""
    _nudge(prove_books)


def nudge_sending() -> None:
    """Ask a worker to look for confirmations now rather than at its next sweep. Never raises, and takes a second at most."""
    _nudge(send_due_confirmations)


def nudge_delivering() -> None:
    """Ask a worker to deliver what waits now rather than in a minute. Never raises, and takes a second at most."""
    _nudge(deliver_due_batches)


def nudge_extracting() -> None:
    """Ask a worker to make what was asked for now rather than in a minute. Never raises, and takes a second at most."""
    _nudge(make_due_extracts)


def nudge_writing() -> None:
    """Ask a worker to write what is sealed now rather than in a few minutes. Never raises, and takes a second at most."""
    _nudge(seal_due_batches)


def _nudge(task: Task) -> None:
    # While another thread is asking, its task or the next sweep finds ours too: a silent broker holds up one thread, not all.
    if time.monotonic() < _broker["leave_alone_until"] or not _asking.acquire(blocking=False):
        return
    try:
        task.apply_async(expires=NUDGE_EXPIRES_SECONDS, retry=False)
    except OperationalError as error:
        _broker["leave_alone_until"] = time.monotonic() + LEAVE_BROKER_ALONE_SECONDS
        log.warning("Redis does not answer; the next sweep does what is due: %s", error)
    finally:
        _asking.release()
