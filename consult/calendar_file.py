"""The closing instant as a calendar file (RFC 5545)."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from consult.clock import closing_in_words
from consult.models import Consultation

OCTETS_OF_A_LINE = 75


def closing_event(consultation: Consultation) -> str:
    """An event that ends when the consultation closes, with an alarm the day before.

    It lasts the minute that people read as the closing time: midnight itself would stand in the
    next day's column. An event of the same id replaces it in calendars where the date was moved.
    """
    site = settings.SITE_URL.rstrip("/")
    address = site + reverse("start", args=[consultation.slug])
    closing = consultation.closes_at
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//London consultations//closing dates//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:closing-of-{consultation.slug}@{urlsplit(site).hostname}",
        # The later one of two files of the same event counts.
        f"DTSTAMP:{_utc(consultation.now)}",
        f"DTSTART:{_utc(closing - timedelta(minutes=1))}",
        f"DTEND:{_utc(closing)}",
        "SUMMARY:" + _escaped(_("Closes: %(title)s") % {"title": consultation.title}),
        "DESCRIPTION:"
        + _escaped(
            _("Send your response until %(closing)s. %(address)s")
            % {"closing": closing_in_words(closing), "address": address}
        ),
        f"URL:{address}",
        "TRANSP:TRANSPARENT",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "TRIGGER:-P1D",
        "DESCRIPTION:" + _escaped(consultation.title),
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    for character in "\\;,":
        text = text.replace(character, f"\\{character}")
    return " ".join(text.split())


def _folded(line: str) -> str:
    """The line in pieces of at most 75 octets; no character is cut in two."""
    pieces: list[str] = []
    piece = ""
    for character in line:
        if len((piece + character).encode()) > OCTETS_OF_A_LINE - bool(pieces):
            pieces.append(piece)
            piece = ""
        piece += character
    return "\r\n ".join([*pieces, piece])
