"""Texts that are nearly the same: finding them among many, and showing what one changed. Pure.

Campaigns ask people to send a letter, and many add to it or cut it. Each text is treated as the set
of its shingles, which are runs of five words. The sixteen with the smallest hashes are its sketch:
similar texts share part of it, so an index over sketches finds what a text must be compared with,
instead of every pair. The comparison itself is exact.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from hashlib import blake2b
from heapq import nsmallest

SHINGLE = 5
SKETCH = 16
# Two texts are similar if this share of the shorter one's shingles is in the other.
SIMILAR = 0.5
# A text with fewer words could be anyone's own.
FEWEST_WORDS = 8
# How many texts a text is compared with: those that share most of its sketch.
COMPARED = 4
# In scripts without spaces between words, each character counts as a word.
WORD = re.compile(r"[぀-ヿ㐀-鿿]|\w+")
# A word with what follows it: with spaces as separate items, comparing two long texts would take
# seconds.
TOKEN = re.compile(r"(?:[぀-ヿ㐀-鿿]|\w+|[^\w\s])\s*|\s+")


@dataclass
class Group:
    """Texts that are similar.

    `kinds` maps the print of each distinct text to the keys under which it came.
    """

    kinds: dict[str, list[int]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(map(len, self.kinds.values()))


@dataclass(frozen=True)
class Span:
    """A stretch of words that both texts have ("same"), or that one lacks:
    "added" or "left-out".
    """

    kind: str
    text: str


def words_of(text: str) -> list[str]:
    """Return the words of a text, ignoring case, punctuation and width."""
    return WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def print_of(text: str) -> str:
    """Return 32 hexadecimal digits that are the same for texts with the same words."""
    return blake2b(" ".join(words_of(text)).encode(), digest_size=16).hexdigest()


def shingles_of(words: list[str]) -> frozenset[bytes]:
    """Return a hash of each run of SHINGLE words."""
    runs = (
        " ".join(words[start : start + SHINGLE])
        for start in range(max(len(words) - SHINGLE + 1, 1))
    )
    return frozenset(blake2b(run.encode(), digest_size=8).digest() for run in runs)


def are_similar(one: frozenset[bytes], other: frozenset[bytes]) -> bool:
    """Tell whether two texts, as shingles, are nearly the same, or one contains much of the
    other.
    """
    return len(one & other) >= SIMILAR * min(len(one), len(other))


def group_similar(texts: Iterable[tuple[int, str]]) -> Iterator[Group]:
    """Return the groups of similar texts among `texts`, pairs of a key and a text.

    A group may have a single text; short texts are in none. The commonest texts come first and
    attract others. A text is compared with those that started a group, never with its members, so
    that a chain of small differences does not tie unrelated texts together.
    """
    keys: dict[str, list[int]] = defaultdict(list)
    said: dict[str, str] = {}
    for key, text in texts:
        words = words_of(text)
        if len(words) >= FEWEST_WORDS:
            joined = " ".join(words)
            print_ = blake2b(joined.encode(), digest_size=16).hexdigest()
            keys[print_].append(key)
            said.setdefault(print_, joined)
    groups: list[Group] = []
    begun: list[str] = []
    index: dict[bytes, list[int]] = defaultdict(list)
    for print_ in sorted(keys, key=lambda print_: (-len(keys[print_]), min(keys[print_]))):
        shingles = shingles_of(said[print_].split())
        sketch = nsmallest(SKETCH, shingles)
        shared = Counter(number for part in sketch for number in index[part])
        for number, _parts in shared.most_common(COMPARED):
            if are_similar(shingles, shingles_of(said[begun[number]].split())):
                groups[number].kinds[print_] = keys[print_]
                break
        else:
            for part in sketch:
                index[part].append(len(groups))
            begun.append(print_)
            groups.append(Group({print_: keys[print_]}))
    yield from groups


def changes(standard: str, text: str) -> list[Span]:
    """Return how `text` differs from `standard`, as stretches in order; without "left-out" they
    add up to `text`.
    """
    before, after = TOKEN.findall(standard), TOKEN.findall(text)
    spans: list[Span] = []
    for act, start, end, begin, stop in SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if act == "equal":
            spans.append(Span("same", "".join(after[begin:stop])))
            continue
        if end > start:
            spans.append(Span("left-out", "".join(before[start:end])))
        if stop > begin:
            spans.append(Span("added", "".join(after[begin:stop])))
    return spans
