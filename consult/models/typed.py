"""What staff have typed and not sent."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

# What our pages put into forms: not typed by anyone.
NOT_TYPED = {
    *("shown", "version", "edition", "submission_key", "started_at", "seen", "reference"),
    *("to_state", "take", "start", "end", "act", "question", "fed", "sure_of"),
}


class StaffDraft(models.Model):
    """What someone has typed into one form of one staff page, kept as they type.

    `fields` are names and values, as the browser would send them; none where the form was only
    opened. Goes when the form is accepted: see `consult.staff.drafts`.
    """

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts"
    )
    page = models.CharField(max_length=500, help_text="The address of the page with the form.")
    form = models.CharField(max_length=40, help_text="Which form of the page.")
    action = models.CharField(max_length=500, help_text="The address that the form is sent to.")
    fields = models.JSONField(default=list)
    began_at = models.DateTimeField(db_default=Now())
    saved_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-saved_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "page", "form"], name="one_draft_an_account_and_form"
            )
        ]
        indexes = [models.Index(fields=["page"], name="staff_drafts_by_page")]

    def __str__(self) -> str:
        return f"draft of {self.account_id} at {self.page}"

    @property
    def typed(self) -> list[str]:
        """What someone typed or chose in it."""
        return [value for name, value in self.fields if value.strip() and name not in NOT_TYPED]
