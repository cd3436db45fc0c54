"""A question that is answered with a day: three fields on a page, stored as one ISO date."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from random import Random
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from consult.plans.kinds.entry import Asked, Box, Column, Kept, Kind, OnPaper, box_name
from consult.plans.shapes import whole_number
from consult.text import is_blank

BOXES = ("day", "month", "year")
# The first and last year if the plan file does not say.
EARLIEST, LATEST = 1900, 2100
SAMPLES = (date(1940, 1, 1), date(2025, 12, 31))
ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

MISSING = {
    ("day",): gettext_noop("Date must include a day"),
    ("month",): gettext_noop("Date must include a month"),
    ("year",): gettext_noop("Date must include a year"),
    ("day", "month"): gettext_noop("Date must include a day and a month"),
    ("day", "year"): gettext_noop("Date must include a day and a year"),
    ("month", "year"): gettext_noop("Date must include a month and a year"),
}
NOT_A_NUMBER = {
    "day": gettext_noop("The day must be a number, like 27"),
    "month": gettext_noop("The month must be a number, like 3"),
    "year": gettext_noop("The year must be a number, like 2026"),
}
OUT_OF_BOUNDS = {
    "day": gettext_noop("The day must be between %(least)s and %(most)s"),
    "month": gettext_noop("The month must be between %(least)s and %(most)s"),
    "year": gettext_noop("The year must be between %(least)s and %(most)s"),
}


class Date(Kind):
    """While it is typed, the answer is a list of day, month and year; once it is a date, an ISO
    date.
    """

    name = "date"
    words = "A date"
    look = "date"
    partial = True
    banded = True
    keys = {"from": whole_number(1000, 9999), "to": whole_number(1000, 9999)}
    details = ("from", "to")
    optional = ("from", "to")

    def check(self, question: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        yield from super().check(question)
        if question.get("from", EARLIEST) > question.get("to", LATEST):
            # If the file gives only one of them, the other is ours.
            yield ("to" if "to" in question else "from"), "leaves no year: from is after to"

    def typed(self, name: str, data: Any) -> Any:
        parts = [data.get(box_name(name, box)) for box in BOXES]
        if all(part is None for part in parts):
            # Not from one of our pages: a draft, or the hidden fields that carry one on.
            given = data.getlist(name) if hasattr(data, "getlist") else data.get(name)
            parts = _parts(given[0] if isinstance(given, list) and len(given) == 1 else given)
        parts = [part or "" for part in parts]
        if all(is_blank(part) for part in parts):
            return ""
        found = _date_of(parts)
        return found.isoformat() if found else parts

    def boxes(self, question: Asked, value: Any) -> list[Box]:
        labels = (_("Day"), _("Month"), _("Year"))
        return [
            Box(box_name(question.slug, box), label, part, 4 if box == "year" else 2)
            for box, label, part in zip(BOXES, labels, _parts(value), strict=True)
        ]

    def read(self, question: Asked, raw: Mapping[str, Any]) -> Kept:
        parts = _parts(raw.get(question.slug))
        if all(is_blank(part) for part in parts):
            return Kept()
        missing = tuple(box for box, part in zip(BOXES, parts, strict=True) if is_blank(part))
        if missing:
            return _refused(question, missing[0], _(MISSING[missing]))
        earliest, latest = _years(question)
        bounds = ((1, 31), (1, 12), (earliest, latest))
        for box, part, (least, most) in zip(BOXES, parts, bounds, strict=True):
            if not re.fullmatch(r"[0-9]{1,4}", part.strip()):
                return _refused(question, box, _(NOT_A_NUMBER[box]))
            if box == "year" and len(part.strip()) != 4:
                return _refused(question, box, _("Year must include 4 numbers"))
            if not least <= int(part) <= most:
                words = _(OUT_OF_BOUNDS[box]) % {"least": least, "most": most}
                return _refused(question, box, words)
        found = _date_of(parts)
        if found is None:
            return _refused(question, "day", _("Date must be a real date"))
        return Kept(texts={question.slug: found.isoformat()})

    def lines(self, question: Asked, raw: Mapping[str, Any]) -> tuple[str, ...]:
        given = raw.get(question.slug)
        parts = _parts(given)
        if all(is_blank(part) for part in parts):
            return ()
        if found := _date_of(parts):
            return (date_format(found, "j F Y"),)
        # Not a date yet, or not any more, because part of it is redacted.
        return (given if isinstance(given, str) else " / ".join(parts),)

    def on_paper(self, question: Asked) -> OnPaper:
        return OnPaper(blanks=(_("Day"), _("Month"), _("Year")))

    def columns(self, question: Asked) -> Iterator[Column]:
        yield Column(question.slug, question.slug, type="date")

    def limits(self, question: Asked) -> str:
        earliest, latest = _years(question)
        return f"in the years {earliest} to {latest}"

    def constraints(self, question: Asked) -> dict[str, Any]:
        earliest, latest = _years(question)
        return {"minimum": f"{earliest}-01-01", "maximum": f"{latest}-12-31"}

    def sample(self, question: Asked, dice: Random) -> str:
        earliest, latest = _years(question)
        first, last = date(earliest, 1, 1), date(latest, 12, 31)
        likely = max(first, SAMPLES[0]), min(last, SAMPLES[1])
        low, high = likely if likely[0] <= likely[1] else (first, last)
        return date.fromordinal(dice.randint(low.toordinal(), high.toordinal())).isoformat()

    def band(self, question: Asked, stored: str) -> tuple[int, str]:
        year = int(stored[:4])
        return year, str(year)


def _years(question: Asked) -> tuple[int, int]:
    """The first and the last year that a date can have."""
    return question.details.get("from", EARLIEST), question.details.get("to", LATEST)


def _parts(value: Any) -> list[str]:
    """Return day, month and year, of what was typed or of what is stored."""
    if isinstance(value, str) and ISO.fullmatch(value):
        year, month, day = value.split("-")
        return [day.lstrip("0"), month.lstrip("0"), year]
    typed = [part if isinstance(part, str) else "" for part in value or []]
    # Anything else goes where it can be seen and corrected.
    return typed if len(typed) == len(BOXES) else [value if isinstance(value, str) else "", "", ""]


def _date_of(parts: list[str]) -> date | None:
    day, month, year = (part.strip() for part in parts)
    if not re.fullmatch(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}", f"{day}/{month}/{year}"):
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _refused(question: Asked, box: str, problem: str) -> Kept:
    return Kept(problems={box_name(question.slug, box): problem})
