"""The tokens that open a draft: a browser's own, and those of links to it."""

import hashlib
from uuid import UUID

from django.core.signing import BadSignature, Signer

from responses.models import Draft

LINK, EMAILED = "link to a draft", "emailed link to a draft"


def link_token(draft: Draft) -> str:
    """The token in the link to a draft that its writer copies and shares.

    Computed with the secret key, since none is stored.
    """
    return Signer(salt=LINK).sign(draft.submission_key.hex)


def emailed_token(draft: Draft) -> str:
    """The token in the link that an email carries: it may reach a stranger, and so it is told from
    the one that was copied.
    """
    return Signer(salt=EMAILED).sign(draft.submission_key.hex)


def was_emailed(token: str) -> bool:
    """Whether this is the token of an emailed link."""
    return _signed(token, EMAILED) is not None


def key_of(token: str) -> UUID | None:
    """The submission key that a link's token names; None where it is a browser's own, or forged."""
    return (_signed(token, LINK) or _signed(token, EMAILED)) if ":" in token else None


def _signed(token: str, salt: str) -> UUID | None:
    try:
        return UUID(Signer(salt=salt).unsign(token))
    except (BadSignature, ValueError):
        return None


def hash_of(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
