"""Joins lines that a mail program broke on purpose: text/plain; format=flowed.

Pure. https://www.rfc-editor.org/rfc/rfc3676
"""

import re

QUOTED = re.compile(r"(>*) ?(.*)", re.DOTALL)
SIGNATURE = "-- "


def unflowed(text: str, *, del_sp: bool) -> str:
    """Return `text` with the lines of each paragraph joined; with `del_sp`, without the space
    between.
    """
    lines: list[str] = []
    open_at: str | None = None
    for line in text.split("\n"):
        marks, words = _read(line)
        flows = words.endswith(" ") and words != SIGNATURE
        if flows and del_sp:
            words = words[:-1]
        if open_at == marks and words != SIGNATURE and lines:
            lines[-1] += words
        else:
            lines.append(f"{marks} {words}" if marks else words)
        open_at = marks if flows else None
    return "\n".join(lines)


def _read(line: str) -> tuple[str, str]:
    """Return the quotation marks of a line, and its words without the space that was added before
    them.
    """
    found = QUOTED.fullmatch(line)
    return (found.group(1), found.group(2)) if found else ("", line)
