"""What was read from the mailbox on a mail server, and how many messages it had."""

from django.db import models
from django.db.models.functions import Now

from consult.models import Consultation
from responses.models.transcription import Message


class MailboxCopy(models.Model):
    """One message on the mail server, by the number that it has there, and the row it became here.

    Two numbers with one message are one letter, delivered twice.
    """

    consultation = models.ForeignKey(Consultation, on_delete=models.PROTECT, related_name="+")
    mailbox = models.CharField(max_length=300, help_text="The server's name and the folder.")
    validity = models.BigIntegerField(help_text="Where it changes, the server counts afresh.")
    uid = models.BigIntegerField()
    message = models.ForeignKey(Message, null=True, on_delete=models.PROTECT, related_name="copies")
    read_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mailbox", "validity", "uid"], name="one_copy_a_number_of_the_server"
            )
        ]


class MailboxReading(models.Model):
    """How the mailbox on the server and the messages here compared when it was last read.

    One row a mailbox. `on_server` and `here` are equal when everything has come over.
    """

    consultation = models.ForeignKey(
        Consultation, on_delete=models.PROTECT, related_name="readings"
    )
    mailbox = models.CharField(max_length=300, unique=True)
    at = models.DateTimeField(db_default=Now())
    on_server = models.PositiveIntegerField(default=0)
    here = models.PositiveIntegerField(default=0, help_text="Of those, how many have come over.")
    letters = models.PositiveIntegerField(
        default=0, help_text="How many letters they are: one may have been delivered twice."
    )
    trouble = models.CharField(max_length=300, blank=True)
