"""Which texts are nearly the same, and what one changed."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses.reviewing.similarity import Span, changes, group_similar, print_of

LETTER = (
    "I am writing to ask the Mayor to put a youth worker in every ward of this borough before the "
    "next summer holidays begin. "
    "Last year three families on our road lost someone, and every one of them had asked for help "
    "at least twice. "
    "The draft plan mentions partnership, yet it gives no figure, no date and no name of who will "
    "be answerable."
)
WORDS = LETTER.split()
EDITS = {
    "an opening": "As a grandmother in Tottenham I see this every day, and I am tired of "
    f"it.\n\n{LETTER}",
    "a signature": f"{LETTER}\n\nYours sincerely, J. Okafor",
    "capitals and dashes": LETTER.upper().replace(",", " –"),
    "cut to its half": " ".join(WORDS[: len(WORDS) // 2]),
    "its middle cut out": " ".join(WORDS[:20] + WORDS[32:]),
    "its halves the other way round": " ".join(WORDS[30:] + WORDS[:30]),
    "a word here and there": " ".join(
        "really" if number % 17 == 0 else word for number, word in enumerate(WORDS)
    ),
}
OTHERS = [
    (
        "The officer who came after our burglary was kind, and nobody ever came back with news "
        "about "
        "it afterwards."
    ),
    (
        "Please bring the police counter in our town back, since older people do not report "
        "anything "
        "online."
    ),
    (
        "I am writing to ask the Mayor about the lights in the underpass, which have been broken "
        "since "
        "March at least."
    ),
]


@pytest.mark.parametrize("edit", EDITS)
def test_an_altered_letter_is_still_found_beside_the_others(edit: str) -> None:
    texts = [LETTER] * 5 + [EDITS[edit], *OTHERS]
    groups = [
        sorted(key for keys in group.kinds.values() for key in keys)
        for group in group_similar(enumerate(texts))
    ]
    assert groups[0] == [0, 1, 2, 3, 4, 5]
    assert sorted(groups[1:]) == [[6], [7], [8]]


def test_short_answers_that_anyone_might_give_are_in_no_group() -> None:
    assert list(group_similar(enumerate(["Yes.", "Yes.", "More police please."]))) == []


def test_a_chain_of_small_changes_does_not_tie_strangers_together() -> None:
    random = Random(4)  # noqa: S311  # to be repeated, not to be secret
    vocabulary = [f"word{number}" for number in range(5000)]
    text = random.choices(vocabulary, k=60)
    chain = []
    for step in range(12):
        text = text[6:] + random.choices(vocabulary, k=6)
        chain += [" ".join(text)] * (20 - step)
    groups = list(group_similar(enumerate(chain)))
    assert len(groups) > 1
    first = next(iter(groups[0].kinds.values()))[0]
    last = len(chain) - 1
    assert first == 0
    assert all(last not in keys for keys in groups[0].kinds.values())


def test_a_print_is_blind_to_case_punctuation_and_width() -> None:
    assert (
        print_of("More  YOUTH workers!")
        == print_of("more youth workers")
        == print_of("Ｍore youth\nworkers…")
    )
    assert print_of("more youth workers") != print_of("more youth worker")


def test_the_differences_of_a_letter_are_listed_in_order() -> None:
    assert changes("Dear Mayor, fund youth work.", "Dear Ms Mayor, fund work.") == [
        Span("same", "Dear "),
        Span("added", "Ms "),
        Span("same", "Mayor, fund "),
        Span("left-out", "youth "),
        Span("same", "work."),
    ]


@given(st.text(max_size=80), st.text(max_size=80))
def test_the_differences_contain_both_texts_whole(standard: str, text: str) -> None:
    spans = changes(standard, text)
    assert "".join(span.text for span in spans if span.kind != "left-out") == text
    assert "".join(span.text for span in spans if span.kind != "added") == standard
