"""Acts that wait for a second person."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class TwoPersonAct(models.TextChoices):
    """What nobody can do alone when SECOND_PERSON is on."""

    CHANGE_RIGHTS = "change_rights", "change what an account can do"
    TAKE_CONTACTS = "take_contacts", "download contact details"
    HAND_OVER = "hand_over", "hand over what is held about a person"
    ERASE = "erase", "erase what is held about a person"
    PUBLISH = "publish", "publish the approved responses"


class SecondPersonRequest(models.Model):
    """An act that one person asked for and another has to confirm.

    `details` say what exactly: references and settings, never personal data.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        CONFIRMED = "confirmed", "Confirmed"
        REFUSED = "refused", "Refused"
        USED = "used", "Done"

    act = models.CharField(max_length=20, choices=TwoPersonAct)
    subject = models.CharField(max_length=120)
    details = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(db_default=Now())
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["asked_by", "act", "subject"], name="second_person_of")]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(decided_by=models.F("asked_by")), name="another_person_decides"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_act_display()}: {self.subject}"
