"""One setting, and the parsers of its text. Each raises ValueError with the reason it cannot."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


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
