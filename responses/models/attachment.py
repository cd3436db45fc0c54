"""Files that came with a response."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from responses.models.batch import Batch
from responses.models.draft import Draft
from responses.models.response import Response
from responses.models.transcription import Transcription


class Scan(models.TextChoices):
    """What the virus scanner said."""

    NOT_SCANNED = "not-scanned", "not scanned"
    CLEAN = "clean", "no virus found"


class Attachment(models.Model):
    """The original of a letter that staff keyed, or what a respondent attached.

    `file` is its name in the default storage, which is on no website. Versions of a response, and
    drafts that change it, may have the same file: it goes with the last row that names it, by the
    rules in responses/sql/files.sql.
    """

    transcription = models.ForeignKey(
        Transcription,
        null=True,
        on_delete=models.PROTECT,
        related_name="attachments",
        help_text="What staff keyed from it.",
    )
    response = models.ForeignKey(
        Response,
        null=True,
        on_delete=models.PROTECT,
        related_name="attachments",
        help_text="The version that its respondent sent it with.",
    )
    file = models.CharField(max_length=120)
    name = models.CharField(
        max_length=200, blank=True, db_default="", help_text="As its owner calls it."
    )
    kind = models.CharField(max_length=100, help_text="Its media type, by its content.")
    bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    scan = models.CharField(
        max_length=12, choices=Scan, default=Scan.NOT_SCANNED, db_default="not-scanned"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty for a respondent.",
    )
    at = models.DateTimeField(db_default=Now())
    batch = models.ForeignKey(
        Batch, null=True, on_delete=models.PROTECT, related_name="attachments"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["transcription", "sha256"], name="one_attachment_a_content"
            ),
            models.UniqueConstraint(
                fields=["response", "sha256"], name="one_attachment_a_version_and_content"
            ),
            models.CheckConstraint(
                condition=models.Q(transcription=None, response__isnull=False)
                | models.Q(transcription__isnull=False, response=None),
                name="it_came_with_one_response",
            ),
        ]
        indexes = [models.Index(fields=["file"], name="attachments_by_file")]

    @property
    def of(self) -> Response:
        """The version of a response that it came with."""
        return self.transcription.response if self.transcription else self.response  # type: ignore[return-value]  # one of the two


class DraftFile(models.Model):
    """A file that someone attached to what they have not sent. Goes when the draft goes.

    `revision` is the draft's when it was attached.
    """

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="files")
    file = models.CharField(max_length=120)
    name = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=100)
    bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    scan = models.CharField(max_length=12, choices=Scan)
    revision = models.PositiveIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["draft", "sha256"], name="one_file_a_draft_and_content")
        ]
        indexes = [models.Index(fields=["file"], name="files_of_drafts_by_file")]

    def __str__(self) -> str:
        return f"file of draft {self.draft_id}"
