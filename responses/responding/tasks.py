"""The Celery tasks about emails: only hints to look, so that losing one loses nothing."""

from django.conf import settings

from consult.celery import app
from consult.jobs import apart, recorded_run
from responses.responding import confirming, reminders, returned_mail, save_and_return


@app.task(name="responses.send_due_confirmations")
def send_due_confirmations() -> None:
    """Send the emails that are due: confirmations, links to drafts and reminders."""
    with recorded_run(send_due_confirmations.name):
        for kind, send in {
            "confirmations": confirming.send_due_confirmations,
            "links to drafts": save_and_return.send_due_links,
            "reminders": reminders.send_due_reminders,
        }.items():
            with apart(job=send_due_confirmations.name, row=kind):
                send()


@app.task(name="responses.write_due_reminders")
def write_due_reminders() -> None:
    """Write the reminders that are due, and send them."""
    with recorded_run(write_due_reminders.name):
        if reminders.write_due_reminders():
            reminders.send_due_reminders()


@app.task(name="responses.read_returned_mail")
def read_returned_mail() -> None:
    """Read the mailbox to which emails come back, if the settings name one."""
    with recorded_run(read_returned_mail.name):
        if settings.BOUNCE_MAILBOX_URL:
            returned_mail.read_returned_mail(url=settings.BOUNCE_MAILBOX_URL)
