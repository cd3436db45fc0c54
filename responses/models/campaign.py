"""Responses that say nearly the same: what the search found, and what reviewers decided.

No text of a response is copied here.
"""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from consult.models import Consultation
from responses.models.response import Response


class Cluster(models.Model):
    """Answers that are nearly the same, as the last search found them.

    Only a suggestion: it changes nothing about any response, and each search replaces all of them.
    `sample` is the response whose answer to `question` is the commonest text; `question` is "" once
    that is erased.
    """

    consultation = models.ForeignKey(
        Consultation, on_delete=models.PROTECT, related_name="clusters"
    )
    found_at = models.DateTimeField(db_default=Now())
    sample = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="+")
    question = models.SlugField(max_length=200, help_text="The key of the sample's text.")
    responses = models.PositiveIntegerField()
    texts = models.PositiveIntegerField(help_text="Distinct texts, ignoring case and punctuation.")
    people = models.PositiveIntegerField(
        help_text="Distinct email addresses, plus each response without one."
    )

    class Meta:
        ordering = ["-responses", "id"]

    def __str__(self) -> str:
        return f"cluster {self.pk}"


class ClusterMember(models.Model):
    """One response in a cluster, by its answer to `question`.

    Texts with the same words have the same `print`.
    """

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, related_name="members")
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="cluster_members")
    question = models.SlugField(max_length=200)
    print = models.CharField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "response"], name="one_member_a_cluster_and_response"
            )
        ]


class Campaign(models.Model):
    """Responses that a reviewer has grouped under a name.

    Changed only by `responses.reviewing.campaigns`.
    """

    consultation = models.ForeignKey(
        Consultation, on_delete=models.PROTECT, related_name="campaigns"
    )
    name = models.CharField(max_length=120)
    sample = models.ForeignKey(
        Response,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Whose text stands for the campaign's.",
    )
    question = models.SlugField(max_length=200, help_text="The key of the sample's text.")
    ended = models.BooleanField(default=False, help_text="Ended, but kept on record.")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["consultation", "name"],
                condition=models.Q(ended=False),
                name="one_campaign_a_consultation_and_name",
            )
        ]

    def __str__(self) -> str:
        return self.name


class CampaignMember(models.Model):
    """One response in a campaign, by its answer to `question`; "" if added by hand."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="members")
    response = models.ForeignKey(
        Response, on_delete=models.PROTECT, related_name="campaign_members"
    )
    question = models.SlugField(max_length=200, blank=True)
    print = models.CharField(max_length=32, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "response"], name="one_member_a_campaign_and_response"
            )
        ]


class CampaignStep(models.Model):
    """What a reviewer did to a campaign, with everything needed to undo it.

    Append-only, except for `undone_by`.
    """

    class Act(models.TextChoices):
        NAMED = "named", "named it"
        RENAMED = "renamed", "gave it another name"
        ADDED = "added", "added responses"
        REMOVED = "removed", "removed responses"
        UNDONE = "undone", "undid a step"

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="steps")
    at = models.DateTimeField(db_default=Now())
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=10, choices=Act)
    earlier_name = models.CharField(max_length=120, blank=True)
    name = models.CharField(max_length=120, blank=True)
    members = models.JSONField(
        default=list, help_text="[response id, question, print] of each that it added or removed."
    )
    undone_by = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="undoes"
    )

    class Meta:
        ordering = ["id"]
