"""Cells of tables that people open in a spreadsheet, and lines of JSON. Pure.

A spreadsheet runs a cell that begins like a formula, and turns a text that looks like a number or a
date into one: 007 becomes 7. `safe_cell` and `typed_cell` prevent that and `restore_cell` undoes
it. They show control characters as symbols, since a terminal may act on some. The JSON lines hold
every text as it was typed, so that nothing people wrote is lost.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from consult.text import INVISIBLE, with_symbols

GUARD = "'"
# What a spreadsheet takes for the start of a formula, also in wide or small forms and after
# anything invisible; tabs and line breaks; and the guard itself, so that it can be undone.
# PostgreSQL understands this too, as it does `VALUE` below.
FORMULA = f"[{INVISIBLE}]*[=+@＝＋－＠﹢﹣﹦﹫-]|[\t\r\n{GUARD}]"
LIKE_A_FORMULA = re.compile(FORMULA)
NOT_ASKED = "not-asked"
# Where each script's ten digits begin, in Unicode 14: programs that read a table accept them all as
# digits.
ZEROS = [
    *["30", "660", "6f0", "7c0", "966", "9e6", "a66", "ae6", "b66", "be6", "c66"],
    *["ce6", "d66", "de6", "e50", "ed0", "f20", "1040", "1090", "17e0", "1810", "1946"],
    *["19d0", "1a80", "1a90", "1b50", "1bb0", "1c40", "1c50", "a620", "a8d0", "a900", "a9d0"],
    *[
        "a9f0",
        "aa50",
        "abf0",
        "ff10",
        "104a0",
        "10d30",
        "11066",
        "110f0",
        "11136",
        "111d0",
        "112f0",
    ],
    *[
        "11450",
        "114d0",
        "11650",
        "116c0",
        "11730",
        "118e0",
        "11950",
        "11c50",
        "11d50",
        "11da0",
        "16a60",
    ],
    *[
        "16ac0",
        "16b50",
        "1d7ce",
        "1d7d8",
        "1d7e2",
        "1d7ec",
        "1d7f6",
        "1e140",
        "1e2f0",
        "1e950",
        "1fbf0",
    ],
]
DIGITS = "".join(f"{chr(int(zero, 16))}-{chr(int(zero, 16) + 9)}" for zero in ZEROS)
# Texts that a spreadsheet may turn into a number, an amount, a date, a time, or true or false when
# it opens a CSV file. PostgreSQL understands this too, for the tables that it writes
# (responses.exporting.formats.copies).
VALUE_CHARACTERS = 40
# Words that programs which read tables take as empty or as "not a number": in any case in a CSV
# file, and as pandas spells them in a workbook.
NOTHING = r"none|n/?a|null|-?nan|<na>|#n/?a(?: n/?a)?|-?1\.#(?:ind|qnan)|[+-]?inf(?:inity)?"
NOTHING_AS_WRITTEN = (
    r"None|N/A|n/a|NA|NULL|null|-?(?:nan|NaN)|<NA>|#N/A(?: N/A)?|#NA|-?1\.#(?:IND|QNAN)"
)
NOTHING_TO_PANDAS = re.compile(NOTHING_AS_WRITTEN)
VALUE = (
    f"(?=[^\n]*[{DIGITS}])(?:"  # A digit, and nothing but
    # digits, spaces, signs and currencies,
    f"[ \t\n\r\f\v\u00a0\u2009\u202f{DIGITS}.,:;/%()£$€+–-]"
    r"|[et](?=[+-]?[0-9])|z\Z"  # the letters in 1e5 and in 2026-11-23T10:30Z,
    "|[ap][.]?m(?![a-z0-9_])|(?:st|nd|rd|th)(?![a-z0-9_])"
    "|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
    f")+|true|false|{NOTHING}"
)
LIKE_A_VALUE = re.compile(VALUE, re.ASCII | re.IGNORECASE)


def safe_cell(text: str) -> str:
    """Return `text` as a cell that no spreadsheet runs, and that cannot be mistaken for a
    question that was not asked, or for nothing.
    """
    guarded = LIKE_A_FORMULA.match(text) or NOTHING_TO_PANDAS.fullmatch(text) or text == NOT_ASKED
    return (GUARD if guarded else "") + with_symbols(text)


def typed_cell(text: str) -> str:
    """Do the same for typed text, which no program may turn into a number, a date or an empty
    cell.
    """
    if len(text) <= VALUE_CHARACTERS and LIKE_A_VALUE.fullmatch(text):
        return GUARD + with_symbols(text)
    return safe_cell(text)


def restore_cell(cell: str) -> str:
    """Return the text that `safe_cell` or `typed_cell` was given; control characters stay
    symbols.
    """
    return cell.removeprefix(GUARD)


def json_line(values: Mapping[str, Any]) -> str:
    """Return `values` as one line, with its line feed."""
    line = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    # JSON allows these three inside a text, but many programs would break the line there.
    for character in "\x85\u2028\u2029":
        line = line.replace(character, f"\\u{ord(character):04x}")
    return f"{line}\n"
