"""Petitions: one text that many people signed. Counted apart from responses, everywhere."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from consult.models import Consultation
from responses.models.batch import Batch
from responses.models.response import Response


class Petition(models.Model):
    """A petition as it was recorded, or corrected: then it points to the `earlier` record of it.

    A row is never changed, except that its organiser's name and address are removed when they have
    been kept long enough, or the organiser asks. The row without a later one is the current one.
    """

    consultation = models.ForeignKey(
        Consultation, on_delete=models.PROTECT, related_name="petitions"
    )
    number = models.PositiveIntegerField(help_text="The same for all records of one petition.")
    title = models.CharField(max_length=200)
    text = models.TextField(help_text="What its signatories signed, word for word.")
    signatures = models.PositiveIntegerField()
    organiser_name = models.CharField(max_length=200, blank=True)
    organiser_email = models.CharField(max_length=254, blank=True)
    channel = models.CharField(max_length=10, choices=Response.Channel)
    received_on = models.DateField()
    withdrawn = models.BooleanField(default=False, help_text="It does not count any more.")
    earlier = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="later"
    )
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was corrected.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["number", "-id"]

    def __str__(self) -> str:
        return f"petition {self.number}"


class BatchPetition(models.Model):
    """A petition as it stood when a batch was sealed, so that the batch never changes."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="petitions")
    petition = models.ForeignKey(Petition, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "petition"], name="one_place_of_a_petition_in_a_batch"
            )
        ]
