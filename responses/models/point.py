"""The register of points: what was said, in one sentence each, and what became of it."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from consult.models import Consultation
from responses.models.coding import Code
from responses.models.response import Response


class Point(models.Model):
    """One thing that someone said about the plan, in one sentence in the words of staff, and what
    MOPAC makes of it. That one person said it is enough.

    Each change of it is a `PointVersion`; the newest is copied here.
    """

    class Status(models.TextChoices):
        OPEN = "open", "Being analysed"
        READY = "ready", "Ready to be decided"
        DECIDED = "decided", "Decided"
        MERGED = "merged", "Part of another point"

    class Change(models.TextChoices):
        NOT_SAID = "", "Not said yet"
        NONE = "none", "No change to the plan"
        WORDING = "wording", "New wording"

    consultation = models.ForeignKey(Consultation, on_delete=models.PROTECT, related_name="points")
    number = models.PositiveIntegerField()
    part = models.SlugField(max_length=80, help_text="The part of the plan that it concerns.")
    sentence = models.CharField(max_length=300)
    analysis = models.TextField(blank=True, help_text="What officers make of it.")
    answer = models.TextField(blank=True, help_text="The answer that they propose.")
    change = models.CharField(max_length=10, choices=Change, blank=True, default=Change.NOT_SAID)
    old_wording = models.TextField(blank=True)
    new_wording = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="merged"
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["consultation", "number"], name="one_point_a_consultation_and_number"
            ),
            models.CheckConstraint(
                condition=models.Q(status="merged", merged_into__isnull=False)
                | (~models.Q(status="merged") & models.Q(merged_into=None)),
                name="a_merged_point_names_the_other",
            ),
        ]

    def __str__(self) -> str:
        return self.sentence


class PointVersion(models.Model):
    """A point as it was from `at` until the next version: `content` has every field of it.
    Append-only.
    """

    point = models.ForeignKey(Point, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    content = models.JSONField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["version"]
        constraints = [
            models.UniqueConstraint(
                fields=["point", "version"], name="one_version_a_point_and_number"
            )
        ]


class PointCode(models.Model):
    """Whatever has this code makes this point.

    Taking it off again is written down beside it, and the row stays.
    """

    point = models.ForeignKey(Point, on_delete=models.PROTECT, related_name="codes")
    code = models.ForeignKey(Code, on_delete=models.PROTECT, related_name="points")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["point", "code"],
                condition=models.Q(removed_at=None),
                name="one_feed_a_point_and_code",
            )
        ]


class PointPassage(models.Model):
    """An answer, or the characters of it from `start` until before `end`, that makes this point.

    Its words are not copied here. Taking it off is written down beside it, and the row stays.
    """

    point = models.ForeignKey(Point, on_delete=models.PROTECT, related_name="passages")
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="point_passages")
    question = models.SlugField(max_length=200, help_text="The key of the text.")
    start = models.PositiveIntegerField(null=True)
    end = models.PositiveIntegerField(null=True)
    quote = models.BooleanField(default=False, help_text="One of the point's best quotes.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["point", "response", "question", "start", "end"],
                condition=models.Q(removed_at=None),
                nulls_distinct=False,
                name="one_passage_a_point",
            ),
            models.CheckConstraint(
                condition=models.Q(start=None, end=None) | models.Q(start__lt=models.F("end")),
                name="a_points_passage_has_both_ends",
            ),
        ]


class NoPoint(models.Model):
    """Why an answer makes no point of its own, by name.

    Taking it back is written down beside it, and the row stays.
    """

    class Reason(models.TextChoices):
        NO_CODE = "no-code", "It makes no point: nothing to weigh in it"
        OFF_SUBJECT = "off-subject", "Off the subject of this consultation"
        SAME_LETTER = "same-letter", "The same letter as another response"

    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="no_points")
    question = models.SlugField(max_length=200, help_text="The key of the text.")
    reason = models.CharField(max_length=14, choices=Reason)
    same_as = models.ForeignKey(
        Response,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Whose letter it is; it makes the points that this one makes.",
    )
    same_question = models.SlugField(max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["response", "question"],
                condition=models.Q(removed_at=None),
                name="one_reason_an_answer",
            ),
            models.CheckConstraint(
                condition=models.Q(reason="same-letter", same_as__isnull=False)
                | (~models.Q(reason="same-letter") & models.Q(same_as=None)),
                name="the_same_letter_names_the_other",
            ),
        ]
