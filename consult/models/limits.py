"""Recent uses of what has a limit."""

from django.db import models
from django.db.models.functions import Now


class Hit(models.Model):
    """One use of something with a limit. Who did it is a keyed hash: no address is stored."""

    limit = models.CharField(max_length=20)
    key = models.CharField(max_length=64)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["limit", "key", "at"], name="hits_lately")]

    def __str__(self) -> str:
        return f"{self.limit} at {self.at}"
