"""The contact details that people give, checked. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.encoding import punycode
from django.utils.translation import gettext as _

from consult.text import CANNOT_BE_KEPT, INVISIBLE
from responses.answers import AnswersRefused

# The form's field names, and the most characters that the database keeps of each.
LENGTHS = {"name": 200, "email": 254, "postcode": 20}
# The first half of a postcode, and the second, which we do not need. People write O for 0 and I or
# L for 1.
_FIRST, _SECOND = r"([A-Z]{1,2}[0-9][A-Z0-9]?)", r"[0-9OIL][A-Z0-9]{2}"
_WITHIN_WORDS = [
    re.compile(rf"(?<![A-Z0-9]){_FIRST}[^A-Z0-9]*{_SECOND}(?![A-Z0-9])"),
    re.compile(rf"(?<![A-Z0-9]){_FIRST}(?![A-Z0-9])"),
]
_MISWRITTEN = re.compile(rf"([A-Z]{{1,2}})([0-9OIL])([A-Z0-9]?)(?:{_SECOND})?")

# Common email providers in Britain, and domains of other providers that look like one of these.
COMMON_DOMAINS = [
    *[
        "gmail.com",
        "googlemail.com",
        "hotmail.com",
        "hotmail.co.uk",
        "outlook.com",
        "live.co.uk",
        "live.com",
        "yahoo.com",
        "yahoo.co.uk",
    ],
    *[
        "icloud.com",
        "btinternet.com",
        "btopenworld.com",
        "talktalk.net",
        "virginmedia.com",
        "ntlworld.com",
        "blueyonder.co.uk",
    ],
    *["protonmail.com", "sky.com", "aol.com"],
]
KNOWN_DOMAINS = {
    *COMMON_DOMAINS,
    "mail.com",
    "email.com",
    "ymail.com",
    "hotmail.fr",
    "hotmail.it",
    "hotmail.es",
    "yahoo.fr",
    "yahoo.ca",
}
# One provider, which reads no dots in names.
GMAIL = ("gmail.com", "googlemail.com")
# Letters and digits, both halves together.
SHORTEST_POSTCODE = 5
# Characters that come along when an address is copied.
_NOTHING_AT_THE_ENDS = re.compile(f"^[{INVISIBLE}]+|[{INVISIBLE}]+$")
# The limits of RFC 5321.
MOST_OF_NAME, MOST_OF_DOMAIN = 64, 253
# How similar two domains are that differ by one letter, or by two swapped ones.
SLIP = 0.85


def read_contact(raw: Mapping[str, Any]) -> dict[str, str]:
    """Return the contact details in `raw` as `submit_response` takes them: name, email and
    postcode_district, each of which may be empty.

    Only the first half of a postcode is kept. Raises AnswersRefused with every problem at once.
    """
    values = {name: _line(raw.get(name)) for name in LENGTHS}
    problems = {}
    for name, most in LENGTHS.items():
        if CANNOT_BE_KEPT.search(values[name]):
            problems[name] = _("This has a character in it that cannot be stored. Type it again.")
        elif len(values[name]) > most:
            words = _("This must be %(most)s characters or fewer. It is %(over)s over.")
            problems[name] = words % {"most": most, "over": f"{len(values[name]) - most:,}"}
    if "email" not in problems and values["email"] and not _is_email(values["email"]):
        problems["email"] = _("Enter an email address like name@example.com, or leave it empty.")
    district = district_of(values["postcode"])
    if "postcode" not in problems and values["postcode"] and not district:
        problems["postcode"] = _(
            "Enter the first half of a UK postcode, like SE1, or leave it empty."
        )
    if problems:
        raise AnswersRefused(problems)
    return {
        "name": values["name"],
        "email": values["email"],
        "postcode_district": district,
    }


def district_of(typed: str) -> str:
    """Return the first half, in capitals, of the postcode that was `typed`; "" if there is none."""
    plain = re.sub(f"(?! )[{INVISIBLE}]", "", unicodedata.normalize("NFKC", typed)).upper()
    for text in (plain, re.sub("[^A-Z0-9]", "", plain)):
        for pattern in _WITHIN_WORDS:
            if found := pattern.search(text):
                return found[1]
    miswritten = _MISWRITTEN.fullmatch(re.sub("[^A-Z0-9]", "", plain))
    if miswritten:
        area, digit, more = miswritten.groups()
        return area + digit.translate(str.maketrans("OIL", "011")) + more
    return ""


def postcode_to_keep(typed: str) -> str:
    """What is kept of what was `typed` as a postcode, right or wrong: its first half.

    Where that cannot be told, what is too short to be a whole one, or has no number in it, is kept
    to be put right; anything else might be one, and is not.
    """
    written = re.sub("[^A-Z0-9]", "", unicodedata.normalize("NFKC", typed).upper())
    harmless = len(written) < SHORTEST_POSTCODE or written.isalpha()
    return district_of(typed) or (typed if harmless else "")


def likely_meant(email: str) -> str:
    """Return the address probably meant, if `email`'s domain is one slip from a common one, or "".

    Only ever ask: the domain may be real, and small.
    """
    name, at, domain = email.strip().rpartition("@")
    near = (
        get_close_matches(domain.lower(), COMMON_DOMAINS, n=1, cutoff=SLIP)
        if at and domain.lower() not in KNOWN_DOMAINS
        else []
    )
    return f"{name}@{near[0]}" if near else ""


def _line(value: Any) -> str:
    return _NOTHING_AT_THE_ENDS.sub("", " ".join(value.split())) if isinstance(value, str) else ""


def as_delivered(email: str) -> str:
    """Return an address as mail programs compare it: the same however it is written.

    Raises UnicodeError if it cannot be written into a message.
    """
    name, _at, domain = email.strip().rpartition("@")
    return f"{name}@{punycode(domain)}".lower()


def inbox_of(email: str) -> str:
    """Return the inbox that an address leads to, as far as it can be told, for limits: without
    quotes, without what is added after “+”, and at Gmail without dots.

    Raises UnicodeError if it cannot be written into a message.
    """
    name, _at, domain = as_delivered(email).rpartition("@")
    name = name.strip('"').replace("\\", "").partition("+")[0] or name
    domain = domain.rstrip(".")
    if domain in GMAIL:
        name, domain = name.replace(".", ""), GMAIL[0]
    return f"{name}@{domain}"


def _is_email(value: str) -> bool:
    """Tell whether mail can be sent there: to a domain on the internet, not this machine or a bare
    number, in a form that mail servers can read.
    """
    try:
        validate_email(value)
        written = as_delivered(value)
    except (ValidationError, UnicodeError):
        return False
    name, domain = value.rpartition("@")[0], written.rpartition("@")[2]
    # Servers refuse longer ones, and few accept a name beyond ASCII.
    short = len(domain) <= MOST_OF_DOMAIN and len(name) <= MOST_OF_NAME
    return name.isascii() and short and "." in domain and not domain.startswith("[")
