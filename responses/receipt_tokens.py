"""The unguessable address of a receipt.

Its token is computed from the reference with the secret key, so that a later email can carry it
although only its SHA-256 is stored: the database alone cannot open receipts.
"""

import base64
import hashlib
import hmac

from django.conf import settings

from responses.models import Response

TOKEN_BYTES = 20  # 160 bits. Never issue shorter ones.


class ReceiptKeyLost(Exception):
    """None of our secret keys made this receipt's address: add the earlier key to
    SECRET_KEY_FALLBACKS.
    """


def make_token(reference: str, *, key: str | None = None) -> str:
    """Return the token for `reference`: 27 characters that can be part of a URL."""
    mac = hmac.digest(
        (key or settings.SECRET_KEY).encode(), f"receipt of {reference}".encode(), "sha256"
    )
    return base64.urlsafe_b64encode(mac[:TOKEN_BYTES]).decode().rstrip("=")


def hash_token(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def receipt_token(response: Response) -> str:
    """Return the token that opens the receipt of `response`. Raises ReceiptKeyLost."""
    for key in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]:
        token = make_token(response.reference, key=key)
        if hmac.compare_digest(hash_token(token), response.receipt_hash):
            return token
    raise ReceiptKeyLost(response.reference)


def find_response(token: str) -> Response:
    """Return the newest version of the response whose receipt `token` opens.

    Raises Response.DoesNotExist.
    """
    found = Response.objects.select_related(
        "consultation", "edition", "confirmation", "contact"
    ).filter(receipt_hash=hash_token(token))
    newest = found.order_by("-version").first()
    if newest is None:
        raise Response.DoesNotExist
    return newest
