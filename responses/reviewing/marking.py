"""Where in an answer its coded passages stand: the answer in pieces, each with the passages it is
in.

Pure: values in, values out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

Span = tuple[int, int]


@dataclass(frozen=True)
class Piece:
    """A stretch of an answer. `within` has the keys of the passages that it is part of, those that
    began first leading, and `ends` those that end with it.
    """

    text: str
    within: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()


def pieces_of(text: str, passages: Mapping[int, Span]) -> list[Piece]:
    """Cut `text` wherever a passage begins or ends. `passages` has a beginning and an end by key;
    they may overlap, and together the pieces are the text.
    """
    cuts = {0, len(text)} | {cut for span in passages.values() for cut in span}
    places = sorted(cut for cut in cuts if 0 <= cut <= len(text))
    in_order = sorted(passages, key=lambda key: (passages[key][0], key))
    found = []
    for start, end in pairwise(places):
        within = [key for key in in_order if passages[key][0] <= start and end <= passages[key][1]]
        ends = [key for key in within if passages[key][1] == end]
        found.append(Piece(text[start:end], tuple(within), tuple(ends)))
    return found
