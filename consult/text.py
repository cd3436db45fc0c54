"""Typed text as it is stored: what a database can hold, and whether there is anything to read in
it. Pure.
"""

import re

CANNOT_BE_KEPT = re.compile(
    "[\x00\ud800-\udfff]"
)  # PostgreSQL stores neither NUL nor half a surrogate pair.
# Characters that show nothing on a page, as the inside of a character class that PostgreSQL
# understands too: controls, spaces, format and other zero-width characters, and letters drawn blank
# (U+115F, U+2800, U+3164 and so on). Unicode 15, including ranges reserved for more of them.
INVISIBLE = (
    "\x01-\x20\x7f-\xa0\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160"
    "\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
NOTHING_TO_READ = re.compile(f"[{INVISIBLE}\0]*")
# A symbol for each control character except tabs and line breaks. Of the upper ones only the line
# ending (U+0085) has its own symbol.
CONTROLS = "".join(map(chr, [*range(1, 9), 11, 12, *range(14, 32), *range(127, 160)]))
SYMBOLS = "".join(
    chr(0x2400 + ord(control))
    if control < " "
    else {"\x7f": "\u2421", "\x85": "\u2424"}.get(control, "\ufffd")
    for control in CONTROLS
)


def one_line_break(text: str) -> str:
    """Return `text` with every line break as a single line feed."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def storable(text: str) -> str:
    """Return `text` without the characters that no database row can hold, for drafts: most of it
    is better than none.
    """
    return CANNOT_BE_KEPT.sub("", one_line_break(text))


def is_blank(text: str) -> bool:
    """Tell whether `text` has nothing to read: only characters that show nothing on a page."""
    return bool(NOTHING_TO_READ.fullmatch(text))


def counted(number: int, one: str, many: str = "") -> str:
    """`number` with what it counts, for what is said in English alone: "1 row", "2,000 rows".

    `many` where it is not `one` with an s.
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def with_symbols(text: str) -> str:
    """Return `text` with a symbol for each control character except tabs and line breaks."""
    return text.translate(str.maketrans(CONTROLS, SYMBOLS))
