"""The nightly checks and removals as Celery tasks. A task is only a hint to look: losing one loses
nothing.
"""

import logging
from collections.abc import Callable
from functools import partial

from django.core.management import call_command

from consult.celery import app
from consult.jobs import apart, forget_row_troubles, recorded_run
from consult.staff.drafts import remove_old_drafts
from consult.web.rate_limits import forget_hits
from responses.exporting import extracts
from responses.file_removals import remove_due_files
from responses.governance import reconciling, retention
from responses.governance.outside import complete_journal, look_outside

log = logging.getLogger(__name__)


@app.task(name="responses.reconcile")
def check_integrity() -> None:
    """Run the integrity check, so that a difference is found within a day and not a year later."""
    with recorded_run(check_integrity.name):
        found = reconciling.reconcile()
        added = complete_journal(look_outside())
    if added:
        log.warning("The journal lacked %s lines, which it has now.", added)
    if found.differences:
        log.error(
            "The integrity check failed: %s differences. Run `manage.py reconcile` to see them.",
            len(found.differences),
        )


@app.task(name="responses.tidy")
def tidy() -> None:
    """Remove what is no longer needed: old extracts, expired sessions, what staff typed and never
    came back to, hits that no limit counts any more.
    """
    with recorded_run(tidy.name):
        removals: dict[str, Callable[[], object]] = {
            "hits": forget_hits,
            "extracts": extracts.remove_expired_extracts,
            "files": remove_due_files,
            "what staff typed": remove_old_drafts,
            "rows left out": forget_row_troubles,
            "sessions": partial(call_command, "clearsessions"),
        }
        for what, remove in removals.items():
            with apart(job=tidy.name, row=what):
                remove()


@app.task(name="responses.retain")
def retain() -> None:
    """Remove what people sent and what has been kept long enough."""
    with recorded_run(retain.name):
        for done in retention.retain():
            log.log(logging.WARNING if done.held else logging.INFO, "%s", done.in_words)
