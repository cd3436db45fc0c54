"""How typed text is shown to people."""

from django import template

from consult.text import with_symbols

register = template.Library()


@register.filter
def shown(text: str) -> str:
    """The text with a symbol for each control character, which a page would leave out."""
    return with_symbols(str(text))
