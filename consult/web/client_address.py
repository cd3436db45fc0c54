"""Where a request comes from."""

import logging
import time
from ipaddress import IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest

from consult.web.rate_limits import note_missing_address

log = logging.getLogger(__name__)

NOTE_EVERY_SECONDS = 60
_note = {"next": 0.0}


def address_of(request: HttpRequest) -> str:
    """Return the network address that a request comes from.

    Behind one proxy of ours it is the last entry of X-Forwarded-For, which the proxy wrote; behind
    two, the last but one. Earlier ones came from outside and can say anything. Without a proxy the
    header is ignored. An IPv6 address is reduced to its network, since one home or one attacker has
    all 2⁶⁴ addresses in it.
    """
    direct: str = request.META.get("REMOTE_ADDR", "")
    proxies = settings.TRUSTED_PROXIES
    if not proxies:
        return _of_one_home(direct)
    entries = request.headers.get("X-Forwarded-For", "").split(",")
    if len(entries) >= proxies and entries[-proxies].strip():
        return _of_one_home(entries[-proxies].strip())
    # The proxy said that it was https, but not for whom: everyone has one address now.
    if "X-Forwarded-Proto" in request.headers and time.monotonic() >= _note["next"]:
        _note["next"] = time.monotonic() + NOTE_EVERY_SECONDS
        log.warning("X-Forwarded-For has fewer entries than TRUSTED_PROXY says there are proxies.")
        note_missing_address()
    return _of_one_home(direct)


def _of_one_home(address: str) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address) or found.is_loopback:
        return str(found)
    return str(found.ipv4_mapped or IPv6Network((found, 64), strict=False))
