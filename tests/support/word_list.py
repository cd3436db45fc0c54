"""Words that we do not use, and what to say instead. `make lint` looks for them everywhere."""

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
    "hence": "so",
    r"there(?:by|of|upon|in)": "by it, of it, on it, in it",
    "at the most": "at most",
    "otherwise than": "differently from, or differ from",
    "for want of": "because there is no",
    r"(?:has|have|had) (?:had )?(?:its|their) time": "has been kept long enough",
    "of one's own": "your own, or their own",
    "the whole of": "all of",
    r"tells? of": "says, shows or suggests",
    r"needs? not (?:be|have)": "does not have to",
    r"(?:time (?:was|is|were) up|whose time has come)": "kept long enough, or due",
    r"l(?:ies|ay) there": "is there, was there",
    r"no more(?=[.\"”] ?$)": "no longer",
    r"held (?:to|against)(?= (?:the|its)\b)": "compared with, or checked",
    r"fits? (?:a|the|this|that) filters?": "matches",
    "twice running": "twice in a row",
    "speaks? of": "is about, or says",
    "goes by itself": "is sent, or happens, by itself",
    r"(?<=\"\"\")Gives|(?<=\. )Gives": "Returns",
}
NAMED = (rf"(?P<w{number}>\b(?:{word})\b)" for number, word in enumerate(INSTEAD))
ODD = re.compile("|".join(NAMED), re.IGNORECASE)
READ = [
    *["*.md", "docs/**/*.md", "docs/*.yml", "templates/**/*.html", "templates/**/*.txt"],
    *["consult/**/*.py", "consult/**/*.sql", "consult/frontend/*.mjs", "consult/plans/*.yaml"],
    *["responses/**/*.py", "responses/**/*.sql", "tests/**/*.py"],
    *["Makefile", "pyproject.toml", "docker-compose.yml", "Dockerfile", "consult/local/set-up"],
]
# Files that may hold them, each with the reason.
EXEMPT = {
    "responses/demo/words.py": "what made-up respondents say, in words of their own",
    "tests/support/word_list.py": "the list itself",
    "tests/test_words.py": "its test",
}


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
