"""What was done lately, where only so much of it may be done."""

from django.db import models
from django.db.models.functions import Now


class Hit(models.Model):
    """One time that something limited was done.

    Whoever did it is a keyed hash: no address is written down.
    """

    limit = models.CharField(max_length=20)
    key = models.CharField(max_length=64)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["limit", "key", "at"], name="hits_lately")]

    def __str__(self) -> str:
        return f"{self.limit} at {self.at}"
