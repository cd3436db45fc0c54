"""What did not come through the website: who entered it, from what, and mailbox messages."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Now

from consult.models import Consultation
from responses.models.response import Response


class Message(models.Model):
    """One email of a mailbox that was loaded.

    It is a response, or not one for a reason, or is waiting for someone to decide.

    The words are in the file, under `file` in the default storage; the row has enough of them to
    find it. Removing the file empties both: see EMPTIED.
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
        help_text="Of the letter, whatever a mail program noted on it or re-saved since.",
    )
    sender_name = models.CharField(max_length=200, blank=True)
    sender_email = models.CharField(max_length=320, blank=True)
    subject = models.CharField(max_length=500, blank=True)
    opening = models.CharField(max_length=200, blank=True, help_text="Its first words.")
    message_id = models.CharField(max_length=500, blank=True, db_index=True)
    words = SearchVectorField(null=True, help_text="Of its sender, its subject and its text.")
    within = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="forwarded",
        help_text="The message that it came in, forwarded.",
    )
    received_at = models.DateTimeField(
        null=True, help_text="As the message's own headers say; None where they do not."
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

    # Of a message whose words were removed, what its columns hold.
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

    `received_on` is the day it reached MOPAC; the response's own time is when it was keyed.
    """

    response = models.OneToOneField(
        Response, on_delete=models.PROTECT, related_name="transcription"
    )
    received_on = models.DateField()
    keyed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Decided on lateness too.",
    )
    keyed_at = models.DateTimeField(db_default=Now())
    late_reason = models.CharField(
        max_length=300, blank=True, help_text="Why it was accepted after closing."
    )
    message = models.OneToOneField(
        Message, null=True, on_delete=models.PROTECT, related_name="transcription"
    )


class SecondKeying(models.Model):
    """A second person's keying, without seeing the first, and how it compared.

    It names what differs, without the words.
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


class Attachment(models.Model):
    """A scan of a letter, or the original of what was keyed.

    `file` is its name in the default storage, which is on no website.
    """

    transcription = models.ForeignKey(
        Transcription, on_delete=models.PROTECT, related_name="attachments"
    )
    file = models.CharField(max_length=120)
    kind = models.CharField(max_length=100, help_text="Its media type, by its content.")
    bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["transcription", "sha256"], name="one_attachment_a_content"
            )
        ]
