"""The one way to write on the audit trail."""

from consult.models import Action, AuditEntry, User


def record(*, action: Action, actor: User | None, subject: str = "", **details: object) -> None:
    """Put one entry on the trail, in the transaction of what it records.

    `actor` is None where the service acted by itself. `details` hold references and figures, never personal data.
    """
    AuditEntry.objects.create(
        action=action, actor=actor, actor_name=actor.get_username() if actor else "service", subject=subject, details=details
    )
