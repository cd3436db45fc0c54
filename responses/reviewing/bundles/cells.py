"""What one cell of a table says: an answer, a day, or how something came.

Pure.
"""

import re
from datetime import date
from typing import Any

from consult.plans.document import Question
from responses.models import Bundle, Response

Kind = Bundle.Kind
DAY = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")
BY_HAND = {
    Response.Channel.POST: "post",
    Response.Channel.EMAIL: "email",
    Response.Channel.TELEPHONE: "telephone",
}


def value_of(question: Question, cell: str) -> Any:
    """Return a cell as the form has it: an option by its label or its name, a date by its parts."""
    if not question.options:
        found = DAY.fullmatch(cell.strip())
        return list(found.groups()) if found and question.kind == "date" else cell
    by_words = {option.label.casefold(): option.slug for option in question.options}
    by_words |= {option.slug: option.slug for option in question.options}
    whole = by_words.get(cell.strip().casefold())
    if not question.entry.several:
        return whole or cell.strip()
    parts = [part.strip() for part in re.split(r"[;\n]", cell) if part.strip()]
    return [whole] if whole else [by_words.get(part.casefold(), part) for part in parts]


def channel_of(cell: str, kind: str) -> str:
    """Return by which channel a row came; "" if it does not say."""
    if kind == Kind.IMPORTED:
        return Response.Channel.IMPORTED
    said = cell.strip().casefold()
    found = [
        channel for channel, name in BY_HAND.items() if said in {name, channel.label.casefold()}
    ]
    return found[0] if found else ""


def day_of(cell: str) -> date | None:
    """Return the day that a cell names, or None."""
    found = DAY.fullmatch(cell.strip())
    try:
        if found:
            day, month, year = map(int, found.groups())
            return date(year, month, day)
        return date.fromisoformat(cell.strip()[:10])
    except ValueError:
        return None
