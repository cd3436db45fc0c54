"""What the public may see of a response: redactions with their reasons, and approvals."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from consult.models import Consultation
from responses.models.response import Response


class Redaction(models.Model):
    """A passage that is not published: the characters from `start` up to, not including, `end` of
    one text.

    The response itself stays as it is. Removing a redaction sets an end on the row and never
    deletes it.
    """

    class Reason(models.TextChoices):
        PERSONAL = "personal", "personal details"
        THIRD_PARTY = "third-party", "about someone else"
        SAFETY = "safety", "could put someone in danger"
        PROCEEDINGS = "proceedings", "could harm a case in court"
        ABUSIVE = "abusive", "abusive or unlawful words"

    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="redactions")
    text = models.SlugField(max_length=200, help_text="The key of the text that it covers.")
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    reason = models.CharField(max_length=14, choices=Reason)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["text", "start", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(start__lt=models.F("end")),
                name="a_redaction_has_a_beginning_and_an_end",
            ),
            models.UniqueConstraint(
                fields=["response", "text", "start", "end"],
                condition=models.Q(removed_at=None),
                name="one_redaction_a_passage",
            ),
        ]


class Approval(models.Model):
    """A reviewer's decision about publishing one version of a response. The newest one counts."""

    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="approvals")
    publish = models.BooleanField()
    reason = models.CharField(max_length=300, blank=True, help_text="Why it is held back.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]


class PublishedResponse(models.Model):
    """A response whose newest version everyone may read.

    A list to page through, kept by `responses.published`.
    """

    consultation = models.ForeignKey(
        Consultation, on_delete=models.PROTECT, related_name="published_responses"
    )
    response = models.OneToOneField(
        Response, on_delete=models.PROTECT, related_name="published_response"
    )

    class Meta:
        indexes = [models.Index(fields=["consultation", "response"], name="published_in_order")]


class PublishedSet(models.Model):
    """A consultation's approved responses, which everyone can read: since when, and who decided it.

    With the file and the figures that a worker makes of them.
    """

    consultation = models.OneToOneField(
        Consultation, on_delete=models.PROTECT, related_name="published_set"
    )
    published_at = models.DateTimeField(db_default=Now())
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveBigIntegerField(
        default=1, db_default=1, help_text="Grows with every change of what can be read."
    )
    serve_from = models.PositiveBigIntegerField(
        default=1,
        db_default=1,
        help_text="A file of an earlier revision may hold what is now kept back.",
    )
    written_revision = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="The revision that the file and the figures are of."
    )
    written_at = models.DateTimeField(null=True)
    file = models.CharField(max_length=200, blank=True, db_default="")
    count = models.PositiveIntegerField(default=0, db_default=0)
    gaps = models.JSONField(
        null=True, help_text="[reason, how many] of the responses that cannot be read."
    )
    trouble = models.CharField(
        max_length=200,
        blank=True,
        db_default="",
        help_text="Why the file could not be made, if it could not.",
    )
