"""What views read from a request: a reference in an address."""

from django.http import Http404

from responses.references import NotAReference, normalise_reference


def reference_or_404(text: str) -> str:
    """The reference in an address or a form, as it is kept."""
    try:
        return normalise_reference(text)
    except NotAReference as reason:
        raise Http404 from reason
