"""Drafts: answers that have not been sent."""

from typing import Any

from django.db import models
from django.db.models.functions import Now

from consult.models import Consultation, Edition
from responses.models.response import Response


class Draft(models.Model):
    """Answers that someone has not sent yet.

    Opened by an unguessable token, of which only the SHA-256 is stored.

    `revision` grows with every save that changes an answer, so that two people on one draft cannot
    overwrite each other unseen, and only what was checked is sent.
    """

    consultation = models.ForeignKey(Consultation, on_delete=models.CASCADE, related_name="drafts")
    token_hash = models.CharField(max_length=64, unique=True)
    submission_key = models.UUIDField(unique=True)
    amends = models.ForeignKey(
        Response,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="The version that it changes, if any.",
    )
    parts_done = models.JSONField(
        default=list, help_text="Slugs of the pages on which Continue was pressed."
    )
    revision = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(db_default=Now())
    saved_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"draft {self.pk}"

    @property
    def answers(self) -> dict[str, Any]:
        """What was typed, keyed by field name."""
        return {row.name: row.value for row in self.kept.all() if row.value}


class DraftAnswer(models.Model):
    """What one field of a draft holds, as it was typed, even if a response could not hold it.

    A row of its own, so that a save writes only what it changes. `edition` has the question's
    wording on the page where it was answered, and `revision` is the draft's when it last changed. A
    removed answer stays, empty.
    """

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="kept")
    name = models.CharField(max_length=200)
    value = models.JSONField()
    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="+")
    revision = models.PositiveIntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["draft", "name"], name="one_answer_a_field_of_a_draft")
        ]

    def __str__(self) -> str:
        return f"{self.name} of draft {self.draft_id}"


class SentDraft(models.Model):
    """The response that a draft became.

    The browser that sent it still has the draft's token, and learns from this that the draft was
    sent even if our reply was lost.
    """

    response = models.OneToOneField(Response, on_delete=models.CASCADE, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return f"draft of {self.response_id}"


class DraftLink(models.Model):
    """An email with the link to a draft.

    Deleted with the draft. Claimed, tried and given up like a confirmation.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "waiting to be sent"
        SENT = "sent", "sent"
        FAILED = "failed", "could not be delivered"
        RETURNED = "returned", "came back"
        COMPLAINED = "complained", "called unwanted by its reader"

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="links")
    email = models.CharField(max_length=254)
    language = models.CharField(max_length=10, default="en-gb", db_default="en-gb")
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
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(state="waiting"), name="draft_links_waiting"
            )
        ]

    def __str__(self) -> str:
        return f"link to draft {self.draft_id}: {self.state}"


class DraftVisit(models.Model):
    """That a browser has a shared draft open: by a hash that says nothing about any other draft."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="visits")
    browser = models.CharField(max_length=64)
    part = models.CharField(max_length=120, blank=True)
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["draft", "browser"], name="one_visit_a_browser")
        ]

    def __str__(self) -> str:
        return f"visit to draft {self.draft_id}"
