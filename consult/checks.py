"""Our own checks for `manage.py check`."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, register
from django.db import DatabaseError

from consult.models import User, published
from consult.web.connections import TooFewConnections, refuse_too_few_connections
from consult.web.durability import UNSAFE, unsafe_settings

# Texts that only the operator can write, and where they appear.
OPERATORS_WORDS = {
    "OPERATOR": (
        "who runs this installation, for the privacy notice and the accessibility statement"
    ),
    "CONTACT_EMAIL": "where people can ask for help, for the pages and emails",
    "ACCESSIBILITY_CONTACT": (
        "where to report a page that someone cannot use, for the accessibility statement"
    ),
    "SECURITY_CONTACT": "where to report a vulnerability, for /.well-known/security.txt",
}
PLANS_WORDS = {
    "postal_address": "where to post the paper form",
    "telephone": "a number to call, for those who cannot use the site",
    "formats": "how to ask for large print, Easy Read or another language",
    "controller": (
        "who is responsible for personal information, by name and address, for the privacy notice"
    ),
    "data_protection": "how to reach them about it, for the privacy notice",
}


@register(Tags.database)
def database_keeps_what_it_confirms(
    app_configs: Any, databases: Sequence[str] | None = None, **options: Any
) -> list[CheckMessage]:
    """With `--database default`: warn if the database can lose what it has confirmed."""
    if not databases or "default" not in databases:
        return []
    try:
        off = unsafe_settings()
    except DatabaseError:
        return [
            Error(
                "The database does not answer.",
                hint="Start it, or correct DATABASE_URL.",
                id="consult.E001",
            )
        ]
    return [
        Error(
            f"PostgreSQL's {name} is off: {UNSAFE[name]}.", hint="Set it to on.", id="consult.E002"
        )
        for name in off
    ]


@register(Tags.database)
def connections_fit(
    app_configs: Any, databases: Sequence[str] | None = None, **options: Any
) -> list[CheckMessage]:
    """With `--database default`: warn if a burst would use up PostgreSQL's connections."""
    if not databases or "default" not in databases:
        return []
    try:
        refuse_too_few_connections()
    except TooFewConnections as reason:
        return [Error(str(reason), id="consult.E003")]
    except DatabaseError:
        return []  # The check above says so already.
    return []


@register(deploy=True)
def texts_that_only_an_operator_can_write(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """With `--deploy`: list the texts on public pages that are still empty.

    Each is information, not an error; the pages say so too.
    """
    empty = [
        f"{name} is empty: {what}."
        for name, what in OPERATORS_WORDS.items()
        if not getattr(settings, name)
    ]
    try:
        for consultation in published():
            missing = {
                name: what
                for name, what in PLANS_WORDS.items()
                if not consultation.contact.get(name)
            }
            empty += [
                f"contact.{name} is empty in the plan file of {consultation.slug}: {what}."
                for name, what in missing.items()
            ]
    except DatabaseError:
        return [
            *_said(empty),
            Info(
                "The plans' own texts could not be read: the database does not answer.",
                id="consult.I002",
            ),
        ]
    return _said(empty)


@register(deploy=True)
def two_people_are_there(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """With `--deploy` and SECOND_PERSON on: warn if nobody could confirm."""
    try:
        if not settings.SECOND_PERSON or _administrators() >= 2:
            return []
    except DatabaseError:
        # Another check says so.
        return []
    return [
        Error(
            "SECOND_PERSON is on, but there are not two administrators.",
            hint="Create another with manage.py create_staff, or turn it off.",
            id="consult.E004",
        )
    ]


def _administrators() -> int:
    return User.objects.filter(role=User.Role.ADMINISTRATOR, is_active=True).count()


def _said(empty: list[str]) -> list[CheckMessage]:
    return [Info(sentence, id="consult.I001") for sentence in empty]
