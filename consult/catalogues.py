"""The catalogues of translations: which strings the public meets, and their files.

All in Python, so that neither building nor testing needs the gettext programs. A catalogue is kept
in both its forms: `.po`, which people edit, and `.mo`, which Django reads.
"""

import ast
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation.template import templatize

# What the public meets. Staff read English, also where they see what the public wrote.
TEMPLATES = (
    *("_exit.html", "_footer_links.html", "base.html", "message.html", "try_again.html"),
    *("consult", "gds", "responding"),
    *("emails/confirmation.html", "emails/confirmation.txt", "emails/link.txt"),
    *("emails/reminder.txt", "reviewing/published.html", "reviewing/_published_parts.html"),
    *("deciding/outcome_points.html", "deciding/own_points.html"),
    "deciding/_published_point.html",
)
PYTHON = ("consult", "responses")
NOT_PUBLIC = (
    *("admin", "demo", "deciding", "exporting", "governance", "local", "management", "migrations"),
    *("dashboard", "reviewing", "setting_up", "staff"),
)
CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop"}
PLURAL_CALLS = {"ngettext", "ngettext_lazy"}
IN_TEMPLATES = re.compile(
    r"\b(?:n?gettext|_)\((u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"(?:\s*,\s*u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"))?)"
)
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
# Welsh has a form for two; what comes after a number is otherwise singular.
WELSH = "nplurals=3; plural=(n == 1 ? 0 : n == 2 ? 1 : 2);"
HEADER = (
    "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
    f"Content-Transfer-Encoding: 8bit\nLanguage: cy\nPlural-Forms: {WELSH}\n"
)


@dataclass(frozen=True, order=True)
class Entry:
    """A string as the code has it; `plural` is empty unless it counts something."""

    text: str
    plural: str = ""


Catalogue = dict[Entry, tuple[str, ...]]


def strings_of(root: Path) -> dict[Entry, list[str]]:
    """Return every string that the public can meet, with the files it stands in."""
    found: dict[Entry, list[str]] = {}
    for path in public_templates(root):
        words = templatize(path.read_text(), origin=str(path))
        for match in IN_TEMPLATES.finditer(words):
            entry = Entry(*ast.literal_eval(f"({match[1]},)"))
            found.setdefault(entry, []).append(str(path.relative_to(root)))
    for path in public_python(root):
        for entry in _in_python(path):
            found.setdefault(entry, []).append(str(path.relative_to(root)))
    return {entry: sorted(set(places)) for entry, places in sorted(found.items())}


def public_templates(root: Path) -> list[Path]:
    """Return the templates of pages, emails and PDFs for the public."""
    named = [root / "templates" / name for name in TEMPLATES]
    return sorted(
        path for place in named for path in ([place] if place.is_file() else place.rglob("*.*"))
    )


def public_python(root: Path) -> list[Path]:
    """Return the modules whose strings the public can meet."""
    return sorted(
        path
        for app in PYTHON
        for path in (root / app).rglob("*.py")
        if not set(NOT_PUBLIC) & set(path.relative_to(root).parts)
    )


def _in_python(path: Path) -> Iterator[Entry]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        texts = [
            one.value
            for one in node.args
            if isinstance(one, ast.Constant) and isinstance(one.value, str)
        ]
        if node.func.id in PLURAL_CALLS and len(texts) == 2:
            yield Entry(*texts)
        elif node.func.id in CALLS and texts:
            yield Entry(texts[0])


def read_catalogue(path: Path) -> Catalogue:
    """Return the translations in a `.po` file, without its header; empty where it is not there."""
    found: Catalogue = {}
    if not path.exists():
        return found
    for block in path.read_text().split("\n\n"):
        parts: dict[str, str] = {}
        key = ""
        for line in block.splitlines():
            if line.startswith("#"):
                continue
            named = re.match(r"(msg\S+) (\".*\")$", line)
            key, words = (named[1], named[2]) if named else (key, line)
            parts[key] = parts.get(key, "") + ast.literal_eval(words)
        if parts.get("msgid"):
            forms = [words for name, words in parts.items() if name.startswith("msgstr")]
            found[Entry(parts["msgid"], parts.get("msgid_plural", ""))] = tuple(forms)
    return found


def write_catalogue(path: Path, catalogue: Catalogue, places: dict[Entry, list[str]]) -> None:
    """Write a `.po` file, in the order of its strings."""
    blocks = [f'msgid ""\nmsgstr {_quoted(HEADER)}']
    for entry, forms in sorted(catalogue.items()):
        lines = [f"#: {place}" for place in places.get(entry, [])]
        lines.append(f"msgid {_quoted(entry.text)}")
        if entry.plural:
            lines.append(f"msgid_plural {_quoted(entry.plural)}")
            lines += [f"msgstr[{at}] {_quoted(form)}" for at, form in enumerate(forms)]
        else:
            lines.append(f"msgstr {_quoted(forms[0])}")
        blocks.append("\n".join(lines))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join(blocks) + "\n")


def _quoted(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{plain}"'


def compiled(catalogue: Catalogue) -> bytes:
    """Return the `.mo` file of a catalogue: the same bytes for the same translations. What is not
    translated is left out, so that English stands there.
    """
    pairs = {"": HEADER} | {
        f"{entry.text}\0{entry.plural}" if entry.plural else entry.text: "\0".join(forms)
        for entry, forms in catalogue.items()
        if all(forms)
    }
    encoded = sorted((text.encode(), words.encode()) for text, words in pairs.items())
    texts = b""
    tables: tuple[list[int], list[int]] = ([], [])
    start = 7 * 4 + 16 * len(encoded)
    for side, table in enumerate(tables):
        for pair in encoded:
            table += [len(pair[side]), start + len(texts)]
            texts += pair[side] + b"\0"
    count = len(encoded)
    header = struct.pack("<7I", 0x950412DE, 0, count, 28, 28 + 8 * count, 0, start)
    numbers = [*tables[0], *tables[1]]
    return header + struct.pack(f"<{len(numbers)}I", *numbers) + texts
