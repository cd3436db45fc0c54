"""One setting, and the parsers of its text. Each raises ValueError with the reason."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

# A % that does not begin an escape.
BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True)
class Setting:
    """One environment variable.

    `parse` raises ValueError with the reason; `default` is text, as in the environment. The value
    of a `secret` is never shown, not even in a reason.
    """

    name: str
    parse: Callable[[str], Any]
    default: str
    meaning: str
    secret: bool = False


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
    """Return a parser for whole numbers from `lowest` to `highest`, inclusive."""

    def parse(value: str) -> int:
        if not value.isascii() or not value.isdigit() or not lowest <= int(value) <= highest:
            raise ValueError(f"write a whole number from {lowest} to {highest}")
        return int(value)

    return parse


def rate(value: str) -> tuple[int, int]:
    """Read a number and a number of seconds: 10/900 is ten in fifteen minutes."""
    count, slash, seconds = value.partition("/")
    if not slash or not all(
        part.isascii() and part.isdigit() and 0 < int(part) <= 1_000_000
        for part in (count, seconds)
    ):
        raise ValueError("write a number, a slash and a number of seconds, for example 10/900")
    return int(count), int(seconds)


def hops(value: str) -> int:
    """Read how many proxies are ours: a number, or on for one and off for none."""
    if value.isascii() and value.isdigit() and int(value) <= 9:
        return int(value)
    try:
        return int(flag(value))
    except ValueError:
        raise ValueError("write off, on or the number of proxies") from None


def names(value: str) -> list[str]:
    """Read names separated by commas; empty ones are dropped."""
    return [name.strip() for name in value.split(",") if name.strip()]


def url(*schemes: str) -> Callable[[str], str]:
    """Return a parser for addresses that start with one of `schemes`; empty stays empty."""

    def parse(value: str) -> str:
        if value and value.partition(":")[0] not in schemes:
            raise ValueError(
                "write an address that starts with "
                + " or ".join(f"{scheme}:" for scheme in schemes)
            )
        return value

    return parse


def server(*schemes: str) -> Callable[[str], str]:
    """Return a parser for addresses of servers, which may include a name and a password."""
    address = url(*schemes)

    def parse(value: str) -> str:
        if not _can_be_taken_apart(address(value)):
            raise ValueError(
                "a / # ? @ or % in its name or password has to be written as %2F, %23, %3F, %40 "
                "or %25"
            )
        return value

    return parse


def _can_be_taken_apart(value: str) -> bool:
    """Tell whether no character of a password was taken for the end of the host, or the reverse."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    return not (
        parts.fragment
        or "@" in parts.path + parts.query
        or parts.netloc.count("@") > 1
        or BAD_ESCAPE.search(parts.netloc)
    )


def colour(value: str) -> str:
    """Read a colour on which white words can be read, as #rrggbb; empty stays empty.

    The contrast is WCAG's, and has to be 4.5 or more.
    """
    if not value:
        return value
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", value):
        raise ValueError("write # and six hexadecimal digits, for example #123c4a")
    shares = (int(value[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    )
    if 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) < 4.5:
        raise ValueError("is too light: the words on it are white")
    return value


def site_url(value: str) -> str:
    """Read the address people type, without a path or a final slash."""
    parts = urlsplit(value)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.path.strip("/")
        or parts.query
    ):
        raise ValueError("write only the scheme and host, for example https://consult.example.org")
    return f"{parts.scheme}://{parts.netloc}"
