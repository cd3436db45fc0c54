"""What a draft keeps of a field, how much, and whether it has changed. Pure."""

import hashlib
import zlib
from typing import Any

from consult.plans.document import Plan
from consult.plans.kinds.choosing import WRITE_IN_MAX_CHARS
from consult.plans.kinds.writing import SHORT_TEXT_MAX_CHARS
from consult.text import storable
from responses.contacts import LENGTHS, postcode_to_keep

# A page carries a fingerprint of every field. Short, since nobody gains from a collision.
FINGERPRINT_DIGITS = 12
# How much a draft keeps of a field, as a multiple of the response's limit: enough for someone to
# cut a long text down, too little to fill the database with.
TIMES_THE_LIMIT = 4


def as_kept(value: Any, name: str = "") -> Any:
    """Return a field's value as a draft keeps it: anything empty becomes an empty string, and of a
    postcode only the first half is kept.
    """
    if name == "postcode" and isinstance(value, str):
        value = postcode_to_keep(value)
    return (
        ([storable(item) for item in value] if isinstance(value, list) else storable(value))
        if value
        else ""
    )


def size_of(value: Any) -> int:
    """Count the characters, in all choices together; each choice counts, even an empty one."""
    return len(value) if isinstance(value, str) else sum(len(item) + 1 for item in value)


def fingerprint(value: Any, name: str = "") -> str:
    """Return what a page carries of a field's value, to find out later whether it has changed."""
    return hashlib.sha256(repr(as_kept(value, name)).encode("utf-8", "surrogatepass")).hexdigest()[
        :FINGERPRINT_DIGITS
    ]


def mark_of_typed(value: Any) -> str:
    """Return the mark that autosave.mjs makes of a value before it sends it."""
    typed = "\n".join(value) if isinstance(value, list) else str(value)
    plain = typed.replace("\r\n", "\n").replace("\r", "\n")
    return f"{zlib.crc32(plain.encode('utf-8', 'surrogatepass')):x}"


def most_kept(plan: Plan, name: str) -> int:
    """Return the most characters that a draft keeps of a field."""
    question = plan.by_slug.get(name)
    if question is None:
        limit = LENGTHS.get(name, WRITE_IN_MAX_CHARS)
    elif question.closed:
        limit = sum(len(option.slug) for option in question.options)
    else:
        limit = question.max_chars or SHORT_TEXT_MAX_CHARS
    return TIMES_THE_LIMIT * limit
