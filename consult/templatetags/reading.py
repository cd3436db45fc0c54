"""How typed text is shown to people."""

import unicodedata

from django import template

from consult.text import with_symbols

register = template.Library()


@register.filter
def shown(text: str) -> str:
    """The text with a symbol for each control character, which a page would leave out."""
    return with_symbols(str(text))


@register.filter
def direction(text: str) -> str:
    """The direction of the first letter that has one, as browsers take `dir="auto"`."""
    kinds = (unicodedata.bidirectional(character) for character in str(text))
    first = next((kind for kind in kinds if kind in {"L", "R", "AL"}), "L")
    return "ltr" if first == "L" else "rtl"
