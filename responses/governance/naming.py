"""Whether a reason, which stays on the trail for good, names the person who asked to be erased."""

import re
from collections.abc import Iterable
from contextlib import suppress

from responses.models import BundleRow, Contact, Draft, Message
from responses.reviewing.mailboxes import read_letter

# Shorter ones are parts of other words.
NAME_CHARACTERS = 3
# Parts of names and addresses that a reason can contain without naming anyone.
COMMON = {"com", "org", "net", "gov", "www", "mail", "email", "example", "post", "may", "will"}


def names_sender(*, reference: str, words: str) -> bool:
    """Tell whether a text names the sender of what came under a reference, or their address, or
    a part of either.
    """
    theirs = Contact.objects.filter(response__reference=reference)
    rows = theirs.values_list("name", "email", "corrected_email")
    return _any_in((detail for row in rows for detail in row), words)


def names_writer(
    *,
    drafts: Iterable[Draft],
    letters: Iterable[Message],
    words: str,
    rows: Iterable[BundleRow] = (),
) -> bool:
    """Tell whether a text names anyone who typed these drafts, wrote these emails or is in these
    rows.
    """
    found: set[str] = set()
    for row in rows:
        found |= {str(row.fields["raw"].get(name, "")) for name in ("name", "email")}
    for draft in drafts:
        found |= {str(draft.answers.get(name, "")) for name in ("name", "email")}
        # Reminders go to addresses that a link was sent to.
        found |= set(draft.links.values_list("email", flat=True))
    for letter in letters:
        with suppress(FileNotFoundError):
            found.add(read_letter(letter).sender)
    return _any_in(found, words)


def _any_in(details: Iterable[str], words: str) -> bool:
    said = set(_words(words))
    return any(
        part in said
        for detail in details
        for part in _words(detail)
        if len(part) >= NAME_CHARACTERS and part not in COMMON
    )


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
