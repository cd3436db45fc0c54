"""How long each class of data is kept, counted from the end of a consultation's grace period."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from consult.models import Consultation
from consult.staff.drafts import KEEP_FOR
from consult.web.rate_limits import FORGET_AFTER

KEEP_EXTRACTS_FOR = timedelta(days=7)


@dataclass(frozen=True)
class Clock:
    """How long one class of data is kept: `days` after the end of the grace period, or as
    `otherwise` says.
    """

    name: str
    what: str
    days: int | None = None
    otherwise: str = ""

    def until(self, consultation: Consultation) -> datetime | None:
        """Return when it may first be removed; None if that does not depend on the consultation."""
        return None if self.days is None else consultation.grace_ends_at + timedelta(days=self.days)


def clocks() -> list[Clock]:
    """List every class of data that people leave with us, in the order of removal."""
    days = settings.KEEP
    return [
        Clock("drafts", "answers that were not sent, and links to them", days["drafts"]),
        Clock("sent", "what tells a browser that its answers were sent", days["drafts"]),
        Clock(
            "contacts",
            "names, email addresses, postcodes, and what mail servers said",
            days["contacts"],
        ),
        Clock("organisers", "organisers of petitions", days["contacts"]),
        Clock("equality", "equality answers", days["equality"]),
        Clock(
            "letters",
            "scans of letters, and emails that were entered or set aside",
            days["letters"],
        ),
        Clock("rows", "rows of tables that were loaded and not received", days["letters"]),
        Clock("batches", "files of batches", days["batches"]),
        Clock("answers", "answers, and staff's notes about them", days["answers"]),
        Clock(
            "extracts",
            "extracts that staff made for themselves",
            otherwise=f"{KEEP_EXTRACTS_FOR.days} days",
        ),
        Clock("addresses", "hashed network addresses", otherwise=f"{FORGET_AFTER.days} days"),
        Clock(
            "sessions",
            "sessions of staff",
            otherwise=f"{settings.SESSION_COOKIE_AGE // 3600} hours",
        ),
        Clock(
            "typed",
            "what staff typed into forms and did not send",
            otherwise=f"{KEEP_FOR.days} days",
        ),
        Clock(
            "records",
            "the trail and the ledger, which name references alone",
            otherwise="as long as the database: nothing removes them",
        ),
    ]
