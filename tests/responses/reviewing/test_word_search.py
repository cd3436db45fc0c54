"""Search by words: any word that a person sees in an answer finds it."""

import re
import unicodedata

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from responses.reviewing.word_search import Words, query_of

SAID = [
    "Officers/wardens should patrol.Lighting matters too, and O’Neill’s café;don't stop—now…",
    "请把路灯修好，LED灯很亮。",
    "街灯を直してください。ｶﾞｰﾄﾞﾚｰﾙも。",
    "ทำไมถนนมืด が'が",
    "Zoe\u0308 and Siân of Łódź: ﬁne ｗｉｄｅ soft\xadhyphen zero\u200bwidth",
    "no\xa0break Brand™ 20m² ½",
    "Straße ΣΊΣΥΦΟΣ हिन्दी में 안녕하세요 العَرَبِيَّة עִבְרִית İstanbul 007 3.5% e.g. ‘quoted’",
    "''twice''",
]
LETTERS = st.sampled_from("aAéÉe\u0301ßœØłﬁｗ'’-/.,“” \n\xa0\xad\u200b0९हिन路灯が\u3099ทำ한±™²½ı")


def seen_words(text: str) -> list[str]:
    """The words that a person sees in a text, told apart by hand of this test."""
    unseen = re.sub("[\xad\u200b-\u200f\u2060\ufeff]", "", text)
    plain = "".join(
        letter if unicodedata.category(letter)[0] in "LMN" or letter in "'’" else " "
        for letter in unseen
    )
    return [word for one in plain.split() if (word := one.strip("'’"))]


def is_found(text: str, word: str) -> bool:
    query = query_of(Words(word))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT words_of(jsonb_build_object('a', %s::text)) @@ %s::tsquery", [text, query]
        )
        found: bool = cursor.fetchone()[0]
    return bool(query) and found


@pytest.mark.parametrize("text", SAID)
@pytest.mark.django_db
def test_every_word_that_is_seen_in_an_answer_finds_it(text: str) -> None:
    for word in seen_words(text):
        for written in (word, word.upper(), word.lower(), unicodedata.normalize("NFD", word)):
            assert is_found(text, written), written
    for pair in re.findall("(?=([\u4e00-\u9fff\u3040-\u30ff\u0e01-\u0e3a]{2}))", text):
        assert is_found(text, pair), pair


@pytest.mark.django_db
@given(text=st.text(LETTERS, max_size=40))
def test_any_word_of_a_made_up_text_finds_it(text: str) -> None:
    for word in seen_words(text):
        if any(unicodedata.category(letter)[0] in "LN" for letter in word):
            assert is_found(text, f'"{word}"'), word


@pytest.mark.django_db
def test_words_that_are_not_in_an_answer_do_not_find_it() -> None:
    for word in ("patrols", "neil", "street", "hyphens", "灯路", "修好路"):
        assert not any(is_found(text, word) for text in SAID)


@pytest.mark.parametrize(
    ("found_by", "said"),
    [
        ("cafe", "Café"),
        ("CAFÉ", "cafe\u0301"),
        ("O'Neill", "O’Neill"),
        ("路灯", "请把路灯修好"),
        ("灯", "路灯"),
        ("strasse", "Straße"),
        ("fine", "ﬁne"),
        ("lodz", "Łódź"),
    ],
)
@pytest.mark.django_db
def test_words_find_each_other_whatever_their_accents(found_by: str, said: str) -> None:
    assert is_found(f"One. {said}, two.", found_by)
