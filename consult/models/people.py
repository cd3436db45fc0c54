"""Staff: who they are and what their role lets them do."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.crypto import salted_hmac


class Right(models.TextChoices):
    """What a member of staff may do. Views ask for one of these, never for a role."""

    SEE_FIGURES = "see_figures", "see the dashboard"
    READ_RESPONSES = "read_responses", "read and decide on responses"
    TAKE_BATCHES = "take_batches", "see and download batches"
    PUBLISH_RESPONSES = "publish_responses", "put approved responses on the website"
    EDIT_PLAN = "edit_plan", "change what the consultation says, and its dates"
    MANAGE_STAFF = "manage_staff", "create and change staff accounts"
    READ_TRAIL = "read_trail", "read the audit trail"
    ANSWER_REQUESTS = "answer_requests", "find, hand over and erase what is held about a person"
    TAKE_CONTACTS = "take_contacts", "download contact details"
    DECIDE_POINTS = "decide_points", "read decision packs and decide on points"


class User(AbstractUser):
    """A member of staff. Respondents have no accounts."""

    class Role(models.TextChoices):
        REVIEWER = "reviewer", "Reviewer"
        ANALYST = "analyst", "Analyst"
        EDITOR = "editor", "Editor"
        ADMINISTRATOR = "administrator", "Administrator"
        DECISION_MAKER = "decision-maker", "Decision maker"

    role = models.CharField(max_length=20, choices=Role)
    must_change_password = models.BooleanField(
        default=False, help_text="They have a one-time password, and must choose a new one first."
    )
    takes_contacts = models.BooleanField(
        "may download contact details",
        default=False,
        db_default=False,
        help_text="For an analyst who needs them.",
    )
    second_factor = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="The seed of their phone's key; empty if they have none.",
    )
    second_factor_step = models.BigIntegerField(
        default=0,
        db_default=0,
        help_text=(
            "The half minute of the last code that was accepted. Neither it nor an earlier one "
            "works again."
        ),
    )

    def may(self, right: Right) -> bool:
        """Tell whether this person may use `right`."""
        granted = self.takes_contacts and right == Right.TAKE_CONTACTS
        return self.is_active and (granted or right in RIGHTS.get(self.role, frozenset()))

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        # As Django does for the password alone: a new phone also ends every earlier session.
        return salted_hmac(
            "consult.User", self.password + self.second_factor, secret=secret, algorithm="sha256"
        ).hexdigest()


class RecoveryCode(models.Model):
    """One way to sign in once without the phone. Only its hash is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    hashed = models.CharField(max_length=200)


# By the role as it is stored: a row with any other has no right, and stops nobody's page.
RIGHTS: dict[str, frozenset[Right]] = {
    User.Role.REVIEWER: frozenset({Right.SEE_FIGURES, Right.READ_RESPONSES}),
    User.Role.ANALYST: frozenset({Right.SEE_FIGURES, Right.TAKE_BATCHES}),
    User.Role.EDITOR: frozenset({Right.EDIT_PLAN}),
    User.Role.ADMINISTRATOR: frozenset(Right),
    User.Role.DECISION_MAKER: frozenset({Right.DECIDE_POINTS}),
}
