"""The Celery task that sends due emails: only a hint to look, so that losing one loses nothing."""

from consult.celery import app
from consult.jobs import recorded_run
from responses.responding import confirming, reminders, save_and_return


@app.task(name="responses.send_due_confirmations")
def send_due_confirmations() -> None:
    """Send the emails that are due: confirmations, links to drafts and reminders."""
    with recorded_run(send_due_confirmations.name):
        confirming.send_due_confirmations()
        save_and_return.send_due_links()
        reminders.send_due_reminders()


@app.task(name="responses.write_due_reminders")
def write_due_reminders() -> None:
    """Write the reminders that are due, and send them."""
    with recorded_run(write_due_reminders.name):
        if reminders.write_due_reminders():
            reminders.send_due_reminders()
