"""Where a request comes from."""

from ipaddress import IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The network address that a request comes from.

    Behind our own proxy it is the last entry of X-Forwarded-For, which the proxy wrote; the earlier
    ones came from outside and can say anything. Without a proxy the header is ignored. An IPv6
    address is reduced to its network, since one home or one attacker has all 2⁶⁴ addresses in it.
    """
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")[-1].strip()
    direct: str = request.META.get("REMOTE_ADDR", "")
    return _of_one_home((forwarded or direct) if settings.TRUSTED_PROXY else direct)


def _of_one_home(address: str) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address) or found.is_loopback:
        return str(found)
    return str(found.ipv4_mapped or IPv6Network((found, 64), strict=False))
