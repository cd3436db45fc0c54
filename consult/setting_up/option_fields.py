"""The fields of options and scales: labels on lines, whose slugs stay when they are reworded.

Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.text import slugify

from consult.setting_up.fields import SEPARATOR, Lines, NotOnPages, Text
from consult.setting_up.file_text import Values
from consult.setting_up.places import put


@dataclass(frozen=True)
class Options(Text):
    """What can be chosen: one label on each line, and a heading on a line that begins with #.

    A label that stays keeps its slug; so does one that takes the place of another, since answers
    and charts go by slugs.
    """

    look: str = "textarea"

    def show(self, value: Any) -> str:
        lines = []
        for entry in listed(value):
            if "group" in entry:
                lines.append(f"# {entry['group']}")
                lines += [inner["label"] for inner in listed(entry.get("options"))]
            else:
                lines.append(entry["label"])
        return "\n".join(lines)

    def read(self, typed: Mapping[str, str], before: Any) -> list[dict[str, Any]]:
        lines = [line.strip() for line in typed.get(self.key, "").splitlines() if line.strip()]
        labels = [line for line in lines if not line.startswith("#")]
        options = iter(kept_options(labels, flat(before)))
        made: list[dict[str, Any]] = []
        for line in lines:
            if line.startswith("#"):
                made.append({"group": line.lstrip("# "), "options": []})
            elif made and "group" in made[-1]:
                made[-1]["options"].append(next(options))
            else:
                made.append(next(options))
        return made


@dataclass(frozen=True)
class Marked(Lines):
    """Which options have a mark. Comes after the options, whose labels it repeats."""

    def shown(self, entry: Values) -> str:
        return "\n".join(
            option["label"]
            for option in flat(entry.get("options"))
            if option.get(self.key) == "true"
        )

    def keep(self, entry: Values, typed: Mapping[str, str]) -> None:
        marked = set(self.read(typed, None))
        for option in flat(entry.get("options")):
            put(option, (self.key,), "true" if option["label"] in marked else "")


@dataclass(frozen=True)
class Scales(Text):
    """The scales: the name of each on a line that begins with #, then its options from one end to
    the other, each with a bar and its value.
    """

    look: str = "textarea"

    def show(self, value: Any) -> str:
        if not isinstance(value, dict | None):
            raise NotOnPages
        lines = []
        for name, options in (value or {}).items():
            lines.append(f"# {name}")
            for option in listed(options):
                if not set(option) <= {"slug", "label", "value"}:
                    raise NotOnPages
                number = f" {SEPARATOR} {option['value']}" if "value" in option else ""
                lines.append(option["label"] + number)
        return "\n".join(lines)

    def read(self, typed: Mapping[str, str], before: Any) -> dict[str, Any]:
        scales: dict[str, list[tuple[str, str]]] = {}
        name = ""
        for line in filter(None, map(str.strip, typed.get(self.key, "").splitlines())):
            if line.startswith("#"):
                name = line.lstrip("# ")
                scales.setdefault(name, [])
            else:
                label, _bar, number = line.partition(SEPARATOR)
                scales.setdefault(name, []).append((label.strip(), number.strip()))
        earlier = before if isinstance(before, dict) else {}
        made = {}
        for name, rows in scales.items():
            options = kept_options([label for label, _ in rows], flat(earlier.get(name)))
            for option, (_label, number) in zip(options, rows, strict=True):
                put(option, ("value",), number)
            made[name] = options
        return made


def listed(value: Any) -> list[dict[str, Any]]:
    """Return the entries of a list of options, one that is a label alone as one with a label.

    Raises NotOnPages.
    """
    if not isinstance(value, list | None):
        raise NotOnPages
    found = [{"label": entry} if isinstance(entry, str) else entry for entry in value or []]
    for entry in found:
        name = entry.get("label", entry.get("group")) if isinstance(entry, dict) else None
        if not isinstance(name, str) or "\n" in name:
            raise NotOnPages
    return found


def flat(value: Any) -> list[dict[str, Any]]:
    """Return the options of a list without their headings; none if it is not such a list."""
    try:
        return [
            inner
            for entry in listed(value)
            for inner in (listed(entry["options"]) if "group" in entry else [entry])
        ]
    except (NotOnPages, KeyError):
        return []


def kept_options(labels: list[str], before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return an option for each label, with what its earlier self had beside the label."""
    by_label = {option["label"]: option for option in before}
    gone = [option for option in before if option["label"] not in labels]
    new = [label for label in labels if label not in by_label]
    # As many came as went: each takes the place of one.
    reworded = dict(zip(new, gone, strict=True)) if len(new) == len(gone) else {}
    taken = {slug_of(option) for option in before}
    made = []
    for label in labels:
        earlier = by_label.get(label) or reworded.get(label)
        slug = slug_of(earlier) if earlier else free_slug(label, taken, 80)
        taken.add(slug)
        made.append({"slug": slug, **(earlier or {}), "label": label})
    return made


def slug_of(option: Mapping[str, Any]) -> str:
    return str(option.get("slug") or slugify(str(option.get("label", "")))[:80].strip("-"))


def free_slug(words: str, taken: set[str], most: int) -> str:
    """Return a slug of at most `most` characters made from `words` that is not `taken`."""
    stem = slugify(words)[:most].strip("-") or "option"
    number, slug = 1, stem
    while slug in taken:
        number += 1
        slug = f"{stem[: most - 4].strip('-')}-{number}"
    return slug
