"""What a consultation says and asks, as editors see it.

The public reads the edition made from it.
"""

from django.db import models

from consult.models.consultation import Consultation


class Section(models.Model):
    """A part of the plan."""

    consultation = models.ForeignKey(
        Consultation, on_delete=models.PROTECT, related_name="sections"
    )
    slug = models.SlugField(max_length=80)
    order = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200)
    summary = models.TextField()
    commitments = models.JSONField(default=list, blank=True)
    official_theme = models.BooleanField(default=True)
    grouping_note = models.TextField(blank=True)
    sources = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["consultation", "order"]
        constraints = [
            models.UniqueConstraint(fields=["consultation", "slug"], name="one_section_a_slug")
        ]

    def __str__(self) -> str:
        return self.title


class Recommendation(models.Model):
    """A proposed change to the plan: who put it forward, and what is known about it."""

    consultation = models.ForeignKey(
        Consultation, on_delete=models.PROTECT, related_name="recommendations"
    )
    slug = models.SlugField(max_length=80)
    order = models.PositiveSmallIntegerField()
    headline = models.CharField(max_length=300)
    attribution = models.CharField(max_length=200)
    context = models.TextField()
    draft_plan_coverage = models.TextField(blank=True)
    figures = models.JSONField(
        default=list, blank=True, help_text=("The value, meaning and source of each.")
    )
    sources = models.JSONField(default=list, blank=True)
    related_sections = models.JSONField(default=list, blank=True, help_text="slugs")

    class Meta:
        ordering = ["consultation", "order"]
        constraints = [
            models.UniqueConstraint(
                fields=["consultation", "slug"], name="one_recommendation_a_slug"
            )
        ]

    def __str__(self) -> str:
        return self.headline


class Question(models.Model):
    """Something a respondent can answer.

    Its slug and kind never change once published. `part` is the page it is on: the slug of a
    section or recommendation, or "general", "about-you" or "equality".
    """

    consultation = models.ForeignKey(
        Consultation, on_delete=models.PROTECT, related_name="questions"
    )
    slug = models.SlugField(max_length=120)
    part = models.SlugField(max_length=80)
    order = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20, help_text="The name of an entry of consult.plans.kinds.")
    text = models.TextField()
    help = models.TextField(blank=True)
    scale = models.SlugField(
        max_length=40, blank=True, help_text="Questions with the same scale can be compared."
    )
    max_choices = models.PositiveSmallIntegerField(null=True, blank=True)
    max_chars = models.PositiveIntegerField(null=True, blank=True)
    show_if = models.JSONField(
        default=dict,
        blank=True,
        help_text="{question slug: option slug} if it is only asked after that answer.",
    )
    details = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="Details of its kind, such as a number's bounds.",
    )

    class Meta:
        ordering = ["consultation", "order"]
        constraints = [
            models.UniqueConstraint(fields=["consultation", "slug"], name="one_question_a_slug")
        ]

    def __str__(self) -> str:
        return self.slug


class Option(models.Model):
    """One of the answers to a closed question."""

    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="options")
    slug = models.SlugField(max_length=80)
    order = models.PositiveSmallIntegerField()
    label = models.CharField(max_length=200)
    value = models.SmallIntegerField(
        null=True, blank=True, help_text="Its place on a scale; empty outside the scale."
    )
    group = models.CharField(max_length=200, blank=True)
    write_in = models.BooleanField(default=False, help_text="Choosing it opens a line to say more.")
    exclusive = models.BooleanField(default=False, help_text="Cannot be chosen with others.")

    class Meta:
        ordering = ["question", "order"]
        constraints = [
            models.UniqueConstraint(fields=["question", "slug"], name="one_option_a_slug")
        ]

    def __str__(self) -> str:
        return self.label
