"""How far the mailbox has been read to which emails of ours come back."""

from django.db import models
from django.db.models.functions import Now


class ReturnedMail(models.Model):
    """One row a mailbox. A server numbers its messages upwards, so the last number says it all."""

    mailbox = models.CharField(max_length=300, unique=True)
    validity = models.BigIntegerField(
        default=0, help_text="Where it changes, the server counts afresh."
    )
    last_uid = models.BigIntegerField(default=0)
    read = models.PositiveIntegerField(default=0, help_text="How many messages, in all.")
    understood = models.PositiveIntegerField(
        default=0, help_text="Of those, how many were reports about emails of ours."
    )
    trouble = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.mailbox
