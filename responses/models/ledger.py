"""What happened to each response, append-only."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from responses.models.response import Response


class LedgerEntry(models.Model):
    """One thing that happened to one response, with the digest of its content then.

    Written by `responses.ledger.record_event` in the transaction of what it records. A trigger
    refuses UPDATE and DELETE.
    """

    class Event(models.TextChoices):
        RECEIVED = "received", "received"
        AMENDED = "amended", "changed by the respondent"
        WITHDRAWN = "withdrawn", "withdrawn by the respondent"
        ERASED = "erased", "erased"
        DETAILS_REMOVED = "details-removed", "contact details removed after their time"
        ADDRESS_REMOVED = "address-removed", "email address removed: it was someone else's"
        CONFIRMED = "confirmed", "confirmation sent"
        CONFIRMATION_FAILED = "confirmation-failed", "confirmation could not be delivered"
        EMAIL_RETURNED = "email-returned", "confirmation came back"
        EMAIL_COMPLAINED = "email-complained", "confirmation called unwanted by its reader"
        ADDRESS_CORRECTED = "address-corrected", "email address corrected by the respondent"
        BATCHED = "batched", "put in a batch"
        DELIVERED = "delivered", "delivered"
        ACKNOWLEDGED = "acknowledged", "acknowledged by whom it was delivered to"

    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="ledger")
    event = models.CharField(max_length=20, choices=Event)
    at = models.DateTimeField(db_default=Now())
    digest = models.CharField(max_length=64)
    batch_number = models.PositiveIntegerField(null=True)
    # Both come from the database: a trigger fills them in for arrivals and leaves all others empty.
    seal = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="SHA-256 of the response's other columns.",
    )
    earlier = ArrayField(
        models.BigIntegerField(),
        null=True,
        editable=False,
        help_text="The hash of all entries before this one.",
    )

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "ledger entries"
        constraints = [
            models.UniqueConstraint(
                fields=["response"], condition=models.Q(event="received"), name="received_once"
            ),
            models.UniqueConstraint(
                fields=["response"], condition=models.Q(event="batched"), name="batched_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["response"],
                condition=models.Q(event="email-complained"),
                name="complaints",
            )
        ]

    def __str__(self) -> str:
        return f"{self.response.reference} {self.event}"
