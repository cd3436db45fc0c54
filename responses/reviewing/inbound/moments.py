"""When an email was sent, as its headers say. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# In which an email can have been sent.
YEARS = range(1970, 2200)
# What reading a date that no program meant can raise.
NO_DATE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def first_moment(stamps: Iterable[str]) -> datetime | None:
    """Return when it reached the mailbox: the date of the uppermost Received header, or else
    what the sender says; None if neither is one.
    """
    for stamp in stamps:
        try:
            moment = parsedate_to_datetime(stamp.strip())
            # Some write an offset of 23 hours, which PostgreSQL does not accept.
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except NO_DATE:
            continue
        if moment.year in YEARS:
            return moment
    return None
