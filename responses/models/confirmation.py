"""The outbox of confirmations."""

from django.db import models
from django.db.models.functions import Now

from responses.models.response import Response


class Confirmation(models.Model):
    """The one email about one response, written in the response's own transaction.

    A worker claims it by setting `leased_until`, sends it outside any transaction and records the
    result. The Message-ID is the same on every try, so that a mail program can hide repeats.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "waiting to be sent"
        SENT = "sent", "sent"
        FAILED = "failed", "could not be delivered"
        RETURNED = "returned", "came back"
        COMPLAINED = "complained", "called unwanted by its reader"
        NOT_WANTED = "not-wanted", "no email address was given"

    response = models.OneToOneField(Response, on_delete=models.PROTECT, related_name="confirmation")
    state = models.CharField(max_length=10, choices=State)
    message_id = models.CharField(max_length=200, unique=True)
    due_at = models.DateTimeField(db_default=Now(), help_text="When the next try may be made.")
    leased_until = models.DateTimeField(null=True, help_text="A worker has it in hand until then.")
    attempts = models.PositiveIntegerField(default=0)
    tries_made = models.PositiveIntegerField(
        default=0, db_default=0, help_text="All tries ever made; `attempts` starts again at 0."
    )
    reason = models.CharField(
        max_length=300, blank=True, help_text="Why it could not be delivered, or not yet."
    )
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)
    tried_again_at = models.DateTimeField(
        null=True,
        help_text=(
            "When staff asked to try again after it was given up; earlier tries do not count."
        ),
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(state="waiting"), name="confirmations_waiting"
            )
        ]

    def __str__(self) -> str:
        return f"confirmation of {self.response.reference}: {self.state}"


class ConfirmationAttempt(models.Model):
    """One try to send a confirmation, and its result."""

    confirmation = models.ForeignKey(Confirmation, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField(db_default=Now())
    outcome = models.CharField(
        max_length=20,
        choices=[("sent", "sent"), ("try-again", "try again"), ("refused", "refused")],
    )
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
