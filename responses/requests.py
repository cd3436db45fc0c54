"""What views read from a request: references and row numbers."""

from collections.abc import Iterable

from django.http import Http404

from responses.references import NotAReference, normalise_reference


def reference_or_404(text: str) -> str:
    """Return the reference in an address or a form, as it is stored. Raises Http404."""
    try:
        return normalise_reference(text)
    except NotAReference as reason:
        raise Http404 from reason


def number_in(text: str) -> int:
    """Return the row number in an address or a form; 0, which no row has, if it holds none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def numbers_in(texts: Iterable[str]) -> list[int]:
    """Return those of `texts` that are row numbers."""
    return [number for number in map(number_in, texts) if number]
