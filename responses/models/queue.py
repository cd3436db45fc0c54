"""Who has what in hand, so that no two people are given the same work."""

from django.conf import settings
from django.db import models

from responses.models.response import Response


class Claim(models.Model):
    """A response that someone has in hand, to read it or to code one answer of it: until then
    nobody else is given it, nor any answer of it.

    Work in hand, and no act: what comes of it has rows of its own. Written by
    `responses.reviewing.claims` alone.
    """

    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="claims")
    question = models.SlugField(
        max_length=120,
        blank=True,
        help_text="Whose answer they have before them; empty for all of it.",
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["response"], name="one_claim_a_response"),
        ]
