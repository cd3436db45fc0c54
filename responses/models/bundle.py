"""Responses that came many at once: a standard letter with its senders, sheets of paper, a file."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from consult.models import Consultation, Edition
from responses.models.response import Response
from responses.models.transcription import Message


class Bundle(models.Model):
    """Many responses that staff loaded as one act.

    Only `responses.reviewing.bundles` makes, receives and undoes one. Each row becomes a response
    of its own, entered as if it had been keyed.
    """

    class Kind(models.TextChoices):
        LETTER = "letter", "a standard letter and its senders"
        SHEETS = "sheets", "sheets of paper answers"
        IMPORTED = "imported", "responses from another system"

    class State(models.TextChoices):
        WAITING = "waiting", "being received"
        DONE = "done", "received"
        UNDOING = "undoing", "being undone"
        UNDONE = "undone", "undone"

    key = models.UUIDField(
        unique=True, help_text="Comes with the page, so that pressing twice makes one bundle."
    )
    consultation = models.ForeignKey(Consultation, on_delete=models.PROTECT, related_name="bundles")
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=120, help_text="What staff call it.")
    letter = models.JSONField(
        default=dict,
        help_text="Empty: a letter stands in its responses alone. Goes with the next release.",
    )
    sha256 = models.CharField(
        max_length=64,
        blank=True,
        help_text="Of the file it came in, with the letter typed beside it.",
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    undo_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    undo_reason = models.CharField(max_length=300, blank=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"bundle {self.pk}"


class BundleRow(models.Model):
    """One response of a bundle.

    `fields` hold what the row says until it is received or left, and nothing afterwards: it is
    erased, changed and withdrawn as any response. `why` says why it was left as it is.
    """

    bundle = models.ForeignKey(Bundle, on_delete=models.PROTECT, related_name="rows")
    number = models.PositiveIntegerField(help_text="Its row in the file.")
    sheet = models.CharField(max_length=80, blank=True, help_text="What is written on its sheet.")
    fields = models.JSONField(default=dict)
    message = models.ForeignKey(Message, null=True, on_delete=models.PROTECT, related_name="+")
    response = models.OneToOneField(
        Response, null=True, on_delete=models.PROTECT, related_name="bundle_row"
    )
    undone = models.BooleanField(default=False)
    why = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["bundle", "number"], name="one_row_a_number")
        ]
        indexes = [models.Index(fields=["sheet"], name="bundle_rows_by_sheet")]
