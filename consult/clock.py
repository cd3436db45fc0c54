"""London time: the closing instant, and times in words.

The only module that names time zones.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import dates
from django.utils.translation import gettext as _

LONDON = ZoneInfo("Europe/London")
# The years that a consultation can be in. A typing error makes 227 or 20277, and arithmetic with
# such years overflows.
YEARS = range(2000, 2200)
# As plan files spell them, in any language of the pages.
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


class NotADate(ValueError):
    """The text is neither a day and month, nor a full date, nor an instant. The message says
    what was expected.
    """


def start_of_day(day: date) -> datetime:
    """Return the instant at which `day` begins in London."""
    return datetime.combine(day, time(), LONDON)


def end_of_day(day: date) -> datetime:
    """Return the instant at which `day` ends in London: the midnight after it, which is already
    the next day.
    """
    return start_of_day(day + timedelta(days=1))


def daily(hour: int, *, day: date) -> datetime:
    """Return the instant of `day` at which it is `hour` o'clock in London: each day has one.

    When the clocks go forward there is no 1 o'clock, and it is the instant of the change; when they
    go back there are two, and it is the first.
    """
    # In UTC: Python compares two instants in one time zone by what the clocks show, which is the
    # wrong order here.
    return datetime.combine(day, time(hour), LONDON).astimezone(UTC)


def latest_daily(hour: int, *, now: datetime) -> datetime:
    """Return the latest instant up to `now` at which it was `hour` o'clock in London."""
    today = now.astimezone(LONDON).date()
    at = daily(hour, day=today)
    return at if at <= now else daily(hour, day=today - timedelta(days=1))


def next_daily(hour: int, *, after: datetime) -> datetime:
    """Return the first instant after `after` at which it is `hour` o'clock in London."""
    today = after.astimezone(LONDON).date()
    at = daily(hour, day=today)
    return at if at > after else daily(hour, day=today + timedelta(days=1))


def names_a_year(text: str) -> bool:
    """Tell whether `text`, as `parse_day` or `parse_closing` reads it, includes the year."""
    return bool(re.search(r"\d{4}", text))


def _in_range(named: date, text: str) -> date:
    if named.year not in YEARS:
        raise NotADate(
            f"“{text}” is in the year {named.year}: write one from {YEARS[0]} to {YEARS[-1]}"
        )
    return named


def parse_day(text: str, *, today: date) -> date:
    """Return the day that `text` names. Raises NotADate.

    "21 January" (the next one from `today` on), "21 January 2027" or "2027-01-21".
    """
    text = text.strip()
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        try:
            named = date.fromisoformat(text)
        except ValueError as reason:
            raise NotADate(f"“{text}” is not a day of the calendar") from reason
        return _in_range(named, text)
    found = re.fullmatch(r"(\d{1,2})\s+([A-Za-z]+)(?:\s+(\d{4}))?", text, re.ASCII)
    months = {month.lower(): number for number, month in enumerate(MONTHS, 1)}
    if not found or found[2].lower() not in months:
        raise NotADate(
            f"“{text}” is not a date: write 21 January, 21 January 2027, 2027-01-21 or "
            "2027-01-21T23:59:00Z"
        )
    day, month = int(found[1]), months[found[2].lower()]
    # 29 February can be up to eight years away, around a century that is not a leap year.
    for year in [int(found[3])] if found[3] else range(today.year, today.year + 9):
        try:
            named = date(year, month, day)
        except ValueError:
            continue
        if found[3] or named >= today:
            return _in_range(named, text)
    raise NotADate(f"“{text}” is not a day of the calendar")


def _instant(text: str) -> datetime | None:
    """Return the instant if `text` is an ISO 8601 instant with an offset, or None for a day."""
    text = text.strip()
    if not re.match(r"\d{4}-\d{2}-\d{2}[Tt]", text, re.ASCII):
        return None
    try:
        instant = datetime.fromisoformat(text.upper())
    except ValueError as reason:
        raise NotADate(f"“{text}” is not an ISO 8601 instant") from reason
    if instant.tzinfo is None:
        raise NotADate(f"“{text}” has no offset: end it with Z or +00:00")
    _in_range(instant.date(), text)
    return instant


def parse_closing(text: str, *, now: datetime) -> datetime:
    """Return the instant at which a consultation that closes on `text` stops being open.

    A day lasts to its end in London; an ISO 8601 instant is used as it is. Raises NotADate.
    """
    return _instant(text) or end_of_day(parse_day(text, today=now.astimezone(LONDON).date()))


def parse_opening(text: str, *, now: datetime) -> datetime:
    """Return the instant at which a consultation that opens on `text` opens.

    Raises NotADate.
    """
    return _instant(text) or start_of_day(parse_day(text, today=now.astimezone(LONDON).date()))


def _clock_time(moment: datetime) -> str:
    hour = moment.hour % 12 or 12
    return f"{hour}:{moment.minute:02}{'am' if moment.hour < 12 else 'pm'}"


def time_in_words(instant: datetime) -> str:
    """Return the London time of day of an instant: "2:03pm"."""
    return _clock_time(instant.astimezone(LONDON))


def in_words(instant: datetime) -> str:
    """Return an instant as people read it: "4:05pm on 3 December 2026 (UK time)"."""
    local = instant.astimezone(LONDON)
    return _("%(time)s on %(day)s (UK time)") % {
        "time": _clock_time(local),
        "day": day_in_words(instant),
    }


def closing_in_words(closes_at: datetime) -> str:
    """Return the last minute in which people can answer: "11:59pm on 21 January 2027 (UK time)".

    A closing at midnight is shown as the minute before it, because people take midnight or 12:00am
    for the wrong day.
    """
    local = closes_at.astimezone(LONDON)
    return in_words(closes_at - timedelta(minutes=1) if local.time() == time() else closes_at)


def day_in_words(instant: datetime) -> str:
    """Return the London day of an instant: "21 January 2027"."""
    local = instant.astimezone(LONDON)
    return f"{local.day} {dates.MONTHS[local.month]} {local.year}"


def iso(instant: datetime) -> str:
    """Return an instant as ISO 8601 with London's offset, to the microsecond, for files that
    machines read.
    """
    return instant.astimezone(LONDON).isoformat(timespec="microseconds")
