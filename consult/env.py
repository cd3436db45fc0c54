"""Settings from the environment, each checked at start.

`SETTINGS` is the complete list; a test holds the table in docs/settings.md to it. Reading a value
that is missing or makes no sense raises `BadSetting`, whose message says in one sentence what to
do.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


class BadSetting(Exception):
    """A setting is missing or makes no sense; the message says which one, why, and what to do."""


@dataclass(frozen=True)
class Setting:
    """One environment variable.

    `parse` raises ValueError with the reason; `default` is text, as in the environment.
    """

    name: str
    parse: Callable[[str], Any]
    default: str
    meaning: str


def text(value: str) -> str:
    return value


def flag(value: str) -> bool:
    words = {
        "1": True,
        "on": True,
        "yes": True,
        "true": True,
        "": False,
        "0": False,
        "off": False,
        "no": False,
        "false": False,
    }
    if value.strip().lower() not in words:
        raise ValueError("write on or off")
    return words[value.strip().lower()]


def whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    """A parser for whole numbers from `lowest` to `highest`, both allowed."""

    def parse(value: str) -> int:
        if not value.isascii() or not value.isdigit() or not lowest <= int(value) <= highest:
            raise ValueError(f"write a whole number from {lowest} to {highest}")
        return int(value)

    return parse


def rate(value: str) -> tuple[int, int]:
    """A number and a number of seconds: 10/900 is ten in fifteen minutes."""
    count, slash, seconds = value.partition("/")
    if not slash or not all(
        part.isascii() and part.isdigit() and 0 < int(part) <= 1_000_000
        for part in (count, seconds)
    ):
        raise ValueError("write a number, a slash and a number of seconds, for example 10/900")
    return int(count), int(seconds)


def names(value: str) -> list[str]:
    """Names separated by commas; empty ones are dropped."""
    return [name.strip() for name in value.split(",") if name.strip()]


def url(*schemes: str) -> Callable[[str], str]:
    """A parser for addresses that start with one of `schemes`; empty stays empty."""

    def parse(value: str) -> str:
        if value and urlsplit(value).scheme not in schemes:
            raise ValueError(
                "write an address that starts with "
                + " or ".join(f"{scheme}:" for scheme in schemes)
            )
        return value

    return parse


def site_url(value: str) -> str:
    """The address people type, without a path or a slash at its end."""
    parts = urlsplit(value)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.path.strip("/")
        or parts.query
    ):
        raise ValueError("write only the scheme and host, for example https://consult.example.org")
    return f"{parts.scheme}://{parts.netloc}"


SETTINGS = {
    setting.name: setting
    for setting in [
        Setting(
            "DEBUG",
            flag,
            "off",
            (
                "On only to try the service out on one machine, as `make run` does: plain http, a "
                "throwaway key, emails saved as files."
            ),
        ),
        Setting(
            "SECRET_KEY",
            text,
            "",
            (
                "Signs cookies and receipt addresses. At least 50 characters, kept as long as "
                "receipts. Required when DEBUG is off."
            ),
        ),
        Setting(
            "SECRET_KEY_FALLBACKS",
            names,
            "",
            (
                "Earlier values of SECRET_KEY, separated by commas, so that receipts still open "
                "after "
                "a change of key."
            ),
        ),
        Setting(
            "ALLOWED_HOSTS",
            names,
            "",
            (
                "The host names this service answers to, separated by commas; no wildcards. "
                "Required "
                "when DEBUG is off."
            ),
        ),
        Setting(
            "SITE_URL",
            site_url,
            "http://127.0.0.1:8000",
            (
                "The address people type. Links in emails start with it. Must be https when DEBUG "
                "is "
                "off."
            ),
        ),
        Setting("PORT", whole_number(1, 65535), "8000", "The port the web server listens on."),
        Setting("HOST", text, "127.0.0.1", "The address the web server listens on."),
        Setting(
            "TRUSTED_PROXY",
            flag,
            "off",
            (
                "On if your own proxy handles https in front of this service and sets "
                "X-Forwarded-Proto itself."
            ),
        ),
        Setting(
            "DATABASE_URL",
            url("postgres", "postgresql"),
            "",
            (
                "PostgreSQL, for example postgresql://user:password@host/name. If empty, `make "
                "run` "
                "starts its own."
            ),
        ),
        Setting(
            "REDIS_URL",
            url("redis", "rediss", "unix"),
            "",
            "Redis, for example redis://host/0. If empty, `make run` starts its own.",
        ),
        Setting(
            "VAR_DIR",
            text,
            "var",
            (
                "The folder for everything this service writes: its own database, saved emails, "
                "batches."
            ),
        ),
        Setting(
            "STATIC_DIR",
            text,
            "",
            "The folder for collected style sheets and scripts. If empty: VAR_DIR/static.",
        ),
        Setting(
            "EMAIL_URL",
            url("smtp", "smtps", "smtp+tls", ""),
            "",
            (
                "The mail server, for example smtp+tls://user:password@host:587. If empty, each "
                "email "
                "is saved as a file in VAR_DIR/mail."
            ),
        ),
        Setting(
            "EMAIL_TIMEOUT",
            whole_number(1, 120),
            "20",
            "How many seconds to wait for each reply from the mail server.",
        ),
        Setting(
            "SESSION_IDLE_MINUTES",
            whole_number(5, 480),
            "60",
            "Staff have to sign in again after this many minutes without a click.",
        ),
        Setting(
            "LIMIT_SIGN_IN",
            rate,
            "5/300",
            (
                "Failed sign-ins for one account from one address, as number/seconds. After that, "
                "people have to wait."
            ),
        ),
        Setting(
            "LIMIT_SIGN_IN_ADDRESS",
            rate,
            "100/900",
            "Failed sign-ins from one address, for any account.",
        ),
        Setting(
            "LIMIT_SIGN_IN_CODE",
            rate,
            "10/900",
            (
                "Wrong six-digit codes for one account after the right password. Recovery codes "
                "still "
                "work."
            ),
        ),
        Setting(
            "LIMIT_DRAFT",
            rate,
            "2000/3600",
            "Responses started from one address. A library or a school is one address.",
        ),
        Setting(
            "LIMIT_SEND",
            rate,
            "600/3600",
            (
                "Responses sent from one address. Above this, people are asked to wait; nothing "
                "they "
                "typed is lost."
            ),
        ),
        Setting(
            "LIMIT_FLAG",
            rate,
            "60/3600",
            (
                "Responses sent from one address. Above this, they are flagged for reviewers; none "
                "is "
                "refused."
            ),
        ),
        Setting(
            "LIMIT_EMAIL",
            rate,
            "20/86400",
            (
                "Emails to one address. Above this, responses are still accepted, but no email is "
                "sent."
            ),
        ),
        Setting(
            "LIMIT_LINK",
            rate,
            "5/86400",
            "Emails with a link to a draft: to one address, and about one draft.",
        ),
        Setting(
            "KEEP_DRAFTS_DAYS",
            whole_number(1, 3650),
            "30",
            (
                "Days after closing and the grace period until drafts that were never sent are "
                "deleted."
            ),
        ),
        Setting(
            "KEEP_CONTACTS_DAYS",
            whole_number(1, 3650),
            "365",
            "The same for names, addresses and what mail servers replied.",
        ),
        Setting(
            "KEEP_EQUALITY_DAYS", whole_number(1, 3650), "365", "The same for equality answers."
        ),
        Setting(
            "KEEP_LETTERS_DAYS",
            whole_number(1, 3650),
            "365",
            "The same for scanned letters and emails from mailboxes.",
        ),
        Setting(
            "KEEP_BATCHES_DAYS",
            whole_number(1, 3650),
            "365",
            (
                "The same for the files of acknowledged batches, and at least this long after they "
                "were written."
            ),
        ),
        Setting(
            "KEEP_ANSWERS_DAYS",
            whole_number(1, 3650),
            "730",
            "The same for answers and everything that came with them. They are erased.",
        ),
        Setting(
            "EMAIL_FROM",
            text,
            "London consultations <noreply@localhost>",
            "The sender of every email.",
        ),
        Setting(
            "CONTACT_EMAIL",
            text,
            "",
            (
                "Where people can send a response or ask for help. If empty, the pages show no "
                "address."
            ),
        ),
        Setting("OPERATOR", text, "", "Who runs this installation, as its notices name them."),
        Setting(
            "ACCESSIBILITY_CONTACT",
            text,
            "",
            "An email address for anyone who cannot use a page. If empty: CONTACT_EMAIL.",
        ),
        Setting(
            "SECURITY_CONTACT",
            url("mailto", "https"),
            "",
            (
                "Where to report a vulnerability, for example mailto:security@example.org. If "
                "empty, "
                "there is no /.well-known/security.txt."
            ),
        ),
        Setting(
            "METRICS_TOKEN",
            text,
            "",
            (
                "Sent as “Authorization: Bearer”, it opens /metrics. If empty, only this machine "
                "can "
                "read them."
            ),
        ),
        Setting(
            "EXPORTS_STORAGE",
            text,
            "django.core.files.storage.FileSystemStorage",
            "The class for the exports entry in Django's STORAGES: where batches are written.",
        ),
        Setting(
            "EXPORTS_DIR",
            text,
            "",
            "The folder for batches if EXPORTS_STORAGE is a folder. If empty: VAR_DIR/exports.",
        ),
        Setting(
            "DELIVERY_URL",
            url("file", "s3", "s3+http", "sftp"),
            "",
            (
                "Where to deliver batches: a folder, S3 or SFTP, as in docs/batches.md. If empty, "
                "staff download them."
            ),
        ),
        Setting(
            "DELIVERY_NOTICES",
            names,
            "",
            (
                "Email addresses to tell when a batch is delivered, and to remind until it is "
                "acknowledged."
            ),
        ),
        Setting(
            "DELIVERY_AGE_RECIPIENTS",
            names,
            "",
            (
                "age public keys (age1…), separated by commas. Deliveries are encrypted to them; "
                "if "
                "empty, they are not encrypted."
            ),
        ),
        Setting(
            "SIGNING_KEY_FILE",
            text,
            "",
            (
                "The file with the private key that signs batches; `make_signing_key` creates it. "
                "If "
                "empty: VAR_DIR/signing-key.pem."
            ),
        ),
    ]
}


def read(name: str) -> Any:
    """Return the value of the setting `name`. Raises BadSetting if its text makes no sense."""
    setting = SETTINGS[name]
    value = os.environ.get(name, "") or setting.default
    try:
        return setting.parse(value)
    except ValueError as reason:
        raise BadSetting(f"{name} is “{value}”: {reason}.") from reason


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
    for name in ("DATABASE_URL", "REDIS_URL"):
        if not values[name]:
            raise BadSetting(f"{name} is missing: write the address of the server.{hint}")
