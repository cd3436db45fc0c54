"""What came of a consultation: said at its own address, long after it has closed."""

from datetime import date

from django.db import transaction

from consult.auditing import record
from consult.models import Action, Consultation, User


def say_outcome(
    *, consultation: Consultation, due_on: date | None, words: str, address: str, actor: User | None
) -> bool:
    """Say when the outcome is due, or what it is and where it can be read.

    Returns False where that is what it says already.
    """
    said = {"outcome_due_on": due_on, "outcome": words, "outcome_address": address}
    with transaction.atomic():
        kept = Consultation.objects.select_for_update(no_key=True).get(pk=consultation.pk)
        if all((getattr(kept, name) or None) == (value or None) for name, value in said.items()):
            return False
        for name, value in said.items():
            setattr(kept, name, value)
        kept.save(update_fields=list(said))
        record(
            action=Action.OUTCOME_SAID,
            actor=actor,
            subject=kept.slug,
            due_on=due_on.isoformat() if due_on else "",
            outcome=words,
            address=address,
        )
    return True
