"""Answers to the equality questions, kept apart from everything else that people sent."""

from __future__ import annotations

from uuid import uuid4

from django.db import models

from consult.models import Consultation, Edition
from responses.models.batch import Batch


class EqualityAnswers(models.Model):
    """What one respondent said about themselves after sending.

    Nothing in the row, and nothing that the database keeps about the row, leads to their response:
    there is no key, hash or instant, the primary key is random, and a row is written in one
    transaction with others in random order. `responses.responding.equality` does that; no other
    code may add or change a row that is in no batch.

    Handed over in a batch after closing. When its time is up a row is emptied and stays, so that
    MOPAC can be told its `id`.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    consultation = models.ForeignKey(
        Consultation, on_delete=models.PROTECT, related_name="equality_answers"
    )
    # The first with these equality questions, so that it does not tell when someone answered.
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="+")
    choices = models.JSONField()
    texts = models.JSONField()
    seal = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="SHA-256 of what it says; empty where it was emptied, or altered by others.",
    )
    batch = models.ForeignKey(
        Batch, null=True, on_delete=models.PROTECT, related_name="equality_answers"
    )
    stopped = models.BooleanField(default=False, help_text="They were emptied: their time was up.")
    recalled_in = models.ForeignKey(
        Batch,
        null=True,
        on_delete=models.PROTECT,
        related_name="equality_recalls",
        help_text="The batch that says that they must not be used any more.",
    )

    class Meta:
        verbose_name_plural = "equality answers"
        indexes = [
            models.Index(
                fields=["consultation", "id"],
                name="equality_answers_waiting",
                condition=models.Q(batch=None, stopped=False),
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)


class EqualityHolder(models.Model):
    """The holder of a receipt who answered the equality questions, without what they said.

    So nobody is counted twice, and the integrity check knows how many answers there have to be.
    """

    # Made from the token of the receipt, which the database does not hold.
    holder_hash = models.CharField(max_length=64, unique=True)
    consultation = models.ForeignKey(
        Consultation, on_delete=models.PROTECT, related_name="equality_holders"
    )

    def __str__(self) -> str:
        return self.holder_hash
