"""The Celery task that sends due emails: only a hint to look, so that losing one loses nothing."""

from consult.celery import app
from consult.jobs import recorded_run
from responses.responding import confirming, save_and_return


@app.task(name="responses.send_due_confirmations")
def send_due_confirmations() -> None:
    """Send the emails that are due: confirmations, and links to drafts."""
    with recorded_run(send_due_confirmations.name):
        confirming.send_due_confirmations()
        save_and_return.send_due_links()
