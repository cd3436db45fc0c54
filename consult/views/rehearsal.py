"""Whether an installation is for real."""

from django.conf import settings
from django.http import HttpRequest


def rehearsal(request: HttpRequest) -> dict[str, bool]:
    """For every page: nobody who receives responses runs this until OPERATOR names them."""
    return {"rehearsal": not settings.OPERATOR}
