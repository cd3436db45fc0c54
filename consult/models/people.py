"""Staff: who they are and what their role lets them do."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class Right(models.TextChoices):
    """What a member of staff may do. Views ask for one of these, never for a role."""

    SEE_FIGURES = "see_figures", "see the dashboard"
    READ_RESPONSES = "read_responses", "read and decide on responses"
    TAKE_BATCHES = "take_batches", "see and download batches"
    EDIT_PLAN = "edit_plan", "change what the consultation says, and its dates"
    MANAGE_STAFF = "manage_staff", "make and change staff accounts"
    READ_TRAIL = "read_trail", "read the audit trail"


class User(AbstractUser):
    """A member of staff. Respondents have no accounts."""

    class Role(models.TextChoices):
        REVIEWER = "reviewer", "Reviewer"
        ANALYST = "analyst", "Analyst"
        EDITOR = "editor", "Editor"
        ADMINISTRATOR = "administrator", "Administrator"

    role = models.CharField(max_length=20, choices=Role)
    must_change_password = models.BooleanField(default=False, help_text="Signed in with a one-time password; asked for a new one first.")

    def may(self, right: Right) -> bool:
        """Whether this person may use `right`."""
        return self.is_active and right in RIGHTS.get(self.Role(self.role), frozenset())


RIGHTS = {
    User.Role.REVIEWER: frozenset({Right.SEE_FIGURES, Right.READ_RESPONSES}),
    User.Role.ANALYST: frozenset({Right.SEE_FIGURES, Right.TAKE_BATCHES}),
    User.Role.EDITOR: frozenset({Right.EDIT_PLAN}),
    User.Role.ADMINISTRATOR: frozenset(Right),
}
