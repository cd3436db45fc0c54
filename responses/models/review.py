"""The reading of responses by staff: rows beside a response, which never change it."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from responses.models.response import Response


class Review(models.Model):
    """How far staff have got with one response.

    Written with the response, and moved only by `responses.reviewing.reviews`.

    `version` grows with every move, so that the second of two reviewers is told and nothing is
    overwritten.
    """

    class State(models.TextChoices):
        UNREAD = "unread", "Unread"
        READING = "reading", "Being read"
        CONSIDERED = "considered", "Considered"
        SET_ASIDE = "set-aside", "Set aside"

    response = models.OneToOneField(Response, on_delete=models.PROTECT, related_name="review")
    state = models.CharField(max_length=10, choices=State, default=State.UNREAD)
    version = models.PositiveIntegerField(default=0)
    superseded = models.BooleanField(
        default=False,
        db_default=False,
        help_text="There is a newer version of the response, which is the one to read.",
    )
    changed_at = models.DateTimeField(db_default=Now())
    decided_in_bulk = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Its state comes from a bulk change, not from reading this one.",
    )
    marked_read_at = models.DateTimeField(
        null=True, help_text="When a bulk change marked it as read, without anyone opening it."
    )
    first_read_at = models.DateTimeField(
        null=True, help_text="When this version was first on someone's screen."
    )
    first_read_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        indexes = [
            models.Index(fields=["state", "-response"], name="reviews_by_state"),
            models.Index(
                fields=["response"], condition=models.Q(superseded=True), name="reviews_superseded"
            ),
            models.Index(
                fields=["-response"],
                condition=models.Q(first_read_at=None),
                name="reviews_never_opened",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.response.reference}: {self.state}"


class Reading(models.Model):
    """One version of a response, or one answer of it, was on someone's screen.

    Written only by `responses.reviewing.reading`, and never by a bulk change.
    """

    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="readings")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    question = models.SlugField(
        max_length=120,
        blank=True,
        help_text="The question, if only its answer was shown; or empty.",
    )
    first_at = models.DateTimeField(db_default=Now())
    last_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["response", "by", "question"], name="one_reading_a_person_and_answer"
            )
        ]


class ReviewStep(models.Model):
    """One move of a review to another state, or a note: who, when and why. Never edited."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="steps")
    at = models.DateTimeField(db_default=Now())
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    from_state = models.CharField(max_length=10, choices=Review.State)
    to_state = models.CharField(max_length=10, choices=Review.State)
    note = models.TextField(blank=True)
    bulk = models.ForeignKey(
        "responses.BulkChange",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="The bulk change that this was part of.",
    )

    class Meta:
        ordering = ["id"]
