"""The rule that staff act on what their page showed, for what is not a version of a response.

Each form carries the fingerprint of what its page said. The rule that acts compares it with what
is there now, while it holds the row.
"""

import hashlib
import json


class ChangedSinceShown(Exception):
    """Someone has changed it since the page was opened."""


def fingerprint_of(*said: object) -> str:
    """What a form carries: the same if everything that was `said` is the same."""
    return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()[:16]


def refuse_changed(*, shown: str | None, now: str) -> None:
    """Raise ChangedSinceShown if a page showed anything else than `now`.

    `shown` is None if no page is behind it, such as for a command; a form without a fingerprint is
    refused.
    """
    if shown not in {None, now}:
        raise ChangedSinceShown
