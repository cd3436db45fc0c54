"""Plan files that editors are working on, and those that were published."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class PlanFile(models.Model):
    """A plan file: the text from which a consultation is made.

    The public sees nothing of it until it is published. Then it is kept as it was, so that the next
    change, or another consultation, can begin with a copy. A deleted one can be put back.
    """

    text = models.TextField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    changed_at = models.DateTimeField(db_default=Now())
    # What it became, or what it is a change to.
    consultation = models.ForeignKey(
        "consult.Consultation", null=True, on_delete=models.PROTECT, related_name="plan_files"
    )
    published_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(published_at=None) | models.Q(deleted_at=None),
                name="what_was_published_is_not_deleted",
            ),
        ]

    def __str__(self) -> str:
        return f"Plan file {self.pk}"

    @classmethod
    def newest_published(cls) -> models.QuerySet[PlanFile]:
        """Those that were published, the newest first."""
        return cls.objects.exclude(published_at=None).order_by("-published_at", "-pk")
