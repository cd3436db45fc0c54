"""Words that we do not use, and what to say instead. `make lint` looks for them in our texts."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Each is English, and hardly anyone says it today; or it was our own word where the field has one.
INSTEAD = {
    r"who(?:m|so)?ever": "anyone who, or the one who",
    "anew": "again",
    "alike": "similar, or both",
    "lately": "recently",
    "shall": "will, or must",
    "somebody": "someone",
    "anybody": "anyone",
    "everybody": "everyone",
    "whilst": "while",
    "amongst": "among",
    "upon": "on",
    "hence": "so",
    r"there(?:by|of|upon|in)": "by it, of it, on it, in it",
    "at the most": "at most",
    r"(?<=\"\"\")Gives|(?<=\. )Gives": "Returns",
}
NAMED = (rf"(?P<w{number}>\b(?:{word})\b)" for number, word in enumerate(INSTEAD))
ODD = re.compile("|".join(NAMED), re.IGNORECASE)
READ = [
    *["*.md", "docs/**/*.md", "docs/*.yml", "templates/emails/*", "*/sql/*.sql"],
    *["Makefile", "pyproject.toml", "docker-compose.yml", "Dockerfile"],
]
# Texts that are not ours to word, each with the reason.
EXEMPT: dict[str, str] = {}


def texts() -> Iterator[Path]:
    """Return every file that the list is for, once."""
    found = {path for pattern in READ for path in ROOT.glob(pattern) if path.is_file()}
    yield from sorted(path for path in found if str(path.relative_to(ROOT)) not in EXEMPT)


def odd_words(text: str) -> Iterator[tuple[int, str, str]]:
    """Return each odd word with its line and what to say instead."""
    instead = list(INSTEAD.values())
    for number, line in enumerate(text.splitlines(), 1):
        for found in ODD.finditer(line):
            yield number, found[0], instead[int((found.lastgroup or "w0")[1:])]


def main() -> int:
    found = [
        f"{path.relative_to(ROOT)}:{line}: “{word}”: say {instead}"
        for path in texts()
        for line, word, instead in odd_words(path.read_text())
    ]
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
