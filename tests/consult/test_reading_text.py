"""How pages show text that people typed, or that a plan says at length."""

import pytest

from consult.templatetags.reading import A_PARAGRAPH, after_the_gist, direction, gist, shown

LONG = "One is here. Two asks why? Three shouts! Four ends. Five is last."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello", "ltr"),
        ("مرحبا", "rtl"),
        ("שלום", "rtl"),
        ("123 مرحبا", "rtl"),
        ("(1) hello مرحبا", "ltr"),
        ("123", "ltr"),
        ("", "ltr"),
        ("«…» 42", "ltr"),
        ("привет", "ltr"),
        ("你好", "ltr"),
    ],
)
def test_the_first_letter_with_a_direction_decides(text: str, expected: str) -> None:
    assert direction(text) == expected


def test_the_gist_and_the_rest_are_the_whole() -> None:
    assert gist(LONG) == "One is here. Two asks why?"
    assert after_the_gist(LONG) == ["Three shouts! Four ends.", "Five is last."]
    assert " ".join([gist(LONG), *after_the_gist(LONG)]) == LONG


def test_a_short_text_has_no_rest() -> None:
    assert (gist("One is here."), after_the_gist("One is here.")) == ("One is here.", [])
    assert (gist(""), after_the_gist("")) == ("", [])


@pytest.mark.parametrize(
    "text",
    [
        "It costs 3.5 million a year. Then more.",
        "See sec. 4 of the plan. Then more.",
        "Met police vs. the public. Then more.",
    ],
)
def test_a_dot_within_a_sentence_does_not_end_it(text: str) -> None:
    assert gist(text) == text


def test_a_sentence_may_begin_with_a_quotation_mark() -> None:
    text = "She left. “Why?” he said. ‘Because.’"
    assert gist(text) == "She left. “Why?” he said."
    assert A_PARAGRAPH == 2


def test_control_characters_are_shown_and_line_breaks_stay() -> None:
    assert shown("a\x01b\nc\td\x1b") == "a␁b\nc\td␛"
