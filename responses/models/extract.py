"""Extracts: files that staff ask for. They are not batches."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from consult.models import Consultation
from responses.models.response import Response


class Extract(models.Model):
    """A pack of responses for a member of staff: everything so far, or what matches a filter.

    It has no batch number and is in no chain. Its file is deleted some days after it is ready.
    """

    class Kind(models.TextChoices):
        EVERYTHING = "everything", "everything so far"
        FILTER = "filter", "what matches a filter"

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        READY = "ready", "ready"
        FAILED = "failed", "failed"

    consultation = models.ForeignKey(
        Consultation, on_delete=models.PROTECT, related_name="extracts"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    query = models.TextField(
        blank=True, help_text="The filter, as the review list has it in its address."
    )
    includes_contacts = models.BooleanField(default=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    leased_until = models.DateTimeField(null=True, help_text="A worker has it in hand until then.")
    attempts = models.PositiveSmallIntegerField(default=0)
    taken_at = models.DateTimeField(null=True, help_text="When its responses were chosen.")
    total = models.PositiveIntegerField(default=0, help_text="How many responses it holds.")
    done = models.PositiveIntegerField(default=0, help_text="How many of them are written so far.")
    ready_at = models.DateTimeField(null=True)
    bytes = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    failure = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.consultation.slug}, extract {self.pk}"


class ExtractMember(models.Model):
    """One version of a response in an extract, with its row number."""

    extract = models.ForeignKey(Extract, on_delete=models.CASCADE, related_name="members")
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="extract_members")
    row = models.PositiveIntegerField(help_text="From 1, in the order of arrival.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["extract", "row"], name="one_extract_member_a_row")
        ]
