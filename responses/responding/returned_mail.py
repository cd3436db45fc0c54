"""Reads the mailbox to which emails of ours come back, and changes nothing in it."""

import time

from django.db.models.functions import Now

from consult.imap import Mailbox, MailboxTrouble, MessageRefused, mailbox_name, open_mailbox
from consult.jobs import apart
from responses.models import ReturnedMail
from responses.responding.mail_reports import read_report
from responses.responding.returning import note_report

JOB = "responses.read_returned_mail"
# A run ends before the next one begins; that one goes on after its last message.
RUN_FOR_SECONDS = 240


def read_returned_mail(*, url: str) -> ReturnedMail:
    """Note what is new in the mailbox that `url` names.

    How far it got is kept message by message: a run that is cut off is continued by the next, and
    the same report read twice changes nothing. Trouble with the server is noted.
    """
    reading, _new = ReturnedMail.objects.get_or_create(mailbox=mailbox_name(url))
    trouble = ""
    try:
        with open_mailbox(url) as mailbox:
            _read_what_is_new(mailbox, reading)
    except MailboxTrouble as reason:
        trouble = str(reason)[:300]
    ReturnedMail.objects.filter(pk=reading.pk).update(trouble=trouble, at=Now())
    reading.refresh_from_db()
    return reading


def _read_what_is_new(mailbox: Mailbox, reading: ReturnedMail) -> None:
    if reading.validity != mailbox.validity:
        reading.validity, reading.last_uid = mailbox.validity, 0
    ends_at = time.monotonic() + RUN_FOR_SECONDS
    for number in sorted(number for number in mailbox.numbers() if number > reading.last_uid):
        if time.monotonic() >= ends_at:
            break
        try:
            raw = mailbox.content_of(number)
        except MessageRefused:
            # The reports after it are not kept back for one.
            raw = None
        # One that nobody can make anything of is passed over, and not the end of all later ones.
        with apart(job=JOB, row=f"message {number} of {mailbox.name}"):
            report = read_report(raw) if raw is not None else None
            if report is not None:
                reading.understood += bool(note_report(report))
        reading.read += 1
        reading.last_uid = number
        reading.save(update_fields=["validity", "last_uid", "read", "understood"])
