"""The dashboard's figures, which a job counts at regular intervals."""

from django.db import models
from django.db.models.functions import Now

from consult.models import Consultation


class Tally(models.Model):
    """The dashboard's figures at one moment, as `responses.dashboard.tallies` counted them.

    Only figures, and nothing that anyone wrote. The newest is shown.
    """

    consultation = models.OneToOneField(
        Consultation, on_delete=models.PROTECT, related_name="tally"
    )
    counted_at = models.DateTimeField(db_default=Now())
    figures = models.JSONField()
