"""Typed text as it is kept: what a database can hold, and whether there is anything to read in it.

Pure.
"""

import re
import unicodedata

CANNOT_BE_KEPT = re.compile(
    "[\x00\ud800-\udfff]"
)  # PostgreSQL keeps neither NUL nor half a surrogate pair.


def one_line_break(text: str) -> str:
    """`text` with every line break as a single line feed."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def storable(text: str) -> str:
    """`text` without the characters that no database row can hold, for drafts: better most of it
    than none.
    """
    return CANNOT_BE_KEPT.sub("", one_line_break(text))


def is_blank(text: str) -> bool:
    """Whether there is nothing to read in `text`: only spaces, controls and characters
    of no width.
    """
    return all(
        unicodedata.category(character) in {"Cc", "Cf", "Zs", "Zl", "Zp"} for character in text
    )
