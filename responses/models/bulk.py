"""Bulk changes: who asked for what, how far it has got, and what it changed, so that it can be
undone.
"""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from responses.models.campaign import Campaign
from responses.models.coding import Code
from responses.models.response import Response


class BulkChange(models.Model):
    """A change to all responses that matched a filter.

    Only `responses.reviewing.bulk_changes` makes, carries out and undoes one.
    """

    class Act(models.TextChoices):
        MOVE = "move", "move to a state"
        READ = "read", "mark as read"
        CODE = "code", "give a code"
        UNCODE = "uncode", "take a code off"
        CAMPAIGN = "campaign", "put into a campaign"

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        RUNNING = "running", "running"
        DONE = "done", "done"
        UNDOING = "undoing", "being undone"
        UNDONE = "undone", "undone"
        FAILED = "failed", "failed"

    key = models.UUIDField(
        unique=True,
        help_text="Comes with the page, so that pressing twice makes one change.",
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())
    query = models.TextField(
        blank=True, help_text="The filter, as the review list has it in its address."
    )
    act = models.CharField(max_length=10, choices=Act)
    to_state = models.CharField(max_length=10, blank=True)
    code = models.ForeignKey(Code, null=True, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, null=True, on_delete=models.PROTECT, related_name="+")
    note = models.TextField(blank=True)
    looked_at = models.DateTimeField(
        help_text=("When its figures were counted. Anything that changed since is left as it is.")
    )
    highest = models.BigIntegerField(
        help_text=(
            "The highest id of a response at that moment. What came in later is left as it is."
        )
    )
    seen = models.PositiveIntegerField(
        help_text="How many responses matched the filter at that moment."
    )
    seen_changes = models.PositiveIntegerField(
        help_text="How many of them were to be changed. No others are."
    )
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    total = models.PositiveIntegerField(default=0, help_text="How many responses it has got to.")
    changed = models.PositiveIntegerField(default=0)
    left = models.JSONField(default=dict, help_text="How many were left as they are, by reason.")
    ended_at = models.DateTimeField(null=True)
    undo_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    undo_asked_at = models.DateTimeField(null=True)
    undone = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(
        default=0, help_text="How many were not put back because someone changed them afterwards."
    )
    undone_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Failures in a row.")
    failure = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"change {self.pk}"


class BulkItem(models.Model):
    """One response of a bulk change, with everything needed to put it back."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        CHANGED = "changed", "changed"
        LEFT = "left", "left as it is"
        UNDONE = "undone", "put back"
        KEPT = "kept", "not put back"

    bulk = models.ForeignKey(
        BulkChange, on_delete=models.PROTECT, related_name="items", db_index=False
    )
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="bulk_items")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    why = models.CharField(
        max_length=20, blank=True, help_text="Why it was left as it is, or not put back."
    )
    from_state = models.CharField(max_length=10, help_text="Of the review, when it was taken up.")
    version = models.PositiveIntegerField(help_text="Of the review, when it was taken up.")
    rows = models.JSONField(
        default=list, help_text="The ids of the codings that it added or ended."
    )
    was_in_bulk = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Its earlier state came from a bulk change too.",
    )
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bulk", "response"], name="one_item_a_bulk_change_and_response"
            )
        ]
        indexes = [models.Index(fields=["bulk", "state", "response"], name="bulk_items_by_state")]
