"""Responses that did not come through the website: who entered them, from what, and the emails of
loaded mailboxes.
"""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Now

from consult.models import Consultation
from responses.models.response import Response


class Message(models.Model):
    """One email from a mailbox file that was loaded.

    It is a response, or not one for a reason, or is waiting for someone to decide.

    The full text is in `file` in the default storage; the row has enough of it to find it by.
    Removing the file empties both: see EMPTIED.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "to be looked at"
        RESPONSE = "response", "a response"
        NOT_A_RESPONSE = "not-a-response", "not a response"

    consultation = models.ForeignKey(
        Consultation, on_delete=models.PROTECT, related_name="messages"
    )
    file = models.CharField(max_length=120, blank=True)
    sha256 = models.CharField(
        max_length=64,
        help_text=(
            "SHA-256 of the email itself, without what mail programs add when they save it again."
        ),
    )
    sender_name = models.CharField(max_length=200, blank=True)
    sender_email = models.CharField(max_length=320, blank=True)
    subject = models.CharField(max_length=500, blank=True)
    opening = models.CharField(max_length=200, blank=True, help_text="The first words of its text.")
    message_id = models.CharField(max_length=500, blank=True, db_index=True)
    words = SearchVectorField(
        null=True, help_text=("The words of its sender, subject and text, to search in.")
    )
    within = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="forwarded",
        help_text="The message that it was attached to, if it was forwarded.",
    )
    received_at = models.DateTimeField(
        null=True, help_text="From the message's own headers; empty if they do not say."
    )
    loaded_at = models.DateTimeField(db_default=Now())
    loaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(max_length=14, choices=State, default=State.WAITING)
    reason = models.CharField(
        max_length=300, blank=True, help_text="Why it is not a response, or was reopened."
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    # What the columns hold once a message's words are removed.
    EMPTIED: ClassVar[dict[str, str | None]] = {
        "file": "",
        "reason": "",
        "sender_name": "",
        "sender_email": "",
        "subject": "",
        "opening": "",
        "message_id": "",
        "words": None,
    }

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["consultation", "sha256"], name="one_message_a_mailbox_and_content"
            )
        ]
        indexes = [
            GinIndex(fields=["words"], name="messages_by_words"),
            models.Index(fields=["consultation", "state", "id"], name="messages_by_state"),
        ]


class Transcription(models.Model):
    """A response that staff entered.

    `received_on` is the day it reached MOPAC; the response's own time is when it was typed in.
    """

    response = models.OneToOneField(
        Response, on_delete=models.PROTECT, related_name="transcription"
    )
    received_on = models.DateField()
    keyed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The person who also decided whether to accept it late.",
    )
    keyed_at = models.DateTimeField(db_default=Now())
    late_reason = models.CharField(
        max_length=300, blank=True, help_text="Why it was accepted after closing."
    )
    message = models.OneToOneField(
        Message, null=True, on_delete=models.PROTECT, related_name="transcription"
    )


class SecondKeying(models.Model):
    """A second person's typing of the same original, without seeing the first, and how the two
    compare.

    It names the answers that differ, without their words.
    """

    class Outcome(models.TextChoices):
        AGREED = "agreed", "both keyed the same"
        FIRST = "first", "the first was right"
        SECOND = "second", "the second was right"

    transcription = models.OneToOneField(
        Transcription, on_delete=models.PROTECT, related_name="second_keying"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())
    differing = models.JSONField(default=list, help_text="The names of the answers that differ.")
    outcome = models.CharField(max_length=10, choices=Outcome)
