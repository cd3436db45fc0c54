"""Whether an installation is a rehearsal."""

from django.conf import settings
from django.http import HttpRequest


def rehearsal(request: HttpRequest) -> dict[str, bool]:
    """Tell every page whether this is a rehearsal: it is until OPERATOR names who runs it."""
    return {"rehearsal": not settings.OPERATOR}
