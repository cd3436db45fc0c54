"""Responses, exactly as they were sent."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now, Upper

from consult.models import Consultation, Edition


class Response(models.Model):
    """Everything that one respondent sent at one time.

    Never edited: a trigger refuses. Changes are new versions of the same reference:
    `submit_response` writes the first, `amend_response` and `withdraw_response` the later ones. The
    newest version is what the respondent says; a withdrawal says nothing.

    `choices` and `texts` are keyed by the question's slug. A choice is an option's slug, or a list
    of them where several may be chosen; what was written in beside an option is in `texts` under
    "question-slug--option-slug".
    """

    class Act(models.TextChoices):
        SENT = "sent", "sent"
        AMENDED = "amended", "changed"
        WITHDRAWN = "withdrawn", "withdrawn"
        ERASED = "erased", "erased"

    class Channel(models.TextChoices):
        ONLINE = "online", "online"
        POST = "post", "by post"
        EMAIL = "email", "by email"
        TELEPHONE = "telephone", "by telephone"
        IMPORTED = "imported", "from another system"

    class Timing(models.TextChoices):
        IN_TIME = "in-time", "in time"
        IN_GRACE = "in-grace", "in the grace period"
        LATE = "late", "late, accepted by staff"

    consultation = models.ForeignKey(
        Consultation, on_delete=models.PROTECT, related_name="responses"
    )
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="responses")
    reference = models.CharField(max_length=20)
    version = models.PositiveSmallIntegerField(default=1)
    act = models.CharField(
        max_length=10,
        choices=Act,
        default=Act.SENT,
        db_default="sent",
        help_text="What the respondent did to make this version.",
    )
    choices = models.JSONField()
    texts = models.JSONField()
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.ONLINE)
    timing = models.CharField(max_length=10, choices=Timing)
    started_at = models.DateTimeField(help_text="When the form was first opened.")
    received_at = models.DateTimeField(
        db_default=Now(), help_text="The database's clock at the submission's arrival."
    )
    submission_key = models.UUIDField(
        help_text="Comes with the form, so that sending twice makes one response."
    )
    digest = models.CharField(
        max_length=64, help_text="SHA-256 of the canonical JSON of what was sent, contact included."
    )
    receipt_hash = models.CharField(
        max_length=64, help_text="SHA-256 of the token that opens the receipt."
    )
    flags = ArrayField(
        models.CharField(max_length=40),
        default=list,
        help_text="What looked odd on arrival. Never a reason to drop it.",
    )
    synthetic = models.BooleanField(
        default=False, help_text="Made by fill_responses, not by a person."
    )

    language = models.CharField(  # noqa: DJ001  # later than the table: empty touches no row
        max_length=10,
        null=True,
        help_text="In which language the pages were that it was sent from; empty for paper.",
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["reference", "version"], name="one_response_a_reference_and_version"
            ),
            models.UniqueConstraint(
                fields=["submission_key"], name="one_response_a_submission_key"
            ),
            models.UniqueConstraint(
                fields=["receipt_hash", "version"], name="one_receipt_a_reference"
            ),
        ]
        # For `responses.reviewing.filters`. Values that most responses share need no index.
        indexes = [
            GinIndex(fields=["choices"], opclasses=["jsonb_path_ops"], name="choices_of_responses"),
            GinIndex(fields=["flags"], name="flags_of_responses"),
            models.Index(fields=["received_at"], name="responses_by_arrival"),
            models.Index(
                fields=["channel", "-id"],
                condition=~models.Q(channel="online"),
                name="responses_not_online",
            ),
            models.Index(
                fields=["timing", "-id"],
                condition=~models.Q(timing="in-time"),
                name="responses_not_in_time",
            ),
            models.Index(
                fields=["act", "-id"], condition=~models.Q(act="sent"), name="responses_changed"
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class Contact(models.Model):
    """Contact details, kept apart from the answers so that they can be left out or erased.

    `name`, `email` and `postcode_district` stay as they were received. If the address turns out to
    be wrong, `responses.responding.resending` puts the right one in `corrected_email`.
    """

    response = models.OneToOneField(Response, on_delete=models.PROTECT, related_name="contact")
    name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    postcode_district = models.CharField(
        max_length=20, blank=True, help_text="The first half of a postcode, as written."
    )
    corrected_email = models.CharField(max_length=254, blank=True, default="", db_default="")
    corrected_at = models.DateTimeField(null=True)

    class Meta:
        # Emails are compared ignoring case.
        indexes = [models.Index(Upper("email"), name="contacts_by_email")]

    def __str__(self) -> str:
        return f"contact of {self.response.reference}"

    @property
    def reachable_at(self) -> str:
        """The best address we know; may be empty."""
        return self.corrected_email or self.email
