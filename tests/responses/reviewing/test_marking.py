"""An answer cut into pieces at its coded passages is still the answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses.reviewing.marking import Piece, pieces_of


@pytest.mark.parametrize(
    ("passages", "pieces"),
    [
        ({}, [Piece("lights and clubs")]),
        ({1: (0, 6)}, [Piece("lights", (1,), (1,)), Piece(" and clubs")]),
        (
            {1: (0, 10), 2: (7, 16)},
            [
                Piece("lights ", (1,)),
                Piece("and", (1, 2), (1,)),
                Piece(" clubs", (2,), (2,)),
            ],
        ),
        ({1: (0, 6), 2: (0, 6)}, [Piece("lights", (1, 2), (1, 2)), Piece(" and clubs")]),
        ({3: (11, 99)}, [Piece("lights and "), Piece("clubs", (3,))]),
    ],
)
def test_an_answer_is_cut_where_a_passage_begins_or_ends(
    passages: dict[int, tuple[int, int]], pieces: list[Piece]
) -> None:
    assert pieces_of("lights and clubs", passages) == pieces


def test_nothing_is_cut_into_nothing() -> None:
    assert pieces_of("", {}) == []


@given(
    st.text(max_size=40),
    st.dictionaries(
        st.integers(1, 9),
        st.tuples(st.integers(0, 40), st.integers(0, 40)).filter(lambda span: span[0] < span[1]),
        max_size=5,
    ),
)
def test_the_pieces_together_are_the_answer(
    text: str, passages: dict[int, tuple[int, int]]
) -> None:
    pieces = pieces_of(text, passages)
    assert "".join(piece.text for piece in pieces) == text
    for key, (start, end) in passages.items():
        assert "".join(piece.text for piece in pieces if key in piece.within) == (
            text[start:end] if end <= len(text) else text[start:]
        ) or end > len(text)
