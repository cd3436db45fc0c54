"""What in a text looks like it tells who someone is: only suggestions, a person decides.

Pure. Each pattern is tried once at the start of a run of letters, so that the time grows with the
text alone.
"""

import re
from collections.abc import Iterator

# What people put between the digits of a number: spaces of all widths, dots, dashes of any kind,
# slashes, brackets, and what nobody sees.
BETWEEN = r"[\s().,·•/_\u00ad\u2010-\u2015\u2212\ufe58\ufe63\uff0d\u200b-\u200f\u2060\ufeff-]"
LOCAL = r"\w.!#$%&'’*+/=?^`{|}~-"
AT = r"(?:[@＠]|\s?[\[(]\s?at\s?[\])]\s?)"
DOT = r"(?:[.．]|\s?[\[(]\s?dot\s?[\])]\s?)"
EMAIL = re.compile(rf"(?<![{LOCAL}])['’]?\w[{LOCAL}]*{AT}[\w-]+(?:{DOT}[\w-]+)+", re.IGNORECASE)
TELEPHONE = re.compile(
    rf"(?<![\w+])(?:"
    rf"(?:[+＋]{BETWEEN}{{0,2}}|00{BETWEEN}{{0,2}}|[(](?:[+＋]|00)?)?44[)]?{BETWEEN}{{0,3}}"
    rf"(?:0{BETWEEN}{{0,3}})?\d(?:{BETWEEN}{{0,3}}\d){{8,9}}"
    rf"|[+＋]{BETWEEN}{{0,2}}\d(?:{BETWEEN}{{0,3}}\d){{7,13}}"
    rf"|[(]?[0０]{BETWEEN}{{0,3}}\d(?:{BETWEEN}{{0,3}}\d){{8,9}})(?![\d])"
)
AREAS = (
    "AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E "
    "EC EH EN EX FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL "
    "LN LS LU M ME MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM "
    "SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO ZE"
)
# The letters O, I and L are often written for the digits 0 and 1.
POSTCODE = re.compile(
    rf"(?<!\w)(?:{AREAS.replace(' ', '|')})"
    rf"([\dOIL])[A-Z\d]?{BETWEEN}{{0,3}}[\dOIL][ABD-HJLNP-UW-Z]{{2}}(?!\w)",
    re.IGNORECASE,
)
INTRODUCES = re.compile(
    r"\b(?:my (?:full )?name(?: is|['’]s|:)|i(?: a|['’])m called|i go by"
    r"|yours (?:sincerely|faithfully|truly)|(?:kind |best |warm )?regards|best wishes"
    r"|many thanks|signed(?: by)?)[\s,:.–—-]{1,4}",
    re.IGNORECASE,
)
PART = re.compile(r"[^\W\d_][^\W_]*(?:[\u0300-\u036f'’ʼ‐‑.·-]*[^\W\d_][\u0300-\u036f]*)*\.?")
# Small words inside names: Ludwig van Beethoven.
PARTICLES = {"van", "von", "de", "del", "della", "der", "den", "di", "da", "dos", "du", "la", "le",
             "al", "el", "bin", "bint", "ibn", "ap", "ab", "ferch", "y", "o'"}  # fmt: skip
NO_NAMES = {"on", "in", "not", "no", "the", "a", "at", "for", "below", "above", "here", "attached"}
MOST_PARTS = 5


def find_personal_details(text: str, own_name: str) -> Iterator[tuple[int, int, str]]:
    """Where each such passage begins and ends, and what it looks like."""
    for match in EMAIL.finditer(text):
        begins = match.start() + (match.group()[0] in "'’")
        yield begins, match.end(), "an email address"
    for match in TELEPHONE.finditer(text):
        yield match.start(), match.end(), "a telephone number"
    for match in POSTCODE.finditer(text):
        # In small letters "so 5th" would be one too.
        if any(letter.isdigit() for letter in match.group()) and not match.group(1).islower():
            yield match.start(), match.end(), "a postcode"
    for match in INTRODUCES.finditer(text):
        if (end := _end_of_name(text, match.end())) > match.end():
            yield match.end(), end, "a name"
    if own_name:
        for match in re.finditer(rf"(?<!\w){re.escape(own_name)}(?!\w)", text, re.IGNORECASE):
            yield match.start(), match.end(), "the sender's name"


def _end_of_name(text: str, start: int) -> int:
    """Where the name that begins at `start` ends; `start` where none does.

    Someone who writes no capitals has a name too: of such words the first two are taken.
    """
    end = at = start
    small = 0
    for _part in range(MOST_PARTS):
        match = PART.match(text, at)
        if match is None:
            break
        word = match.group()
        if word[0].islower() and word not in PARTICLES:
            small += 1
            if word in NO_NAMES:
                break
            if small > 2 or (end > start and small == 1):
                break
        end = match.end()
        if word.endswith(".") and len(word) > 2:
            return end - 1
        if not text[end : end + 1] or text[end] not in " \xa0\t":
            break
        at = end + 1
    return end
