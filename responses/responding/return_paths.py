"""Where a mail server sends an email back to: an address of its own for each email (VERP).

The address names the email and nobody else's, and is signed for the address that the email went to:
what comes back for an address that was corrected since finds nothing.
"""

import re

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac

from responses.contacts import as_delivered
from responses.models import Confirmation, DraftLink, Reminder

SALT = "responses.return-path"
# Mail servers may write it in capitals, so its letters and digits are the same in either.
TOKEN = re.compile(r"\b([clr])([0-9]{1,18})-([0-9a-f]{20})\b")
Email = Confirmation | DraftLink | Reminder
KINDS: dict[str, type[Email]] = {"c": Confirmation, "l": DraftLink, "r": Reminder}
HAS_ADDRESS: dict[type[Email], list[str]] = {
    Confirmation: ["response__contact"],
    DraftLink: [],
    Reminder: ["request"],
}


def return_to(message: EmailMessage, *, email: Email, address: str) -> None:
    """Have `message` come back to us if it cannot be delivered, where BOUNCE_ADDRESS says so.

    People still see who it is from, and answer to whom they did before.
    """
    if settings.BOUNCE_ADDRESS:
        name, _, domain = settings.BOUNCE_ADDRESS.rpartition("@")
        message.extra_headers.setdefault("From", message.from_email)
        message.from_email = f"{name}+{token_of(email, address)}@{domain}"


def token_of(email: Email, address: str) -> str:
    """Return what stands for `email`, sent to `address`, in the address that it comes back to."""
    kind = next(letter for letter, model in KINDS.items() if isinstance(email, model))
    return f"{kind}{email.pk}-{_signature(f'{kind}{email.pk}', address, settings.SECRET_KEY)}"


def emails_named_in(text: str) -> list[Email]:
    """Return the emails whose return addresses stand in `text`, each once."""
    found = {}
    for kind, number, signature in TOKEN.findall(text.lower()):
        email = _with_address(KINDS[kind]).filter(pk=int(number)).first()
        if email and _is_signed(f"{kind}{number}", address_of(email), signature):
            found[kind, email.pk] = email
    return list(found.values())


def emails_with_ids(message_ids: list[str]) -> list[Email]:
    """Return the emails with these Message-IDs."""
    return [
        email
        for model in KINDS.values()
        for email in _with_address(model).filter(message_id__in=message_ids)
    ]


def address_of(email: Email) -> str:
    """Return the address that `email` goes to; empty once it was removed."""
    if isinstance(email, Confirmation):
        return email.response.contact.reachable_at
    return email.email if isinstance(email, DraftLink) else email.request.email


def _with_address(model: type[Email]) -> QuerySet[Email]:
    rows: QuerySet[Email] = QuerySet(model)
    # Where there is none, its email goes nowhere.
    return rows.select_related(*HAS_ADDRESS[model]).exclude(**dict.fromkeys(HAS_ADDRESS[model]))


def _is_signed(name: str, address: str, signature: str) -> bool:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(constant_time_compare(signature, _signature(name, address, key)) for key in keys)


def _signature(name: str, address: str, key: str) -> str:
    return salted_hmac(SALT, f"{name} {as_delivered(address)}", secret=key).hexdigest()[:20]
