"""Answers to the equality questions, kept apart from everything else that people sent."""

from __future__ import annotations

from uuid import uuid4

from django.db import models

from consult.models import Consultation, Edition
from responses.models.batch import Batch


class EqualityAnswers(models.Model):
    """What one respondent said about themselves after sending.

    Nothing in the row leads to their response.

    There is no key to the response, no instant, and the primary key is random, so that its order
    says nothing. `holder_hash` is made from the token of the receipt, which the database does not
    hold: with the receipt you can find this row, with the database alone you cannot.

    Handed over in a batch after closing; see `responses.responding.equality`. Afterwards a row
    whose use was stopped stays, empty, so that MOPAC can be told its `id`.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    consultation = models.ForeignKey(
        Consultation, on_delete=models.PROTECT, related_name="equality_answers"
    )
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="+")
    holder_hash = models.CharField(max_length=64, unique=True)
    choices = models.JSONField()
    texts = models.JSONField()
    batch = models.ForeignKey(
        Batch, null=True, on_delete=models.PROTECT, related_name="equality_answers"
    )
    stopped = models.BooleanField(
        default=False, help_text="The respondent stopped their use after they were handed over."
    )
    recalled_in = models.ForeignKey(
        Batch,
        null=True,
        on_delete=models.PROTECT,
        related_name="equality_recalls",
        help_text="The batch that says that it was stopped.",
    )

    class Meta:
        verbose_name_plural = "equality answers"

    def __str__(self) -> str:
        return str(self.pk)
