"""Settings from the environment, each checked at start.

`SETTINGS` is the complete list; a test compares it with the table in docs/settings.md. Reading a
value that is missing or makes no sense raises `BadSetting`, whose message says in one sentence what
to do.
"""

import os
from pathlib import Path
from typing import Any

from consult.env.exporting import EXPORTING
from consult.env.limits import LIMITS
from consult.env.mailing import MAILING
from consult.env.serving import SERVING

SETTINGS = {setting.name: setting for setting in [*SERVING, *MAILING, *LIMITS, *EXPORTING]}


class BadSetting(Exception):
    """A setting is missing or makes no sense; the message says which one, why, and what to do."""


def read(name: str) -> Any:
    """Return the value of the setting `name`. Raises BadSetting if its text makes no sense."""
    setting = SETTINGS[name]
    value = os.environ.get(name, "") or _from_file(name) or setting.default
    try:
        return setting.parse(value)
    except ValueError as reason:
        # A failed start is logged, and the value may hold a password.
        shown = "makes no sense" if setting.secret else f"is “{value}”"
        # The parser's own error quotes the value, so it must not be chained.
        raise BadSetting(f"{name} {shown}: {reason}.") from None


def _from_file(name: str) -> str:
    """Return the content of the file named by NAME_FILE, as containers and systemd pass secrets.

    Raises BadSetting if it cannot be read.
    """
    path = os.environ.get(f"{name}_FILE", "")
    if not path:
        return ""
    try:
        return Path(path).read_text().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as reason:
        raise BadSetting(f"{name}_FILE: {path} cannot be read ({reason}).") from reason


def refuse_unsafe_production(values: dict[str, Any]) -> None:
    """Raise BadSetting if `values` would be unsafe or unworkable with real people's responses."""
    hint = " To try the service out on this machine, as `make run` does, set DEBUG=on."
    if (
        len(values["SECRET_KEY"]) < 50
        or len(set(values["SECRET_KEY"])) < 10
        or values["SECRET_KEY"].startswith("django-insecure")
    ):
        raise BadSetting(
            f"SECRET_KEY is missing or weak: set it to at least 50 random characters.{hint}"
        )
    if not values["ALLOWED_HOSTS"]:
        raise BadSetting(
            f"ALLOWED_HOSTS is missing: list the host names this service answers to.{hint}"
        )
    if any("*" in host or host.startswith(".") for host in values["ALLOWED_HOSTS"]):
        raise BadSetting("ALLOWED_HOSTS has a wildcard: write each host name in full.")
    if not values["SITE_URL"].startswith("https://"):
        raise BadSetting(
            f"SITE_URL is “{values['SITE_URL']}”: write the https address people type.{hint}"
        )
    # Without a mail server, receipts would promise emails that never come.
    for name in ("DATABASE_URL", "REDIS_URL", "EMAIL_URL"):
        if not values[name]:
            raise BadSetting(f"{name} is missing: write the address of the server.{hint}")
