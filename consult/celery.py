"""The Celery application and its schedule."""

import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import task_prerun
from kombu.transport import TRANSPORT_ALIASES

from consult.web.logs import current_id

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consult.settings")

TRANSPORT_ALIASES["consult"] = "consult.postgres_broker:Transport"
app = Celery("consult")
app.config_from_object("consult.celery_settings")
app.autodiscover_tasks(
    [
        "consult",
        "responses.responding",
        "responses.reviewing",
        "responses.exporting",
        "responses.governance",
        "responses.dashboard",
    ]
)


@task_prerun.connect
def begin_id(task_id: str, **named: object) -> None:
    """Let each log line say which task wrote it."""
    current_id.set(task_id)


app.steps["consumer"].add("consult.heartbeat_step.HeartbeatStep")
app.conf.update(
    # Each worker also has its own queue, for its heartbeats.
    worker_direct=True,
    beat_scheduler="consult.scheduling.TickingScheduler",
)
# A task that no worker takes in time expires: when workers are back, the next task finds
# everything.
app.conf.beat_schedule = {
    "send the confirmations that are due": {
        "task": "responses.send_due_confirmations",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "write the reminders that are due": {
        "task": "responses.write_due_reminders",
        "schedule": crontab(minute="*/5"),
        "options": {"expires": 290},
    },
    # Each consultation has its own hour. The database decides what is due, so that a missed night
    # is made up for.
    "seal the batches that are due": {
        "task": "responses.seal_due_batches",
        "schedule": crontab(minute="*/5"),
        "options": {"expires": 290},
    },
    "deliver batches": {
        "task": "responses.deliver_due_batches",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "make extracts": {
        "task": "responses.make_due_extracts",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "change many responses": {
        "task": "responses.change_many",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "read the mailbox": {
        "task": "responses.read_mailbox",
        "schedule": crontab(minute="*/5"),
        "options": {"expires": 290},
    },
    "read what came back": {
        "task": "responses.read_returned_mail",
        "schedule": crontab(minute="*/5"),
        "options": {"expires": 290},
    },
    "receive bundles": {
        "task": "responses.receive_bundles",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "make the files of published responses": {
        "task": "responses.make_public_files",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "check integrity": {
        "task": "responses.reconcile",
        "schedule": crontab(hour="4", minute="0"),
        "options": {"expires": 3600},
    },
    "look for campaigns": {
        "task": "responses.find_clusters",
        "schedule": crontab(hour="3", minute="0"),
        "options": {"expires": 3600},
    },
    "count for the dashboard": {
        "task": "responses.tally",
        "schedule": crontab(minute="*/15"),
        "options": {"expires": 600},
    },
    "tidy up": {
        "task": "responses.tidy",
        "schedule": crontab(hour="5", minute="0"),
        "options": {"expires": 3600},
    },
    "delete what has been kept long enough": {
        "task": "responses.retain",
        "schedule": crontab(hour="5", minute="15"),
        "options": {"expires": 3600},
    },
}
