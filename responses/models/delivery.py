"""The outbox of batches: which must reach MOPAC, and how far each has got."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from responses.models.batch import Batch


class Delivery(models.Model):
    """The delivery of one batch to the place where MOPAC collects it.

    Written once the batch's files are; sending again uses the same row.

    A worker claims it by setting `leased_until`, and renews the lease while bytes flow. A failed
    delivery stays waiting, with the reason.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "waiting to be delivered"
        DELIVERED = "delivered", "delivered"
        ACKNOWLEDGED = "acknowledged", "acknowledged"

    batch = models.OneToOneField(Batch, on_delete=models.PROTECT, related_name="delivery")
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    due_at = models.DateTimeField(db_default=Now(), help_text="When the next try may be made.")
    leased_until = models.DateTimeField(null=True, help_text="A worker has it in hand until then.")
    attempts = models.PositiveIntegerField(
        default=0, help_text="Tries that failed since it was last delivered or sent again."
    )
    reason = models.CharField(
        max_length=300, blank=True, help_text="Why it could not be delivered yet."
    )
    files = models.JSONField(
        default=list, help_text="Name, bytes and sha256 of each file as it was delivered."
    )
    sendings = models.PositiveIntegerField(
        default=0, db_default=0, help_text="How often staff sent it again."
    )
    received_before = models.DateTimeField(
        null=True,
        help_text="When the acknowledgement that was there before sending was written.",
    )
    delivered_at = models.DateTimeField(null=True, help_text="When it was first delivered.")
    last_delivered_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(
        null=True, help_text="When the notice of the last delivery was sent."
    )
    chased_at = models.DateTimeField(
        null=True, help_text="When a reminder to acknowledge it was last sent."
    )
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty if a file acknowledged it.",
    )

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(state="waiting"), name="deliveries_waiting"
            )
        ]

    def __str__(self) -> str:
        return f"delivery of {self.batch}: {self.state}"
