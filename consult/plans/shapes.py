"""Shapes that YAML nodes must have.

Each shape is a function that reads one node and notes every problem with its line.

Scalars are read as the text that was written: a slug `no` or `none` is that word, whatever YAML
makes of it.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from consult.text import counted

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Problem:
    """What is wrong with a plan file, and where: the line from 1, the key as a path from the top,
    and why.

    Line 0 is for what was not in the file but given beside it, such as --closes.
    """

    line: int
    key: str
    why: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.key}: {self.why}"


@dataclass
class Notes:
    """The problems found so far, and the line of each key."""

    problems: list[Problem] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)

    def add(self, key: str, why: str) -> None:
        """Note a problem at `key`, or at the nearest key above it that is in the file."""
        above = key
        while above not in self.lines and "." in above:
            above = above.rpartition(".")[0]
        self.problems.append(Problem(self.lines.get(above, 1), key, why))


Shape = Callable[[yaml.Node, str, Notes], Any]


def _what(node: yaml.Node) -> str:
    return {
        yaml.ScalarNode: "text",
        yaml.SequenceNode: "a list",
        yaml.MappingNode: "keys with values",
    }[type(node)]


def _cannot_be_shown(letter: str) -> bool:
    """Return control characters, halves of surrogate pairs (PostgreSQL refuses both NUL and
    these), and changes of direction.
    """
    return (
        unicodedata.category(letter) in {"Cc", "Cs"} and letter not in "\n\t"
    ) or letter in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068"


def text(most: int) -> Shape:
    """Return a shape for text of 1 to `most` characters, with its ends trimmed."""

    def read(node: yaml.Node, key: str, notes: Notes) -> str:
        if not isinstance(node, yaml.ScalarNode):
            notes.add(key, f"is {_what(node)}, should be text")
            return ""
        # An editor who writes `email: null` means that there is none, not the word.
        value = "" if node.tag == "tag:yaml.org,2002:null" else node.value.strip()
        if not value:
            notes.add(key, "is empty: leave the key out where there is nothing to say")
        elif len(value) > most:
            notes.add(key, f"has {len(value):,} characters, may have {most:,}")
        elif odd := sorted(
            {f"U+{ord(letter):04X}" for letter in value if _cannot_be_shown(letter)}
        ):
            notes.add(key, f"has a character that cannot be shown: {', '.join(odd)}")
        return value

    return read


def slug(most: int) -> Shape:
    """Return a shape for a stable name: small letters, digits and single hyphens."""
    plain = text(most)

    def read(node: yaml.Node, key: str, notes: Notes) -> str:
        value: str = plain(node, key, notes)
        if value and not SLUG.fullmatch(value):
            notes.add(key, f"“{value}” is not a slug: write small letters, digits and hyphens")
        return value

    return read


def one_of(*allowed: str) -> Shape:
    """Return a shape for one of some words."""

    def read(node: yaml.Node, key: str, notes: Notes) -> str:
        value = node.value if isinstance(node, yaml.ScalarNode) else ""
        if value not in allowed:
            notes.add(key, f"should be {' or '.join(allowed)}")
        return value

    return read


def whole_number(lowest: int, highest: int) -> Shape:
    """Return a shape for a whole number from `lowest` to `highest`."""

    def read(node: yaml.Node, key: str, notes: Notes) -> int:
        value = node.value if isinstance(node, yaml.ScalarNode) else ""
        if not re.fullmatch(r"-?[0-9]{1,6}", value) or not lowest <= int(value) <= highest:
            notes.add(key, f"should be a whole number from {lowest} to {highest:,}")
            return lowest
        return int(value)

    return read


def yes_or_no(node: yaml.Node, key: str, notes: Notes) -> bool:
    """true or false."""
    return bool(one_of("true", "false")(node, key, notes) == "true")


def web_address(node: yaml.Node, key: str, notes: Notes) -> str:
    """An http or https address."""
    value: str = text(500)(node, key, notes)
    if value and not re.fullmatch(r"https?://[^\s<>\"]+", value):
        notes.add(key, "should be an address that starts with https:// or http://")
    return value


def list_of(shape: Shape, *, least: int = 0) -> Shape:
    """Return a shape for a list of `shape`, at least `least` long."""

    def read(node: yaml.Node, key: str, notes: Notes) -> list[Any]:
        if not isinstance(node, yaml.SequenceNode):
            notes.add(key, f"is {_what(node)}, should be a list")
            return []
        if len(node.value) < least:
            has = counted(len(node.value), "entry", "entries")
            notes.add(key, f"has {has}, needs at least {least}")
        values = []
        for number, item in enumerate(node.value, 1):
            inner = f"{key}.{number}"
            notes.lines[inner] = item.start_mark.line + 1
            values.append(shape(item, inner, notes))
        return values

    return read


def table(shape: Shape) -> Shape:
    """Return a shape for keys of any name, each with a value of `shape`."""

    def read(node: yaml.Node, key: str, notes: Notes) -> dict[str, Any]:
        return {name: shape(value, inner, notes) for name, inner, value in _pairs(node, key, notes)}

    return read


def mapping(required: dict[str, Shape], optional: dict[str, Shape] | None = None) -> Shape:
    """Return a shape for named keys: the required and the optional ones, and no others."""
    shapes = required | (optional or {})

    def read(node: yaml.Node, key: str, notes: Notes) -> dict[str, Any]:
        values = {}
        for name, inner, value in _pairs(node, key, notes):
            if name in shapes:
                values[name] = shapes[name](value, inner, notes)
            else:
                notes.add(inner, f"is not a key here; known are {', '.join(sorted(shapes))}")
        if isinstance(node, yaml.MappingNode):
            for name in required:
                if name not in values:
                    notes.add(f"{key}.{name}" if key else name, "is missing")
        return values

    return read


def _pairs(node: yaml.Node, key: str, notes: Notes) -> list[tuple[str, str, yaml.Node]]:
    """Yield the name, the path and the value of each key of a mapping. Notes what is not a mapping,
    and any key that appears twice.
    """
    if not isinstance(node, yaml.MappingNode):
        notes.add(key, f"is {_what(node)}, should be keys with values")
        return []
    pairs: list[tuple[str, str, yaml.Node]] = []
    for name_node, value in node.value:
        if not isinstance(name_node, yaml.ScalarNode):
            notes.problems.append(
                Problem(
                    name_node.start_mark.line + 1,
                    key or "file",
                    f"has {_what(name_node)} where a key should be",
                )
            )
            continue
        name = name_node.value
        inner = f"{key}.{name}" if key else name
        if any(name == earlier for earlier, _, _ in pairs):
            notes.problems.append(Problem(name_node.start_mark.line + 1, inner, "is listed twice"))
            continue
        notes.lines[inner] = name_node.start_mark.line + 1
        pairs.append((name, inner, value))
    return pairs
