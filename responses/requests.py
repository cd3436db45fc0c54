"""What views read from a request: a reference, and the number of a row."""

from collections.abc import Iterable

from django.http import Http404

from responses.references import NotAReference, normalise_reference


def reference_or_404(text: str) -> str:
    """The reference in an address or a form, as it is kept."""
    try:
        return normalise_reference(text)
    except NotAReference as reason:
        raise Http404 from reason


def number_in(text: str) -> int:
    """The number of a row that stands in an address or a form; 0, which no row has, where none
    does.
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def numbers_in(texts: Iterable[str]) -> list[int]:
    """Those of `texts` that are numbers of rows."""
    return [number for number in map(number_in, texts) if number]
