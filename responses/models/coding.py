"""Coding of free text: codes with their meaning, and the answers or passages that have them."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from consult.models import Consultation
from responses.models.response import Response


class Code(models.Model):
    """One idea that answers to a question may contain.

    Each change adds a `CodeVersion`; the newest is copied here.
    """

    consultation = models.ForeignKey(Consultation, on_delete=models.PROTECT, related_name="codes")
    question = models.SlugField(max_length=120)
    group = models.CharField(max_length=80, blank=True)
    name = models.CharField(max_length=80)
    definition = models.TextField(blank=True, help_text="When to use it, and when not to.")
    version = models.PositiveSmallIntegerField(default=1)
    retired = models.BooleanField(
        default=False, help_text="No longer offered; answers that have it keep it."
    )

    class Meta:
        ordering = ["group", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["consultation", "question", "name"], name="one_code_a_question_and_name"
            )
        ]

    def __str__(self) -> str:
        return self.name


class CodeVersion(models.Model):
    """A code as it was from `at` until the next version. Append-only."""

    code = models.ForeignKey(Code, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveSmallIntegerField()
    group = models.CharField(max_length=80, blank=True)
    name = models.CharField(max_length=80)
    definition = models.TextField(blank=True)
    retired = models.BooleanField(default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["version"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "version"], name="one_version_a_code_and_number"
            )
        ]


class Coding(models.Model):
    """A code that one reviewer gave to one answer, or to a passage of it: the characters from
    `start` up to, not including, `end`.

    Removing it sets an end on the row and never deletes it.
    """

    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="codings")
    question = models.SlugField(max_length=120)
    code = models.ForeignKey(Code, on_delete=models.PROTECT, related_name="codings")
    start = models.PositiveIntegerField(null=True)
    end = models.PositiveIntegerField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["response", "question", "code", "by", "start", "end"],
                condition=models.Q(removed_at=None),
                nulls_distinct=False,
                name="one_coding_a_passage_code_and_reviewer",
            ),
            models.CheckConstraint(
                condition=models.Q(start=None, end=None) | models.Q(start__lt=models.F("end")),
                name="a_passage_has_a_beginning_and_an_end",
            ),
        ]


class CodedAnswer(models.Model):
    """A reviewer has coded this answer, even if no code fitted."""

    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="coded_answers")
    question = models.SlugField(max_length=120)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())
    seen_with = models.ForeignKey(
        Response,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The response whose answer, which says exactly the same, they had on the screen.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["response", "question", "by"], name="one_coded_answer_a_reviewer"
            )
        ]
        indexes = [models.Index(fields=["question", "response"], name="coded_answers_by_question")]


class SecondCoding(models.Model):
    """A random sample for a second reviewer to code without seeing the first reviewer's codes."""

    consultation = models.ForeignKey(
        Consultation, on_delete=models.PROTECT, related_name="second_codings"
    )
    question = models.SlugField(max_length=120)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who codes them again.",
    )
    drawn_at = models.DateTimeField(db_default=Now())
    responses = ArrayField(models.BigIntegerField(), help_text="Their ids, in the order drawn.")

    class Meta:
        ordering = ["-id"]
