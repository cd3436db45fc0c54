"""Searching for words by PostgreSQL's own full text search: who says them, and where."""

import re

from django.contrib.postgres.search import (
    SearchConfig,
    SearchQuery,
    SearchVectorExact,
    SearchVectorField,
)
from django.db.models import F, Func, JSONField, Q, Value
from django.db.models.fields.json import KeyTextTransform

from consult.text import with_symbols
from responses.models import Response
from responses.references import NotAReference, normalise_reference

ENGLISH = SearchConfig("english")
# Two characters for private use, which no keyboard types, stand round each word found.
MARK_BEGINS, MARK_ENDS = "\ue000", "\ue001"


def is_a_reference(word: str) -> bool:
    """Whether someone looks for one response by its reference, and not for words."""
    try:
        normalise_reference(word)
    except NotAReference:
        return False
    return True


def answer_says(question: str, word: str) -> Q:
    """That the answer to `question`, and not only some other text of the response, holds the words,
    as a search for them understands it.
    """
    answer = Func(
        ENGLISH,
        KeyTextTransform(question, "texts"),
        function="to_tsvector",
        output_field=SearchVectorField(),
    )
    return Q(SearchVectorExact(answer, words_query(word)))


def words_query(word: str) -> SearchQuery:
    """The words as PostgreSQL looks for them, whatever their ending."""
    return SearchQuery(word, config=ENGLISH, search_type="websearch")


def where_found(
    rows: list[Response], word: str, *, question: str = ""
) -> dict[int, list[tuple[str, bool]]]:
    """For each response's id the passage that holds the words, in pieces: the text, and whether it
    is one of the words. With `question`, in the answer to that alone.

    They are pieces of what people wrote, and no markup: a page that shows them escapes them.
    """
    options = (
        f"StartSel={MARK_BEGINS}, StopSel={MARK_ENDS}, MaxFragments=1, MinWords=12, MaxWords=25"
    )
    headline = Func(
        ENGLISH,
        F("texts"),
        words_query(word),
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


def _pieces(text: str) -> list[tuple[str, bool]]:
    pieces = re.split(f"{MARK_BEGINS}([^{MARK_BEGINS}{MARK_ENDS}]*){MARK_ENDS}", text)
    return [(with_symbols(piece), number % 2 == 1) for number, piece in enumerate(pieces) if piece]
