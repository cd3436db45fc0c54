"""The fields of the set-up pages: how what a plan file says is shown, and what was typed is read.

Pure. Reading never refuses anything: whatever was typed goes into the file, and the file's own
checks say what is wrong with it. So nothing that an editor typed is lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from consult.setting_up.file_text import Values
from consult.setting_up.places import at, place_of, put

Words = str | Promise
SEPARATOR = "|"


class NotOnPages(Exception):
    """The file says it in a way that only the file itself can show, such as in two languages."""


@dataclass(frozen=True)
class Text:
    """One line of text."""

    key: str
    label: Words
    help: Words = ""
    look: str = "input"
    # Whether it is folded away until it holds something.
    rare: bool = False

    def shown(self, entry: Values) -> str:
        """Return what the input shows of `entry`. Raises NotOnPages."""
        return self.show(at(entry, place_of(self.key)))

    def keep(self, entry: Values, typed: Mapping[str, str]) -> None:
        """Write into `entry` what was typed."""
        place = place_of(self.key)
        put(entry, place, self.read(typed, at(entry, place)))

    def show(self, value: Any) -> str:
        if not isinstance(value, str | None):
            raise NotOnPages
        return value or ""

    def read(self, typed: Mapping[str, str], before: Any) -> Any:
        return typed.get(self.key, "").strip()


@dataclass(frozen=True)
class Long(Text):
    """Paragraphs."""

    look: str = "textarea"

    def read(self, typed: Mapping[str, str], before: Any) -> str:
        return "\n".join(line.rstrip() for line in typed.get(self.key, "").strip().splitlines())


@dataclass(frozen=True)
class Lines(Text):
    """A list of texts, one on each line."""

    look: str = "textarea"

    def show(self, value: Any) -> str:
        if not isinstance(value, list | None) or any(
            not isinstance(line, str) for line in value or []
        ):
            raise NotOnPages
        return "\n".join(value or [])

    def read(self, typed: Mapping[str, str], before: Any) -> list[str]:
        return [line.strip() for line in typed.get(self.key, "").splitlines() if line.strip()]


@dataclass(frozen=True)
class Rows(Text):
    """A list of entries with several values each: one on each line, the values between bars."""

    look: str = "textarea"
    columns: tuple[str, ...] = ()

    def show(self, value: Any) -> str:
        rows = value or []
        if not isinstance(rows, list):
            raise NotOnPages
        for row in rows:
            known = isinstance(row, dict) and set(row) <= set(self.columns)
            if not known or any(
                not isinstance(each, str) or SEPARATOR in each or "\n" in each
                for each in row.values()
            ):
                raise NotOnPages
        return "\n".join(
            f" {SEPARATOR} ".join(row.get(column, "") for column in self.columns) for row in rows
        )

    def read(self, typed: Mapping[str, str], before: Any) -> list[dict[str, str]]:
        rows = []
        for line in typed.get(self.key, "").splitlines():
            # What comes after the last bar is one value, so that nothing typed is dropped.
            values = [part.strip() for part in line.split(SEPARATOR, len(self.columns) - 1)]
            row = {name: part for name, part in zip(self.columns, values, strict=False) if part}
            if row:
                rows.append(row)
        return rows


@dataclass(frozen=True)
class Table(Text):
    """Keys of any name, each with a word: one on each line, with a bar between."""

    look: str = "textarea"

    def show(self, value: Any) -> str:
        if not isinstance(value, dict | None) or any(
            not isinstance(each, str) for each in (value or {}).values()
        ):
            raise NotOnPages
        return "\n".join(f"{name} {SEPARATOR} {each}" for name, each in (value or {}).items())

    def read(self, typed: Mapping[str, str], before: Any) -> dict[str, str]:
        lines = (line.partition(SEPARATOR) for line in typed.get(self.key, "").splitlines())
        return {name.strip(): word.strip() for name, _bar, word in lines if name.strip()}


@dataclass(frozen=True)
class Tick(Text):
    """Yes or no. `usual` is what the file means where it says neither."""

    look: str = "tick"
    usual: str = "false"

    def show(self, value: Any) -> str:
        if value not in (None, "true", "false"):
            raise NotOnPages
        return value or self.usual

    def read(self, typed: Mapping[str, str], before: Any) -> str:
        ticked = "true" if self.key in typed else "false"
        return "" if ticked == self.usual else ticked


@dataclass(frozen=True)
class Choice(Text):
    """One of some words: those given, or the names of what the file has under `among`."""

    look: str = "select"
    options: tuple[tuple[str, Words], ...] = ()
    among: str = ""
