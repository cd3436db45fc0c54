"""Emails that are due, carried by Celery: a task is only a hint to look, and losing one loses
nothing.
"""

from consult.celery import app
from consult.jobs import recorded_run
from responses.responding import confirming, save_and_return


@app.task(name="responses.send_due_confirmations")
def send_due_confirmations() -> None:
    """Send the emails that are due: confirmations, and links to drafts."""
    with recorded_run(send_due_confirmations.name):
        confirming.send_due_confirmations()
        save_and_return.send_due_links()
