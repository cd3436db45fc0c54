"""The audit trail: what staff and the service did, append-only."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Action(models.TextChoices):
    """Everything that the audit trail can record.

    A closed list: anything not here cannot be recorded, so add it first.
    """

    SIGNED_IN = "signed_in", "signed in"
    SIGN_IN_FAILED = "sign_in_failed", "failed to sign in"
    SIGNED_OUT = "signed_out", "signed out"
    PASSWORD_CHANGED = "password_changed", "changed their password"
    PASSWORD_HASHED_AGAIN = "password_hashed_again", "had their password hash renewed"
    IDENTITY_CONFIRMED = "identity_confirmed", "entered their password again"
    SECOND_FACTOR_SET_UP = "second_factor_set_up", "set up a phone for signing in"
    RECOVERY_CODES_MADE = "recovery_codes_made", "made new recovery codes"
    SESSIONS_ENDED = "sessions_ended", "signed someone out"
    SECOND_PERSON_ASKED = "second_person_asked", "asked for a second person"
    SECOND_PERSON_CONFIRMED = "second_person_confirmed", "confirmed someone else's act"
    SECOND_PERSON_REFUSED = "second_person_refused", "refused someone else's act"
    STAFF_CREATED = "staff_created", "created a staff account"
    STAFF_CHANGED = "staff_changed", "changed a staff account"
    PLAN_LOADED = "plan_loaded", "loaded a plan"
    PLAN_FILE_MADE = "plan_file_made", "began a plan file"
    PLAN_FILE_CHANGED = "plan_file_changed", "changed a plan file"
    PLAN_FILE_DELETED = "plan_file_deleted", "deleted a plan file"
    PLAN_FILE_PUT_BACK = "plan_file_put_back", "put a deleted plan file back"
    PLAN_FILE_PUBLISHED = "plan_file_published", "published a plan file"
    WORDING_CHANGED = "wording_changed", "changed wording"
    WINDOW_CHANGED = "window_changed", "changed the opening or closing date"
    OUTCOME_SAID = "outcome_said", "said what came of a consultation, or when it is due"
    SCHEDULE_CHANGED = "schedule_changed", "changed the hour of the daily batch"
    CONSULTATION_WITHDRAWN = "consultation_withdrawn", "withdrew a consultation"
    CONSULTATION_PUT_BACK = "consultation_put_back", "put a withdrawn consultation back"
    LIST_READ = "list_read", "read the list of responses"
    RESPONSE_READ = "response_read", "read a response"
    REVIEW_CHANGED = "review_changed", "changed the state of a review"
    BULK_ASKED = "bulk_asked", "asked for a bulk change"
    BULK_LOT_DONE = "bulk_lot_done", "carried out part of a bulk change"
    BULK_CHANGED = "bulk_changed", "made a bulk change"
    BULK_UNDO_ASKED = "bulk_undo_asked", "asked to undo a bulk change"
    BULK_UNDONE = "bulk_undone", "undid a bulk change"
    RESPONSE_TRANSCRIBED = (
        "response_transcribed",
        "entered a response from post, email or telephone",
    )
    BUNDLE_LOADED = "bundle_loaded", "loaded many responses at once"
    BUNDLE_RECEIVED = "bundle_received", "received or withdrew rows of a bundle"
    BUNDLE_UNDONE = "bundle_undone", "had a bundle of responses undone"
    ROW_READ = "row_read", "read a row of a bundle that was not received"
    ROWS_REMOVED = "rows_removed", "removed what rows of bundles said"
    KEYED_AGAIN = "keyed_again", "typed in a response again"
    PETITION_RECORDED = "petition_recorded", "recorded or corrected a petition"
    PETITION_READ = "petition_read", "read a petition"
    ORGANISER_REMOVED = "organiser_removed", "removed the organiser of a petition"
    FILE_ATTACHED = "file_attached", "attached a file"
    FILE_READ = "file_read", "read an attached file"
    MAILBOX_LOADED = "mailbox_loaded", "loaded a mailbox"
    MESSAGE_READ = "message_read", "read a message"
    MESSAGE_SET_ASIDE = "message_set_aside", "said why a message is not a response"
    MESSAGE_REOPENED = "message_reopened", "reopened a message that was set aside"
    REDACTION_CHANGED = "redaction_changed", "redacted a passage, or undid that"
    PUBLICATION_DECIDED = "publication_decided", "decided whether to publish a response"
    RESPONSES_PUBLISHED = "responses_published", "published the approved responses"
    PUBLIC_FILE_CHANGED = "public_file_changed", "made or removed the file of published responses"
    RESPONSES_UNPUBLISHED = "responses_unpublished", "unpublished the responses"
    RESPONSE_ERASED = "response_erased", "erased what a person sent"
    INTEGRITY_CHECKED = "integrity_checked", "ran the integrity check"
    LETTERS_REMOVED = "letters_removed", "removed scans and emails after keeping them long enough"
    RETENTION_RAN = "retention_ran", "deleted what had been kept long enough"
    PERSON_LOOKED_FOR = "person_looked_for", "searched for what is held about someone"
    PERSON_TAKEN = "person_taken", "downloaded everything held about someone"
    TRAIL_READ = "trail_read", "read the audit trail"
    TRAIL_EXPORTED = "trail_exported", "downloaded the audit trail"
    CAMPAIGN_READ = "campaign_read", "read a campaign or a group of similar answers"
    CAMPAIGN_CHANGED = "campaign_changed", "changed a campaign"
    CODE_CHANGED = "code_changed", "changed a code"
    ANSWER_CODED = "answer_coded", "coded an answer"
    SECOND_CODING_DRAWN = "second_coding_drawn", "drew answers for a second coding"
    POINT_READ = "point_read", "read a point and what people said on it"
    POINT_CHANGED = "point_changed", "changed a point"
    POINT_FED = "point_fed", "changed what makes a point"
    NO_POINT_NAMED = "no_point_named", "said why an answer makes no point"
    PACK_SEALED = "pack_sealed", "sealed a decision pack"
    PACK_WRITTEN = "pack_written", "wrote a decision pack's files"
    PACK_READ = "pack_read", "read a decision pack or a point of it"
    POINT_DECIDED = "point_decided", "decided on a point"
    OUTCOMES_PUBLISHED = "outcomes_published", "published what was decided"
    REPORT_TAKEN = "report_taken", "downloaded the report of a consultation"
    NOTE_ADDED = "note_added", "wrote a note"
    CONFIRMATION_RETRIED = "confirmation_retried", "retried an email"
    BATCH_SEALED = "batch_sealed", "sealed a batch"
    BATCH_WRITTEN = "batch_written", "wrote a batch's files"
    UNSENT_ERASED = "unsent_erased", "erased drafts and emails about a person"
    BATCH_TAKEN_BACK = (
        "batch_taken_back",
        "had a batch's files written again without what was erased",
    )
    BATCH_NOT_WRITTEN = "batch_not_written", "could not write a batch's files"
    DELIVERY_QUEUED = "delivery_queued", "queued a batch for delivery"
    DELIVERY_BEGUN = "delivery_begun", "began to deliver a batch"
    DELIVERY_TROUBLE = "delivery_trouble", "had trouble with the delivery of a batch"
    NOTICE_SENT = "notice_sent", "sent the notice of a batch"
    BATCH_DELIVERED = "batch_delivered", "delivered a batch"
    BATCH_SENT_AGAIN = "batch_sent_again", "sent a batch again"
    BATCH_ACKNOWLEDGED = "batch_acknowledged", "acknowledged a batch"
    SIGNING_KEY_PUBLISHED = "signing_key_published", "published a signing key"
    BATCH_FILES_REMOVED = (
        "batch_files_removed",
        "deleted a batch's files after keeping them long enough",
    )
    BATCH_FILES_GONE = "batch_files_gone", "had deleted the last of a batch's files"
    RESPONSES_RECOVERED = "responses_recovered", "took responses back in from a batch"
    RESPONSE_GIVEN_UP = "response_given_up", "gave up a response that a backup did not have"
    BATCH_DOWNLOADED = "batch_downloaded", "downloaded a file of a batch"
    EXTRACT_ASKED = "extract_asked", "asked for an extract"
    EXTRACT_DOWNLOADED = "extract_downloaded", "downloaded an extract"
    RESPONSES_FILLED = "responses_filled", "made synthetic responses"


def actions() -> list[tuple[str, str]]:
    """Return the choices of the column. A function, so that a new action needs no migration."""
    return Action.choices


class AuditEntry(models.Model):
    """One thing that someone did. It names what by reference, never by personal data.

    A trigger refuses UPDATE and DELETE, even to this service's own database user.
    """

    at = models.DateTimeField(db_default=Now(), db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    actor_name = models.CharField(
        max_length=150, help_text="The user name then; “service” if no person acted."
    )
    action = models.CharField(max_length=40, choices=actions)
    subject = models.CharField(
        max_length=120, blank=True, help_text="A reference, slug, batch or user name."
    )
    details = models.JSONField(default=dict)
    seal = models.CharField(
        max_length=96,
        unique=True,
        editable=False,
        help_text="A random number, and the SHA-256 of it with who did what to what.",
    )
    # A trigger fills it in.
    earlier = models.JSONField(
        null=True, editable=False, help_text="The hash of all entries before this one."
    )

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["actor_name", "-id"], name="audit_by_actor"),
            models.Index(fields=["action", "-id"], name="audit_by_action"),
            models.Index(fields=["subject", "-id"], name="audit_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.get_action_display()} {self.subject}".strip()


class RemovedRow(models.Model):
    """A deleted row of a table whose every change must be part of an act.

    A trigger writes it, and another refuses UPDATE and DELETE.
    """

    of = models.CharField(max_length=63)
    row = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.of} {self.row}"
