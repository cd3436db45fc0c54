"""Answers that have not been sent."""

from django.db import models
from django.db.models.functions import Now

from consult.models import Consultation
from responses.models.response import Response


class Draft(models.Model):
    """Answers that someone has not sent yet.

    Opened by an unguessable token, of which only the SHA-256 is stored.

    `answers` holds what was typed, keyed by field name, just as it was typed: a draft may hold what
    a response may not. `revision` grows with every save, so that two people on one draft cannot
    overwrite each other unseen.
    """

    consultation = models.ForeignKey(Consultation, on_delete=models.CASCADE, related_name="drafts")
    token_hash = models.CharField(max_length=64, unique=True)
    submission_key = models.UUIDField(unique=True)
    amends = models.ForeignKey(
        Response,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="The version that it would change, if it would change one.",
    )
    answers = models.JSONField(default=dict)
    parts_done = models.JSONField(
        default=list, help_text="Slugs of the pages on which Continue was pressed."
    )
    revision = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(db_default=Now())
    saved_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"draft {self.pk}"


class DraftLink(models.Model):
    """An email with the link to a draft, to be sent.

    Goes when the draft goes.

    Claiming it moves `due_at` on, so that nobody else claims it meanwhile, and it comes up
    again if they die.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "waiting to be sent"
        SENT = "sent", "sent"
        FAILED = "failed", "could not be delivered"

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="links")
    email = models.CharField(max_length=254)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    message_id = models.CharField(max_length=200, unique=True)
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now(), help_text="When the next try may be made.")

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(state="waiting"), name="draft_links_waiting"
            )
        ]

    def __str__(self) -> str:
        return f"link to draft {self.draft_id}: {self.state}"
