"""Settings from the environment, each checked at start.

`SETTINGS` is the closed list of what may be set; the README's table is tested against it. Reading a value that is
missing or makes no sense raises `BadSetting`, whose message is one sentence saying what to do.
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

    `parse` turns its text into a value and raises ValueError with the reason it cannot. `default` is text, as it
    would stand in the environment; None means that there is no default and the setting is required.
    """

    name: str
    parse: Callable[[str], Any]
    default: str | None
    meaning: str


def text(value: str) -> str:
    return value


def flag(value: str) -> bool:
    """Yes or no."""
    words = {"1": True, "on": True, "yes": True, "true": True, "": False, "0": False, "off": False, "no": False, "false": False}
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
    """So many in so many seconds, as in 10/900."""
    count, slash, seconds = value.partition("/")
    if not slash or not all(part.isascii() and part.isdigit() and 0 < int(part) <= 1_000_000 for part in (count, seconds)):
        raise ValueError("write so many in so many seconds, like 10/900")
    return int(count), int(seconds)


def names(value: str) -> list[str]:
    """Names separated by commas; empty ones are dropped."""
    return [name.strip() for name in value.split(",") if name.strip()]


def url(*schemes: str) -> Callable[[str], str]:
    """A parser for addresses that start with one of `schemes`; empty stays empty."""

    def parse(value: str) -> str:
        if value and urlsplit(value).scheme not in schemes:
            raise ValueError("write an address that starts with " + " or ".join(f"{scheme}:" for scheme in schemes))
        return value

    return parse


def site_url(value: str) -> str:
    """The address people type, without a path or a slash at its end."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("write only the scheme and host, like https://consult.example.org")
    return f"{parts.scheme}://{parts.netloc}"


SETTINGS = {
    setting.name: setting
    for setting in [
        Setting(
            "DEBUG",
            flag,
            "off",
            "On only for rehearsal on one machine, as `make run` does: plain http, a made-up key, email as files.",
        ),
        Setting(
            "SECRET_KEY",
            text,
            "",
            "Signs cookies and makes receipt addresses: at least 50 characters, kept as long as receipts. Needed when DEBUG is off.",
        ),
        Setting(
            "SECRET_KEY_FALLBACKS",
            names,
            "",
            "Earlier values of SECRET_KEY, separated by commas, so that a change does not break receipts.",
        ),
        Setting(
            "ALLOWED_HOSTS", names, "", "Host names this service answers to, separated by commas. Needed when DEBUG is off; no wildcards."
        ),
        Setting(
            "SITE_URL",
            site_url,
            "http://127.0.0.1:8000",
            "The address people type. Links in emails start with it. Needs https when DEBUG is off.",
        ),
        Setting("PORT", whole_number(1, 65535), "8000", "The port the web server listens on."),
        Setting("HOST", text, "127.0.0.1", "The address the web server listens on."),
        Setting(
            "TRUSTED_PROXY", flag, "off", "On where a proxy of yours ends https in front of this service and sets X-Forwarded-Proto itself."
        ),
        Setting(
            "DATABASE_URL",
            url("postgres", "postgresql"),
            "",
            "PostgreSQL, like postgresql://user:password@host/name. Empty: `make run` starts its own.",
        ),
        Setting("REDIS_URL", url("redis", "rediss", "unix"), "", "Redis, like redis://host/0. Empty: `make run` starts its own."),
        Setting("VAR_DIR", text, "var", "The folder for everything this service writes by itself: its own database, mail files, batches."),
        Setting("STATIC_DIR", text, "", "The folder of gathered style sheets and scripts. Empty: VAR_DIR/static."),
        Setting(
            "EMAIL_URL",
            url("smtp", "smtps", "smtp+tls", ""),
            "",
            "The mail server, like smtp+tls://user:password@host:587. Empty: every message becomes a file under VAR_DIR/mail.",
        ),
        Setting("EMAIL_TIMEOUT", whole_number(1, 120), "20", "How many seconds to wait for each of the mail server's answers."),
        Setting("SESSION_IDLE_MINUTES", whole_number(5, 480), "60", "After so many minutes without a click, staff have to sign in again."),
        Setting("LIMIT_SIGN_IN", rate, "5/300", "Failed sign-ins for one account from one address, in so many seconds. Then: wait."),
        Setting("LIMIT_SIGN_IN_ADDRESS", rate, "100/900", "Failed sign-ins from one address, whatever the account."),
        Setting(
            "LIMIT_SIGN_IN_CODE",
            rate,
            "10/900",
            "Wrong six-digit codes for one account, after the right password. Recovery codes still work.",
        ),
        Setting("LIMIT_DRAFT", rate, "2000/3600", "Responses begun from one address. A library or a school is one address."),
        Setting(
            "LIMIT_SEND", rate, "600/3600", "Responses sent from one address. Over it people are asked to wait; nothing typed is lost."
        ),
        Setting(
            "LIMIT_FLAG", rate, "60/3600", "Responses sent from one address. Over it they are flagged for the reader, and none is refused."
        ),
        Setting("LIMIT_EMAIL", rate, "20/86400", "Emails to one address. Over it a response is kept all the same, without an email."),
        Setting("LIMIT_LINK", rate, "5/86400", "Emails with the link to a draft: to one address, and of one draft."),
        Setting("KEEP_DRAFTS_DAYS", whole_number(1, 3650), "30", "Days after closing and grace until what was never sent is removed."),
        Setting(
            "KEEP_CONTACTS_DAYS",
            whole_number(1, 3650),
            "365",
            "The same for names, addresses and what mail servers said.",
        ),
        Setting("KEEP_EQUALITY_DAYS", whole_number(1, 3650), "365", "The same for equality answers."),
        Setting("KEEP_LETTERS_DAYS", whole_number(1, 3650), "365", "The same for scans, and emails from mailboxes."),
        Setting(
            "KEEP_BATCHES_DAYS",
            whole_number(1, 3650),
            "365",
            "The same for files of batches that were acknowledged, and as long at least after they were written.",
        ),
        Setting("KEEP_ANSWERS_DAYS", whole_number(1, 3650), "730", "The same for answers and all that came with them: erased."),
        Setting("EMAIL_FROM", text, "London consultations <noreply@localhost>", "The sender of every email."),
        Setting("CONTACT_EMAIL", text, "", "An address where people may send a response or ask for help. Empty: the pages offer none."),
        Setting("OPERATOR", text, "", "Who runs this installation: the name that its notices give."),
        Setting("ACCESSIBILITY_CONTACT", text, "", "An email address for whoever cannot use a page. Empty: CONTACT_EMAIL."),
        Setting(
            "SECURITY_CONTACT",
            url("mailto", "https"),
            "",
            "Where to report a weakness, like mailto:security@example.org. Makes /.well-known/security.txt; empty: there is none.",
        ),
        Setting(
            "METRICS_TOKEN", text, "", "Who asks for /metrics with “Authorization: Bearer” and this gets it. Empty: this machine alone."
        ),
        Setting(
            "EXPORTS_STORAGE",
            text,
            "django.core.files.storage.FileSystemStorage",
            "The class behind the exports entry of Django's STORAGES: where batches are written.",
        ),
        Setting("EXPORTS_DIR", text, "", "The folder for batches where EXPORTS_STORAGE is a folder. Empty: VAR_DIR/exports."),
        Setting(
            "DELIVERY_URL",
            url("file", "s3", "s3+http", "sftp"),
            "",
            "Where batches are delivered to: a folder, S3 or SFTP, as in docs/batches.md. Empty: they are downloaded.",
        ),
        Setting("DELIVERY_NOTICES", names, "", "Who gets an email when a batch is delivered, and until it is acknowledged: addresses."),
        Setting(
            "DELIVERY_AGE_RECIPIENTS",
            names,
            "",
            "age public keys (age1…), separated by commas: what is delivered is encrypted to them. Empty: it is not encrypted.",
        ),
        Setting(
            "SIGNING_KEY_FILE",
            text,
            "",
            "The file with the private key that signs batches; `make_signing_key` makes it. Empty: VAR_DIR/signing-key.pem.",
        ),
    ]
}


def read(name: str) -> Any:
    """The checked value of the setting `name`.

    Raises BadSetting where its text makes no sense.
    """
    setting = SETTINGS[name]
    value = os.environ.get(name, "") or setting.default or ""
    try:
        return setting.parse(value)
    except ValueError as reason:
        raise BadSetting(f"{name} is “{value}”: {reason}.") from reason


def refuse_unsafe_production(values: dict[str, Any]) -> None:
    """Raise BadSetting where `values` would be unsafe, or cannot work, with real people's responses."""
    hint = " For a rehearsal on this machine, as beside `make run`, set DEBUG=on."
    if len(values["SECRET_KEY"]) < 50 or len(set(values["SECRET_KEY"])) < 10 or values["SECRET_KEY"].startswith("django-insecure"):
        raise BadSetting(f"SECRET_KEY is missing or weak: set at least 50 random characters.{hint}")
    if not values["ALLOWED_HOSTS"]:
        raise BadSetting(f"ALLOWED_HOSTS is missing: name the hosts this service answers to.{hint}")
    if any("*" in host or host.startswith(".") for host in values["ALLOWED_HOSTS"]):
        raise BadSetting("ALLOWED_HOSTS has a wildcard: name each host in full.")
    if not values["SITE_URL"].startswith("https://"):
        raise BadSetting(f"SITE_URL is “{values['SITE_URL']}”: write the https address people type.{hint}")
    for name in ("DATABASE_URL", "REDIS_URL"):
        if not values[name]:
            raise BadSetting(f"{name} is missing: say where the service finds it.{hint}")
