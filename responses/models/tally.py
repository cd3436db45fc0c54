"""The figures of the dashboard, counted by a job now and then."""

from django.db import models
from django.db.models.functions import Now

from consult.models import Consultation


class Tally(models.Model):
    """What was counted at one moment, as `responses.dashboard.tallies` made it: bare figures,
    nobody's words. The newest is shown.
    """

    consultation = models.OneToOneField(
        Consultation, on_delete=models.PROTECT, related_name="tally"
    )
    counted_at = models.DateTimeField(db_default=Now())
    figures = models.JSONField()
