"""The keys that batches were signed with."""

from django.db import models
from django.db.models.functions import Now


class SigningKey(models.Model):
    """The public half of a signing key, in hexadecimal.

    Never removed, so that old batches can still be checked.
    """

    public_key = models.CharField(max_length=64, unique=True)
    published_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.public_key
