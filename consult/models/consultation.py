"""A consultation with its dates, and the editions of what it asked."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models.functions import Now


class Consultation(models.Model):
    """One consultation: who is asking, about what, until when, and how to answer.

    The window is half-open: open from `opens_at` up to, but not at, `closes_at`. Whether it is open
    is always computed from the database's clock (`phase_at`), never stored.
    """

    class Phase(models.TextChoices):
        ADVANCE = "advance", "opens later"
        OPEN = "open", "open"
        GRACE = "grace", "closed, but those who had begun may still send"
        CLOSED = "closed", "closed"

    slug = models.SlugField(unique=True, max_length=80)
    title = models.CharField(max_length=200)
    summary = models.TextField()
    owner = models.CharField(max_length=200)
    statute = models.CharField(max_length=200, blank=True)
    contact = models.JSONField(
        default=dict, help_text="organisation, postal_address (lines), email, telephone"
    )
    ways_to_respond = models.JSONField(default=list)
    alternative_formats = models.JSONField(default=list)
    safety_notice = models.TextField(blank=True)
    statement = models.TextField(
        blank=True, help_text="The source of the descriptions, shown on every page of content."
    )
    recommendations_statement = models.TextField(blank=True)
    sources = models.JSONField(default=list)
    references = models.JSONField(
        default=list,
        help_text="The number and title of each, and its address or why there is none.",
    )
    equality_intro = models.TextField(blank=True)
    attachments = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        help_text="most, types and megabytes of the files that respondents may attach; or nothing",
    )
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    grace_minutes = models.PositiveSmallIntegerField(default=10)
    published_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.CharField(
        max_length=500, blank=True, default="", db_default="", help_text="What the public reads."
    )
    batches_include_contacts = models.BooleanField(default=False)
    batches_include_letters = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whether the originals of letters are handed over, besides what was keyed.",
    )
    batch_hour = models.PositiveSmallIntegerField(
        default=2,
        db_default=2,
        help_text="The hour in London, 0 to 23, at which the daily batch is sealed.",
    )
    # Later than the table: columns that may be empty touch no row that is there.
    outcome_due_on = models.DateField(
        null=True, blank=True, help_text="By when the owner plans to say what it decided."
    )
    outcome = models.TextField(null=True, blank=True)  # noqa: DJ001
    outcome_address = models.URLField(null=True, blank=True, max_length=500)  # noqa: DJ001

    translations = models.JSONField(
        null=True, help_text="What the plan says in other languages, by language."
    )
    other_versions = models.JSONField(
        null=True, help_text="kind, title, address and language of each"
    )

    source_titles = models.JSONField(
        null=True, help_text="The address of each source that has a title, and the title."
    )

    now: datetime  # The database's time, on rows from `published`.

    class Meta:
        ordering = ["-closes_at", "slug"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(opens_at__lt=models.F("closes_at")),
                name="it_opens_before_it_closes",
            ),
            models.CheckConstraint(
                condition=models.Q(batch_hour__lte=23), name="the_batch_hour_is_an_hour_of_the_day"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def grace_ends_at(self) -> datetime:
        """The instant until which someone who started before closing can still send."""
        return self.closes_at + timedelta(minutes=self.grace_minutes)

    def phase_at(self, instant: datetime) -> Consultation.Phase:
        """Return the phase of the consultation at `instant`."""
        if instant < self.opens_at:
            return self.Phase.ADVANCE
        if instant < self.closes_at:
            return self.Phase.OPEN
        return self.Phase.GRACE if instant < self.grace_ends_at else self.Phase.CLOSED


def published() -> models.QuerySet[Consultation]:
    """Return the consultations the public may see, each with `now`: the time on the database's
    clock, the one that decides.
    """
    return once_published().filter(withdrawn_at__isnull=True)


def once_published() -> models.QuerySet[Consultation]:
    """Return those and the withdrawn ones, for people who were answering when one was withdrawn."""
    return with_now(Consultation.objects.filter(published_at__isnull=False))


def with_now(found: models.QuerySet[Consultation]) -> models.QuerySet[Consultation]:
    """Return the same consultations, each with `now`: the time on the database's clock."""
    # The model declares it, for those who read it.
    return found.annotate(now=Now())  # type: ignore[no-redef]


class Edition(models.Model):
    """What a consultation said and asked from one moment on, complete and never edited.

    Each response points to the edition it answered, so that its receipt, the review page and the
    codebook show the wording as it was. `consult.plans.publishing.publish_edition` makes `content`
    from the rows beside it.
    """

    consultation = models.ForeignKey(
        Consultation, on_delete=models.PROTECT, related_name="editions"
    )
    number = models.PositiveIntegerField()
    content = models.JSONField()
    digest = models.CharField(
        max_length=64, help_text="SHA-256 of the canonical JSON of the content."
    )
    published_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["consultation", "number"]
        constraints = [
            models.UniqueConstraint(fields=["consultation", "number"], name="one_edition_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.consultation.slug}, edition {self.number}"
