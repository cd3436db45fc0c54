"""What every page says about the site itself."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, str | bool]:
    """Give templates the site's name and who runs it; it is a rehearsal until OPERATOR says who."""
    return {
        "site_name": settings.SITE_NAME,
        "site_colour": settings.SITE_COLOUR,
        "operator": settings.OPERATOR,
        "disclaimer": settings.DISCLAIMER,
        "rehearsal": not settings.OPERATOR,
    }
