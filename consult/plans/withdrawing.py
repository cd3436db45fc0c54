"""Taking a consultation off the site, and putting it back."""

from django.db import transaction
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, Consultation, User


def withdraw_consultation(
    *, consultation: Consultation, reason: str = "", actor: User | None
) -> None:
    """Take a consultation off the site. The public reads the `reason` at its address.

    What was received stays. Withdrawing it twice changes nothing.
    """
    with transaction.atomic():
        if Consultation.objects.filter(pk=consultation.pk, withdrawn_at__isnull=True).update(
            withdrawn_at=Now(), withdrawn_reason=reason
        ):
            record(
                action=Action.CONSULTATION_WITHDRAWN,
                actor=actor,
                subject=consultation.slug,
                reason=reason,
            )


def put_consultation_back(*, consultation: Consultation, actor: User | None) -> None:
    """Put a withdrawn consultation back on the site, with the dates that it had.

    Doing it twice changes nothing.
    """
    with transaction.atomic():
        if Consultation.objects.filter(pk=consultation.pk, withdrawn_at__isnull=False).update(
            withdrawn_at=None, withdrawn_reason=""
        ):
            record(action=Action.CONSULTATION_PUT_BACK, actor=actor, subject=consultation.slug)
