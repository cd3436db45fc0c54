"""What a filter is, and how it is written in a page's address."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from consult.text import CANNOT_BE_KEPT
from responses.models import Response, Review

WORD_MAX_CHARS = 200
ANSWER = re.compile(r"[a-z0-9-]{1,200}=[a-z0-9-]{1,200}")
SLUG = re.compile(r"[a-z0-9-]{1,200}")
NUMBER = re.compile(r"[0-9]{1,17}")

# The values of a field that has a closed list; the labels are for the page.
CHOICES: dict[str, list[tuple[str, str]]] = {
    "state": list(Review.State.choices),
    "unread": [
        ("anyone", "Nobody has opened it"),
        ("me", "I have not opened it"),
        ("marked", "Marked as read with others, never opened"),
    ],
    "decided": [("one", "By someone who decided on it alone"), ("bulk", "With many others")],
    "channel": list(Response.Channel.choices),
    "timing": list(Response.Timing.choices),
    "kind": [("individual", "Individual"), ("organisation", "Organisation")],
    "act": list(Response.Act.choices),
    "versions": [("all", "Also versions that were changed since")],
    "ending": [("english", "Whatever their ending, in English")],
}


@dataclass(frozen=True)
class Filter:
    """Which responses someone wants to see.

    An empty field matches everything; a response has to match every field that is set.

    `answer` has "question-slug=option-slug", each of which has to have been chosen. `since` and
    `until` are days in London, both included. `word` is what `websearch_to_tsquery` reads: words,
    "quoted phrases" and -exclusions, or a response's reference.
    """

    consultation: str = ""
    state: str = ""
    unread: str = ""
    decided: str = ""
    channel: str = ""
    timing: str = ""
    kind: str = ""
    answer: tuple[str, ...] = ()
    flag: str = ""
    act: str = ""
    versions: str = ""
    code: str = ""
    campaign: str = ""
    since: date | None = None
    until: date | None = None
    word: str = ""
    ending: str = ""


NAMES = [field.name for field in fields(Filter)]
PATTERNS = {
    "consultation": SLUG,
    "flag": SLUG,
    "code": NUMBER,
    "campaign": NUMBER,
    "answer": ANSWER,
}


def read_filter(pairs: Iterable[tuple[str, str]]) -> tuple[Filter, dict[str, str]]:
    """Return the filter in an address's query, and by field name each value that makes no sense:
    those are left out.
    """
    values: dict[str, Any] = {}
    bad: dict[str, str] = {}
    for name, raw in pairs:
        value = raw.strip()
        if name not in NAMES or not value:
            continue
        if not _makes_sense(name, value):
            bad[name] = value
        elif name == "answer":
            values["answer"] = (*values.get("answer", ()), value)
        else:
            values[name] = date.fromisoformat(value) if name in {"since", "until"} else value
    return Filter(**values), bad


def _makes_sense(name: str, value: str) -> bool:
    if name in CHOICES:
        return value in dict(CHOICES[name])
    if name in PATTERNS:
        return PATTERNS[name].fullmatch(value) is not None
    if name == "word":
        return len(value) <= WORD_MAX_CHARS and not CANNOT_BE_KEPT.search(value)
    try:
        return 1900 < date.fromisoformat(value).year < 9999
    except ValueError:
        return False


def written(wanted: Filter) -> list[tuple[str, str]]:
    """Return the filter as an address's query, which `read_filter` reads back."""
    return [
        (name, str(one))
        for name, value in asdict(wanted).items()
        for one in (value if isinstance(value, tuple) else (value,))
        if one
    ]
