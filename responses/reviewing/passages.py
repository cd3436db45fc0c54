"""Where in an answer the words are that someone searched for."""

import re
import unicodedata
from collections.abc import Iterable

from django.contrib.postgres.search import SearchConfig, SearchQuery
from django.db.models import F, Func, JSONField, Value

from consult.text import with_symbols
from responses.models import Response
from responses.reviewing.word_search import Words, query_of

ENGLISH = SearchConfig("english")
# Two private-use characters, which no keyboard types, mark each word found.
MARK_BEGINS, MARK_ENDS = "\ue000", "\ue001"
APOSTROPHES = "'’‘‛ʼʻ′＇`´"
UNSEEN = "\xad\u200b-\u200f\u2060-\u2064\ufeff"
# Letters, digits, and the marks on them that are no letters to Python.
WORD = re.compile(
    rf"[\w\u0300-\u036f\u0900-\u0dff{UNSEEN}]+(?:[{APOSTROPHES}][\w\u0300-\u036f{UNSEEN}]+)*"
)
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u9fff\uf900-\ufaff]")
BEFORE, AFTER = 80, 120
Pieces = list[tuple[str, bool]]


def where_found(rows: list[Response], words: Words, *, question: str = "") -> dict[int, Pieces]:
    """Return, by response id, the passage that has the words, in pieces: the text, and whether it
    is one of the words. With `question`, only from that answer.

    The pieces are what people wrote, not markup: a page that shows them escapes them.
    """
    if words.stemmed:
        return _by_stems(rows, words, question)
    sought = {
        _folded(word)
        for side in words.terms
        for excluded, term in side
        if not excluded
        for word in WORD.findall(term)
    }
    return {
        row.pk: next(
            (
                pieces
                for key, text in row.texts.items()
                if question in {"", key} and (pieces := _passage(text, sought))
            ),
            [],
        )
        for row in rows
    }


def _folded(word: str) -> str:
    """Return a text as the search compares it, closely enough to mark words in it."""
    plain = unicodedata.normalize("NFKD", re.sub(f"[{UNSEEN}]", "", word))
    plain = "".join(
        "'" if letter in APOSTROPHES else letter
        for letter in plain
        if not "\u0300" <= letter <= "\u036f"
    )
    return unicodedata.normalize("NFC", plain.upper().lower())


def _passage(text: str, sought: Iterable[str]) -> Pieces:
    """Return the first place that has a word, with the text around it; [] if there is none."""
    exact = {word for word in sought if not UNSPACED.search(word)}
    within = [re.escape(word) for word in sought if UNSPACED.search(word)]
    places = [found.span() for found in WORD.finditer(text) if _folded(found.group()) in exact]
    if within:
        places += [found.span() for found in re.finditer("|".join(within), text)]
    if not places:
        return []
    places.sort()
    begins = max(text.rfind(" ", 0, max(places[0][0] - BEFORE, 0)) + 1, 0)
    ends = text.find(" ", places[0][1] + AFTER)
    ends = len(text) if ends == -1 else ends
    pieces: Pieces = []
    at = begins
    for start, end in places:
        if start < at or end > ends:
            continue
        pieces += [(text[at:start], False), (text[start:end], True)]
        at = end
    pieces.append((text[at:ends], False))
    return [(with_symbols(piece), found) for piece, found in pieces if piece]


def _by_stems(rows: list[Response], words: Words, question: str) -> dict[int, Pieces]:
    options = (
        f"StartSel={MARK_BEGINS}, StopSel={MARK_ENDS}, MaxFragments=1, MinWords=12, MaxWords=25"
    )
    headline = Func(
        ENGLISH,
        F("texts"),
        SearchQuery(query_of(words), config=SearchConfig("simple"), search_type="raw"),
        Value(options),
        function="ts_headline",
        output_field=JSONField(),
    )
    found = (
        Response.objects.filter(pk__in=[row.pk for row in rows])
        .annotate(headline=headline)
        .values_list("pk", "headline")
    )
    return {
        pk: _pieces(
            next(
                (
                    text
                    for key, text in texts.items()
                    if MARK_BEGINS in text and question in {"", key}
                ),
                "",
            )
        )
        for pk, texts in found
    }


def _pieces(text: str) -> Pieces:
    pieces = re.split(f"{MARK_BEGINS}([^{MARK_BEGINS}{MARK_ENDS}]*){MARK_ENDS}", text)
    return [(with_symbols(piece), number % 2 == 1) for number, piece in enumerate(pieces) if piece]
