"""Where a request comes from."""

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The network address of whoever asks.

    Behind our own proxy it is the last entry of X-Forwarded-For, the one that the proxy wrote: what stands before it came
    from outside and may say anything. Without a proxy the header is not looked at.
    """
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")[-1].strip()
    direct: str = request.META.get("REMOTE_ADDR", "")
    return (forwarded or direct) if settings.TRUSTED_PROXY else direct
