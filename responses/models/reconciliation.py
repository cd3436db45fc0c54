"""The results of the integrity check."""

from django.db import models
from django.db.models.functions import Now

from consult.text import counted


class Reconciliation(models.Model):
    """One run of `responses.governance.reconciling.reconcile`: its counts and differences."""

    at = models.DateTimeField(db_default=Now())
    seconds = models.FloatField(help_text="How long it took.")
    totals = models.JSONField(help_text="The figures that were counted, by name.")
    differences = models.JSONField(
        help_text=(
            "Each with its subject and a description. An empty list means that the check passed."
        )
    )

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}: {counted(len(self.differences), 'difference')}"
