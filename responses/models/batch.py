"""Batches: what MOPAC receives, and the files that hold it."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from consult.models import Consultation
from responses.models.response import Response


class Batch(models.Model):
    """A numbered set of responses, fixed for ever when sealed.

    Its files are a function of its members. They are written again if something in them is erased
    before they are handed over, and never after that.

    Numbers run 1, 2, 3 … within a consultation. A batch without members is a nil return: it says
    that nothing arrived.
    """

    consultation = models.ForeignKey(Consultation, on_delete=models.PROTECT, related_name="batches")
    number = models.PositiveIntegerField()
    sealed_at = models.DateTimeField(db_default=Now())
    sealed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty if the schedule sealed it.",
    )
    size = models.PositiveIntegerField(help_text="How many responses it holds.")
    includes_contacts = models.BooleanField(default=False)
    lost_before = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        help_text="number and manifest_sha256 of each batch before it that was handed over and that"
        " a restored database did not know",
    )
    instead_of = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        help_text="The manifest_sha256 of each earlier form of its files, which was never handed"
        " over: something in it was erased.",
    )
    follows_sha256 = models.CharField(
        max_length=64,
        blank=True,
        db_default="",
        help_text="The manifest that its own names before it, since its files were written.",
    )
    written_at = models.DateTimeField(null=True)
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    files = models.JSONField(
        default=list, help_text="Name, bytes, rows and sha256 of each file, as in the manifest."
    )
    codes = models.JSONField(
        null=True,
        help_text="The reviewers' codes with their meaning, as they were when it was sealed.",
    )
    pack = models.JSONField(null=True, help_text="bytes and sha256 of the zip with all its files")
    failure = models.CharField(
        max_length=300, blank=True, help_text="Why the last try to write it failed."
    )

    class Meta:
        ordering = ["consultation", "-number"]
        verbose_name_plural = "batches"
        constraints = [
            models.UniqueConstraint(fields=["consultation", "number"], name="one_batch_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.consultation.slug}, batch {self.number}"


class Writing(models.Model):
    """The progress of writing a batch.

    Saved outside the transaction that writes it, and deleted when that succeeds.
    """

    class Stage(models.TextChoices):
        ROWS = "rows", "its rows are written"
        FILES = "files", "its files are stored"
        ZIP = "zip", "its zip is made"

    # Without a constraint, so that reporting progress waits for nobody.
    batch = models.OneToOneField(
        Batch, on_delete=models.CASCADE, related_name="writing", db_constraint=False
    )
    stage = models.CharField(max_length=10, choices=Stage)
    done = models.PositiveIntegerField()
    total = models.PositiveIntegerField()
    told_at = models.DateTimeField(db_default=Now())
    made = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        help_text="The files that each step stored, and how many erasures had reached them.",
    )


class BatchMember(models.Model):
    """One response in a batch, with its row number.

    The one-to-one key keeps the promise that each response is in exactly one batch.
    """

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="members")
    response = models.OneToOneField(Response, on_delete=models.PROTECT, related_name="membership")
    row = models.PositiveIntegerField(help_text="From 1, in the order of arrival.")

    class Meta:
        ordering = ["batch", "row"]
        constraints = [models.UniqueConstraint(fields=["batch", "row"], name="one_member_a_row")]


class Removal(models.Model):
    """The deletion of a batch's files once they have been kept long enough. The batch itself keeps
    their names and hashes.

    Written before the first file is deleted: while `ended_at` is empty some may still be there, and
    the next run continues.
    """

    batch = models.OneToOneField(Batch, on_delete=models.PROTECT, related_name="removal")
    at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, help_text="When the last file was deleted.")


class MemberMarks(models.Model):
    """A copy of a response's codes and campaigns when its batch was sealed, so that the batch never
    changes.

    Written when sealing, only for members that have any. Erasing a response removes its row.
    """

    member = models.OneToOneField(BatchMember, on_delete=models.PROTECT, related_name="marks")
    campaigns = ArrayField(
        models.CharField(max_length=120),
        default=list,
        help_text="The names of the campaigns that it was in.",
    )
    codes = models.JSONField(
        default=list, help_text="[question, name of the code] for each code that an answer had."
    )
