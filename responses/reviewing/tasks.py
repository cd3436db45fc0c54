"""Reviewing's long-running work as Celery tasks. A task is only a hint to look: losing one loses
nothing.
"""

from django.conf import settings

from consult.celery import app
from consult.jobs import recorded_run
from consult.models import Consultation
from responses.reviewing import clusters, imap, public_file
from responses.reviewing.bulk_changes import carrying_out
from responses.reviewing.bundles import receiving


@app.task(name="responses.change_many")
def change_many() -> None:
    """Make, and undo, the bulk changes that staff asked for."""
    with recorded_run(change_many.name):
        carrying_out.make_due_changes()


@app.task(name="responses.receive_bundles")
def receive_bundles() -> None:
    """Receive, and undo, what staff loaded many at once."""
    with recorded_run(receive_bundles.name):
        receiving.receive_due_bundles()


@app.task(name="responses.read_mailbox")
def read_due_mailbox() -> None:
    """Read the mailbox on the mail server, if the settings name one."""
    with recorded_run(read_due_mailbox.name):
        found = Consultation.objects.filter(slug=settings.INBOUND_MAILBOX_CONSULTATION).first()
        if settings.INBOUND_MAILBOX_URL and found:
            imap.read_mailbox(consultation=found, url=settings.INBOUND_MAILBOX_URL)


@app.task(name="responses.find_clusters")
def find_clusters() -> None:
    """Look for answers that are nearly the same, from which reviewers can make campaigns."""
    with recorded_run(find_clusters.name):
        clusters.find_all_clusters()


@app.task(name="responses.make_public_files")
def make_public_files() -> None:
    """Make the file of published responses again if what can be read has changed."""
    with recorded_run(make_public_files.name):
        public_file.make_public_files()
