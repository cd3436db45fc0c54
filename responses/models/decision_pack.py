"""What those who decide have before them, frozen; which points they opened; what they decided."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from consult.models import Consultation, Edition
from responses.models.point import PointVersion


class DecisionPack(models.Model):
    """A numbered set of points to be decided, sealed as a batch is. Changed only in what is known
    of its files.

    `contents` names responses and has figures: no respondent's words are copied here, and its files
    are written from it as often as needed.
    """

    consultation = models.ForeignKey(
        Consultation, on_delete=models.PROTECT, related_name="decision_packs"
    )
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    summary = models.TextField(help_text="The officers' own, for those who decide.")
    contents = models.JSONField()
    unweighed_reason = models.TextField(
        blank=True, help_text="Why it was sealed while something led nowhere."
    )
    sealed_at = models.DateTimeField(db_default=Now())
    sealed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    files = models.JSONField(default=list)
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    instead_of = ArrayField(
        models.CharField(max_length=64),
        default=list,
        help_text="Earlier manifests, which named files with words that were erased since.",
    )

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["consultation", "number"], name="one_pack_a_consultation_and_number"
            )
        ]

    def __str__(self) -> str:
        return f"decision pack {self.number}"


class PackPoint(models.Model):
    """A point in a pack: the version that was sealed, who made it then, and by which passages
    ([response, question, start, end, quote] of each). Append-only.
    """

    pack = models.ForeignKey(DecisionPack, on_delete=models.PROTECT, related_name="points")
    version = models.ForeignKey(PointVersion, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    makers = models.JSONField()
    answers = models.JSONField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["pack", "number"], name="one_point_a_pack_and_number")
        ]


class PackOpening(models.Model):
    """That someone had a point of a pack on the screen, or the pack itself where it names none."""

    pack = models.ForeignKey(DecisionPack, on_delete=models.PROTECT, related_name="openings")
    point = models.ForeignKey(
        PackPoint, null=True, on_delete=models.PROTECT, related_name="openings"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    first_at = models.DateTimeField(db_default=Now())
    last_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pack", "point", "by"],
                nulls_distinct=False,
                name="one_opening_a_point_and_person",
            )
        ]


class PointDecision(models.Model):
    """What someone decided about a point, on the version that they had before them. The newest
    counts. Append-only.

    `before` says what else was before them: the pack's manifest, and which points they had opened.
    """

    class Outcome(models.TextChoices):
        AGREED = "agreed", "Agreed as proposed"
        PARTLY = "partly", "Agreed in part"
        NOT_AGREED = "not-agreed", "Not agreed"

    point = models.ForeignKey(PackPoint, on_delete=models.PROTECT, related_name="decisions")
    outcome = models.CharField(max_length=10, choices=Outcome)
    reason = models.TextField(blank=True)
    before = models.JSONField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
