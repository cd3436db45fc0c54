"""Reminders to people who have not sent their answers yet."""

from django.db import models
from django.db.models.functions import Now

from responses.models.draft import Draft


class ReminderRequest(models.Model):
    """Someone asked to be reminded of a draft. Goes when the draft goes, or when they end it.

    `told_closes_at` is the closing that they know of: when it is another one, they are told.
    """

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="reminder_requests")
    email = models.CharField(max_length=254)
    language = models.CharField(max_length=10, default="en-gb", db_default="en-gb")
    told_closes_at = models.DateTimeField()
    told_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["draft", "email"], name="one_request_an_address_of_a_draft"
            )
        ]

    def __str__(self) -> str:
        return f"reminders of draft {self.draft_id}"


class Reminder(models.Model):
    """One email that is due. Claimed, tried and given up as links are."""

    class Occasion(models.TextChoices):
        WEEK = "week", "a week is left"
        DAY = "day", "a day is left"
        MOVED = "moved", "the closing date was changed"

    class State(models.TextChoices):
        WAITING = "waiting", "waiting to be sent"
        SENT = "sent", "sent"
        FAILED = "failed", "could not be delivered"
        RETURNED = "returned", "came back"
        COMPLAINED = "complained", "called unwanted by its reader"

    request = models.ForeignKey(ReminderRequest, on_delete=models.CASCADE, related_name="reminders")
    occasion = models.CharField(max_length=10, choices=Occasion)
    closes_at = models.DateTimeField(help_text="The closing that it announces.")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    message_id = models.CharField(max_length=200, unique=True)
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now(), help_text="When the next try may be made.")
    leased_until = models.DateTimeField(null=True, help_text="A worker has it in hand until then.")
    reason = models.CharField(
        max_length=300, blank=True, help_text="Why it could not be delivered, or not yet."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["request", "occasion", "closes_at"],
                condition=~models.Q(occasion="moved"),
                name="one_reminder_an_occasion",
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(state="waiting"), name="reminders_waiting"
            )
        ]

    def __str__(self) -> str:
        return f"reminder {self.pk}: {self.state}"
