"""Which receipts a browser may show whole, since it sent them or their sender was recognised: those
whose marks its cookie holds.
"""

from collections.abc import Mapping

from django.conf import settings
from django.utils.crypto import salted_hmac

from responses.models import Response

SALT = "a browser that may show a receipt"
BETWEEN = "."
MOST_RECEIPTS = 20


def cookie_of(consultation: int) -> str:
    """The cookie's name. Without a receipt's address it opens nothing."""
    return f"{settings.COOKIE_PREFIX}receipts-{consultation}"


def shows_whole(cookies: Mapping[str, str], response: Response) -> bool:
    """Whether the browser with these cookies sent `response`, or its user showed that they did."""
    return bool(set(_given(cookies, response)) & set(_marks(response)))


def with_mark(cookies: Mapping[str, str], response: Response) -> str:
    """What the cookie holds once it has the mark of `response` too, which comes first."""
    [mark, *_earlier] = _marks(response)
    given = [other for other in _given(cookies, response) if other != mark]
    return BETWEEN.join([mark, *given][:MOST_RECEIPTS])


def _given(cookies: Mapping[str, str], response: Response) -> list[str]:
    cookie = cookies.get(cookie_of(response.consultation_id), "")
    return [mark for mark in cookie.split(BETWEEN)[:MOST_RECEIPTS] if mark]


def _marks(response: Response) -> list[str]:
    """What this browser's cookie holds of a receipt: by today's key, and by earlier ones."""
    return [
        salted_hmac(SALT, response.receipt_hash, secret=key, algorithm="sha256").hexdigest()[:32]
        for key in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    ]
