"""Answers to the equality questions, kept apart from everything else that people sent."""

from __future__ import annotations

from uuid import uuid4

from django.db import models

from consult.models import Consultation, Edition
from responses.models.batch import Batch


class EqualityAnswers(models.Model):
    """What one respondent said about themselves after sending.

    Nothing in the row, and nothing that the database keeps about it, leads to their response: there
    is no key, hash or time, the primary key is random, and each row is written in one transaction
    with others in random order. Only `responses.responding.equality` may add or change a row that
    is in no batch.

    Handed over in a batch after closing. Once kept long enough a row is emptied and stays, so that
    MOPAC can be told its `id`.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    consultation = models.ForeignKey(
        Consultation, on_delete=models.PROTECT, related_name="equality_answers"
    )
    # The first edition with these questions: a later one would show when someone answered.
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="+")
    choices = models.JSONField()
    texts = models.JSONField()
    seal = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text=(
            "SHA-256 of what it says; empty if it was emptied, or altered outside the service."
        ),
    )
    batch = models.ForeignKey(
        Batch, null=True, on_delete=models.PROTECT, related_name="equality_answers"
    )
    stopped = models.BooleanField(
        default=False, help_text=("They were emptied after being kept long enough.")
    )
    recalled_in = models.ForeignKey(
        Batch,
        null=True,
        on_delete=models.PROTECT,
        related_name="equality_recalls",
        help_text="The batch that says they must no longer be used.",
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
    """The holder of a receipt who answered the equality questions, without their answers.

    With it nobody is counted twice, and the integrity check knows how many answers to expect.
    """

    # Made from the receipt's token, which is not in the database.
    holder_hash = models.CharField(max_length=64, unique=True)
    consultation = models.ForeignKey(
        Consultation, on_delete=models.PROTECT, related_name="equality_holders"
    )

    def __str__(self) -> str:
        return self.holder_hash
