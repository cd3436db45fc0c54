"""The one way to write on the audit trail, and the one to read it."""

import hashlib
import secrets
from datetime import date, timedelta

from django.db.models import QuerySet
from django.db.models.functions import Now

from consult.clock import end_of_day, start_of_day
from consult.models import Action, AuditEntry, User

# A download that was cut may be taken up again the next morning.
BEGUN_RECENTLY = timedelta(days=1)
# Between the parts of what is sealed; the integrity check puts them together in the same way.
SEPARATOR = "\x1f"


def record(*, action: Action, actor: User | None, subject: str = "", **details: object) -> None:
    """Put one entry on the trail, in the transaction of what it records.

    `actor` is None where the service acted by itself. `details` hold references and figures, never
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
    """What tells an entry of ours from one that was copied in: a random number that no other has,
    and the SHA-256 of it with what the entry says.
    """
    number = secrets.token_hex(16)
    return number + hashlib.sha256(SEPARATOR.join([number, *said]).encode()).hexdigest()


def began_recently(*, action: Action, actor: User, subject: str, **details: object) -> bool:
    """Whether the trail has that from today or yesterday already: what was begun then and goes on
    now is one act.
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
    """The entries that fit everything given, newest first.

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
