"""Signing: how a receiver knows that a manifest came from this service.

Ed25519 (RFC 8032), which gives the same bytes every time.

The private key is a file that the operator makes once and keeps. Every public key that was ever
made or used is on a public page, so that anyone with an old batch can still check it.
"""

import json
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings
from django.db import transaction

from consult.auditing import record
from consult.models import Action
from responses.models import SigningKey

SIGNATURE = "manifest.sig"


class KeyExists(Exception):
    """There is a key already. If it were replaced, nobody could sign as before."""


class BadKey(Exception):
    """The private key's file is unusable, or the file of a published key is gone."""


def make_key() -> str:
    """Make the private key's file, readable only by its owner, and publish its public half.

    Returns that half. Raises KeyExists.
    """
    path = _path()
    key = Ed25519PrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as reason:
        raise KeyExists(str(path)) from reason
    with os.fdopen(handle, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = key.public_key().public_bytes_raw().hex()
    publish_key(public)
    return public


def publish_key(public: str) -> None:
    """Put a public key on the public page for good. Doing it again changes nothing."""
    with transaction.atomic():
        _, made = SigningKey.objects.get_or_create(public_key=public)
        if made:
            record(action=Action.SIGNING_KEY_PUBLISHED, actor=None, subject=public)


def sign(manifest: bytes) -> bytes | None:
    """Return the content of `manifest.sig` for `manifest`, or None if the operator has made no key.

    Once a key has been published, receivers count on a signature, and nothing goes out without one.
    Raises BadKey.
    """
    path = _path()
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError as reason:
        if key_is_lost():
            raise BadKey("A signing key was published, but its file is not there.") from reason
        return None
    except (ValueError, TypeError) as reason:
        raise BadKey("The signing key's file does not contain a key.") from reason
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKey("The signing key is not an Ed25519 key.")
    public = key.public_key().public_bytes_raw().hex()
    publish_key(public)
    content = {
        "algorithm": "Ed25519",
        "signed": "manifest.json",
        "public_key": public,
        "signature": key.sign(manifest).hex(),
    }
    return (json.dumps(content, indent=2) + "\n").encode()


def key_is_lost() -> bool:
    """Tell whether a key was published whose file is not where this process looks."""
    return SigningKey.objects.exists() and not _path().exists()


def _path() -> Path:
    return Path(settings.SIGNING_KEY_FILE)
