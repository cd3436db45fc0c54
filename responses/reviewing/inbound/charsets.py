"""Bytes of an email as text, whatever they claim to be.

Pure. Mail programs name character sets wrongly: UTF-8 as us-ascii, windows-1252 as iso-8859-1.
Bytes that are UTF-8 are read as UTF-8; the names mean what browsers take them to mean.
"""

import codecs
import re
from dataclasses import dataclass

import webencodings
from charset_normalizer import from_bytes

REPLACED = "\ufffd"
# Character sets that browsers refuse, but that letters are written in all the same.
NO_BROWSER_READS = {
    "iso-2022-kr": "iso2022_kr",
    "hz-gb-2312": "hz",
    "hz": "hz",
    "utf-7": "utf-7",
    "unicode-1-1-utf-7": "utf-7",
    "utf-32": "utf-32",
    "cp437": "cp437",
    "ibm437": "cp437",
    "cp850": "cp850",
    "ibm850": "cp850",
}
# Their bytes can look like ASCII or UTF-8 and mean something else: only the name can tell.
NOT_LIKE_ASCII = ("utf-16", "utf-32", "utf-7", "hz", "iso2022", "iso-2022")
SEVERAL_BYTES = {"gbk", "gb18030", "big5hkscs", "cp932", "cp949", "euc_jp", "euc_kr", "big5"}
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
ESCAPES = re.compile(rb"\x1b[$(]")
ABOVE_ASCII = re.compile(rb"[\x80-\xff]+")
# The share of bytes above ASCII that a letter in Latin script may have.
LATIN_SHARE = 0.3
FEWEST = 8
GUESSED_FROM = 20_000


@dataclass(frozen=True)
class Decoded:
    """Text; how many characters of it could not be read and became U+FFFD; and the character set
    that was guessed, if the named one does not fit.
    """

    text: str
    replaced: int
    guessed: str = ""


def as_text(content: bytes, declared: str = "") -> Decoded:
    """Return `content` as text; `declared` is the character set that it names, or ""."""
    text, guessed = _read(content, _codec(declared))
    return Decoded(text.removeprefix("\ufeff"), text.count(REPLACED), guessed)


def _codec(declared: str) -> str:
    """Return Python's name of the character set that browsers take `declared` for, or "" if there
    is none.
    """
    label = declared.strip(" \t\r\n\"';").lower()
    if label in NO_BROWSER_READS:
        return NO_BROWSER_READS[label]
    known = webencodings.lookup(label)
    return known.codec_info.name if known else ""


def _read(content: bytes, codec: str) -> tuple[str, str]:
    for mark, marked in MARKS.items():
        if content.startswith(mark) and (text := _strictly(content, marked)) is not None:
            return text, ""
    if not codec.startswith(NOT_LIKE_ASCII) and content.isascii() and ESCAPES.search(content):
        codec = "iso2022_jp_ext"
    if codec.startswith(NOT_LIKE_ASCII) and (text := _strictly(content, codec)) is not None:
        return text, ""
    as_utf8 = _strictly(content, "utf-8")
    if as_utf8 is not None and not _may_be_chance(as_utf8, codec):
        return as_utf8, ""
    if codec not in {"", "utf-8"} and (text := _strictly(content, codec)) is not None:
        return text, ""
    if as_utf8 is not None:
        return as_utf8, ""
    above = sum(map(len, ABOVE_ASCII.findall(content)))
    if codec != "utf-8" and above > max(FEWEST, LATIN_SHARE * len(content)):
        guess = from_bytes(content[:GUESSED_FROM]).best()
        if guess and (text := _strictly(content, guess.encoding)) is not None:
            return text, guess.encoding
    # Line by line: a letter in windows-1252 may quote one in UTF-8.
    lines = [_line(line) for line in content.splitlines(keepends=True)]
    return "".join(lines), "" if codec in {"utf-8", "cp1252"} else "windows-1252"


def _may_be_chance(as_utf8: str, codec: str) -> bool:
    """Whether bytes that can be read as UTF-8 may be short East Asian text, as they claim.

    Its pairs of bytes look like UTF-8 only as letters of two bytes, and those then look like no
    language.
    """
    above = [letter for letter in as_utf8 if letter > "\x7f"]
    return codec in SEVERAL_BYTES and bool(above) and max(above) < "\u0800"


def _line(line: bytes) -> str:
    if (text := _strictly(line, "utf-8")) is not None:
        return text
    text = line.decode("utf-8", errors="replace")
    most = sum(letter > "\x7f" for letter in text)
    return line.decode("cp1252", errors="replace") if text.count(REPLACED) * 4 > most else text


def _strictly(content: bytes, codec: str) -> str | None:
    try:
        return content.decode(codec)
    except (LookupError, UnicodeError):
        return None
