"""The closing date for a calendar: the true instant, on the day that people read."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from consult.calendar_file import closing_event
from consult.models import Consultation, published


def lines_of(text: str) -> list[str]:
    """The lines as a calendar reads them, after unfolding."""
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def event_of(closes_at: datetime) -> list[str]:
    Consultation.objects.update(opens_at=datetime(2026, 1, 1, tzinfo=UTC), closes_at=closes_at)
    return lines_of(closing_event(published().get()))


@pytest.mark.parametrize(
    ("closes_at", "begins", "ends"),
    [
        ("2027-01-22T00:00:00+00:00", "20270121T235900Z", "20270122T000000Z"),
        ("2027-06-30T23:00:00+00:00", "20270630T225900Z", "20270630T230000Z"),
        ("2027-01-21T17:00:00+00:00", "20270121T165900Z", "20270121T170000Z"),
    ],
)
def test_the_event_ends_at_the_closing_instant(
    consultation: Consultation, closes_at: str, begins: str, ends: str
) -> None:
    lines = event_of(datetime.fromisoformat(closes_at))
    assert f"DTSTART:{begins}" in lines
    assert f"DTEND:{ends}" in lines
    assert "TRIGGER:-P1D" in lines


def test_a_moved_closing_replaces_the_event_and_is_no_second_one(
    consultation: Consultation,
) -> None:
    first = event_of(datetime(2027, 1, 22, tzinfo=UTC))
    second = event_of(datetime(2027, 2, 22, tzinfo=UTC))
    ids = {line for line in [*first, *second] if line.startswith("UID:")}
    assert len(ids) == 1


def test_what_means_something_to_calendars_is_escaped_and_lines_folded(
    consultation: Consultation,
) -> None:
    title = "Streets; parks, and “" + "ö" * 80 + "” \\ more\nand END:VEVENT"
    Consultation.objects.update(title=title)
    text = closing_event(published().get())
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    (summary,) = [line for line in lines_of(text) if line.startswith("SUMMARY:")]
    assert summary.startswith("SUMMARY:Closes: Streets\\; parks\\, and “ö")
    assert summary.endswith("” \\\\ more and END:VEVENT")
    assert len(re.findall(r"^END:VEVENT", text, re.MULTILINE)) == 1


def test_the_start_page_and_a_download_offer_the_calendar_file(
    consultation: Consultation,
) -> None:
    address = reverse("closing-event", args=[consultation.slug])
    page = Client().get(address)
    assert page["Content-Type"] == "text/calendar; charset=utf-8"
    assert page.content.decode().startswith("BEGIN:VCALENDAR\r\n")
    start = Client().get(reverse("start", args=[consultation.slug])).content.decode()
    assert f'href="{address}"' in start
