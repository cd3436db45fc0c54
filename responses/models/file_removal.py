"""Files that must be deleted and may still be there."""

from django.db import models
from django.db.models.functions import Now


class FileRemoval(models.Model):
    """A file to delete: the row is written with the decision, and removed once the file is.

    Its name says nothing about anyone.
    """

    storage = models.CharField(max_length=20, help_text="Which of STORAGES it is in.")
    name = models.CharField(max_length=300)
    asked_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it is still there.")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.storage}: {self.name}"
