"""The nightly checks and removals, carried by Celery: a task is only a hint to look, and losing one
loses nothing.
"""

import logging

from django.core.management import call_command

from consult.celery import app
from consult.jobs import noted
from consult.web.rate_limits import forget_hits
from responses.exporting import extracts
from responses.governance import reconciling, retention

log = logging.getLogger(__name__)


@app.task(name="responses.reconcile")
def prove_books() -> None:
    """Go through the books, so that a difference is found in a day and not in the year after."""
    with noted(prove_books.name):
        found = reconciling.reconcile()
    if found.differences:
        log.error(
            (
                "The books do not balance: %s differences. See the books page, or `manage.py "
                "reconcile`."
            ),
            len(found.differences),
        )


@app.task(name="responses.tidy")
def tidy() -> None:
    """Remove what has had its time: old extracts, expired sessions, hits that no limit counts any
    more.
    """
    with noted(tidy.name):
        hits = forget_hits()
        extracts.remove_expired_extracts()
        call_command("clearsessions")
    log.info("Tidied: %s hits removed, and the sessions that had expired.", hits)


@app.task(name="responses.retain")
def retain() -> None:
    """Remove what people sent and what has been kept for its time."""
    with noted(retain.name):
        for done in retention.retain():
            log.log(logging.WARNING if done.held else logging.INFO, "%s", done.in_words)
