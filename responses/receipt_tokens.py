"""The unguessable address of a receipt.

Its token is computed from the reference with the secret key, so that a later email can carry it
although only its SHA-256 is stored: the database alone cannot open receipts.
"""

import base64
import hashlib
import hmac

from django.conf import settings

from responses.models import Response
from responses.references import ALPHABET

TOKEN_BYTES = 20  # 160 bits. Never issue shorter ones.
CODE_LENGTH = 6


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
    return make_token(response.reference, key=_key_of(response))


def receipt_code(response: Response) -> str:
    """Return the short code, like K7M4PX, that shows its receipt to its sender on another device.

    It stands on the receipt and never in an email. Raises ReceiptKeyLost.
    """
    return short_code(f"receipt {response.reference}", key=_key_of(response))


def short_code(what: str, *, key: str | None = None) -> str:
    """Return six characters for `what` that only the secret key tells."""
    mac = hmac.digest((key or settings.SECRET_KEY).encode(), f"code of {what}".encode(), "sha256")
    number, digits = int.from_bytes(mac), []
    for _place in range(CODE_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(digits)


def _key_of(response: Response) -> str:
    for key in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]:
        token = make_token(response.reference, key=key)
        if hmac.compare_digest(hash_token(token), response.receipt_hash):
            return key
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
