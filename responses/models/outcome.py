"""What everyone may read of what was decided: public words alone, and apart from the register."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from responses.models.decision_pack import PointDecision
from responses.models.point import Point


class PublishedPoint(models.Model):
    """A point as it was published with its answer: what officers wrote besides stays with them.

    Publishing again replaces it by what was decided since.
    """

    point = models.OneToOneField(Point, on_delete=models.PROTECT, related_name="published")
    decision = models.ForeignKey(PointDecision, on_delete=models.PROTECT, related_name="+")
    sentence = models.CharField(max_length=300)
    answer = models.TextField()
    outcome = models.CharField(max_length=10, choices=PointDecision.Outcome)
    new_wording = models.TextField(blank=True)
    responses = models.PositiveIntegerField(help_text="How many made it when it was decided.")
    at = models.DateTimeField(db_default=Now())
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["point__number"]
