"""How pages show text that people typed."""

import re
import unicodedata

from django import template

from consult.plans.document import Plan
from consult.text import with_symbols

register = template.Library()

SENTENCES = re.compile(r"(?<=[.!?])\s+(?=[A-Z“‘])")
A_PARAGRAPH = 2  # sentences, so that each paragraph is short


@register.filter
def shown(text: str) -> str:
    """Return the text with a symbol for each control character, which a page would leave out."""
    return with_symbols(str(text))


@register.filter
def direction(text: str) -> str:
    """Return the direction of the first letter that has one, as browsers do for `dir="auto"`."""
    kinds = (unicodedata.bidirectional(character) for character in str(text))
    first = next((kind for kind in kinds if kind in {"L", "R", "AL"}), "L")
    return "ltr" if first == "L" else "rtl"


@register.filter
def titled(address: str, plan: Plan) -> str:
    """Return the title of the source with that address, or the address where it has none."""
    return plan.titles_of_sources.get(address, address)


@register.filter
def gist(text: str) -> str:
    """Return the first sentences of a description."""
    return " ".join(SENTENCES.split(str(text))[:A_PARAGRAPH])


@register.filter
def after_the_gist(text: str) -> list[str]:
    """Return the rest of it, in short paragraphs."""
    rest = SENTENCES.split(str(text))[A_PARAGRAPH:]
    return [" ".join(rest[at : at + A_PARAGRAPH]) for at in range(0, len(rest), A_PARAGRAPH)]
