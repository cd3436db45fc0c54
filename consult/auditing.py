"""The one way to write to the audit trail, and the one way to read it."""

import hashlib
import secrets
from datetime import date, timedelta

from django.db.models import QuerySet
from django.db.models.functions import Now

from consult.clock import end_of_day, start_of_day
from consult.models import Action, AuditEntry, User

# A download that was cut off may be continued the next morning.
BEGUN_RECENTLY = timedelta(days=1)
# Between the parts of what is sealed. The integrity check joins them in the same way.
SEPARATOR = "\x1f"


def record(*, action: Action, actor: User | None, subject: str = "", **details: object) -> None:
    """Add an entry to the trail, in the transaction of what it records.

    `actor` is None if the service acted by itself. `details` hold references and figures, never
    personal data.
    """
    who = actor.get_username() if actor else "service"
    AuditEntry.objects.create(
        action=action,
        actor=actor,
        actor_name=who,
        subject=subject,
        details=details,
        seal=_seal(action, who, subject),
    )


def _seal(*said: str) -> str:
    """Return a random number, and the SHA-256 of it with what the entry says: an entry copied in
    from outside the service has neither.
    """
    number = secrets.token_hex(16)
    return number + hashlib.sha256(SEPARATOR.join([number, *said]).encode()).hexdigest()


def began_recently(*, action: Action, actor: User, subject: str, **details: object) -> bool:
    """Tell whether the trail already has this from today or yesterday: continuing counts as the
    same act.
    """
    recent = AuditEntry.objects.filter(
        action=action, actor=actor, subject=subject, at__gt=Now() - BEGUN_RECENTLY
    )
    return recent.filter(details__contains=details).exists()


def find_entries(
    *,
    who: str = "",
    action: str = "",
    subject: str = "",
    since: date | None = None,
    until: date | None = None,
) -> QuerySet[AuditEntry]:
    """Return the entries that match everything given, newest first.

    `who` is a user name, or "service"; the days are London's.
    """
    equal = {"actor_name": who, "action": action, "subject": subject}
    found = AuditEntry.objects.order_by("-id").filter(
        **{name: value for name, value in equal.items() if value}
    )
    if since:
        found = found.filter(at__gte=start_of_day(since))
    if until:
        found = found.filter(at__lt=end_of_day(until))
    return found
