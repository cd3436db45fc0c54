"""Putting values into a plan file's lists and keys, and moving them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.plans.reading import PlanProblems
from consult.setting_up.fields import Lines, Rows, Table
from consult.setting_up.file_text import text_of, values_of
from consult.setting_up.option_fields import Options, Scales, flat, free_slug
from consult.setting_up.places import NoSuchPlace, at, move, place_of, put

WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\x85\ufeff"),
    max_size=40,
)
VALUES = st.recursive(
    WORDS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3)
)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), VALUES, max_size=4))
def test_whatever_a_file_says_is_read_back_as_it_was(values: dict[str, Any]) -> None:
    assert values_of(text_of(values)) == values


@pytest.mark.parametrize(
    "text", ["no", "2027-01-21", "1_000", "0x10", "~", "true", "1.50", "null "]
)
def test_words_that_yaml_takes_for_values_stay_words(text: str) -> None:
    assert values_of(text_of({"a": text})) == {"a": text}


def test_several_lines_are_written_as_a_block() -> None:
    assert text_of({"summary": "One.\n\nTwo."}) == "summary: |-\n  One.\n\n  Two.\n"


def test_what_is_no_yaml_is_refused() -> None:
    with pytest.raises(PlanProblems):
        values_of("a: [")


@pytest.mark.parametrize(
    ("place", "value", "after"),
    [
        ("a.b", "x", {"a": {"b": "x"}, "l": ["1", "2"]}),
        ("l.3", "x", {"l": ["1", "2", "x"]}),
        ("l.1", None, {"l": ["2"]}),
        ("l.2", "x", {"l": ["1", "x"]}),
        ("new.1", "x", {"l": ["1", "2"], "new": ["x"]}),
        ("new.a.b", "", {"l": ["1", "2"]}),
        ("l", [], {}),
        ("l.3", None, {"l": ["1", "2"]}),
    ],
)
def test_a_value_is_put_where_it_belongs(place: str, value: Any, after: Any) -> None:
    values: dict[str, Any] = {"l": ["1", "2"]}
    if value is None and place == "l.3":
        with pytest.raises(NoSuchPlace):
            move(values, place_of(place), 1)
        return
    put(values, place_of(place), value)
    assert values == after


@pytest.mark.parametrize("place", ["l.4", "l.0", "l.x", "t.a", "t.1"])
def test_there_is_no_place_in_text_or_beyond_a_list(place: str) -> None:
    values = {"l": ["1", "2"], "t": "text"}
    with pytest.raises(NoSuchPlace):
        put(values, place_of(place), "x")
    assert values == {"l": ["1", "2"], "t": "text"}


@pytest.mark.parametrize(("place", "by", "after"), [
    ("l.1", -1, "abc"), ("l.1", 1, "bac"), ("l.3", 1, "abc"), ("l.3", -1, "acb"),
])  # fmt: skip
def test_an_entry_moves_by_one_and_stays_at_an_end(place: str, by: int, after: str) -> None:
    values = {"l": ["a", "b", "c"]}
    move(values, place_of(place), by)
    assert values["l"] == list(after)
    assert at(values, ("l", "4")) is None


def test_options_keep_what_stood_beside_their_labels() -> None:
    field = Options("options", "Options")
    before = [
        {"slug": "a", "label": "Ay", "value": "2"},
        "Bee",
        {"group": "More", "options": ["Cee"]},
    ]
    assert field.show(before) == "Ay\nBee\n# More\nCee"
    after = field.read({"options": "Bee\nAy\n# More\nSea"}, before)
    assert after == [
        {"slug": "bee", "label": "Bee"},
        {"slug": "a", "label": "Ay", "value": "2"},
        {"group": "More", "options": [{"slug": "cee", "label": "Sea"}]},
    ]
    assert [option["slug"] for option in flat(after)] == ["bee", "a", "cee"]


def test_an_option_added_or_gone_makes_none_take_anothers_slug() -> None:
    field = Options("options", "Options")
    before = [{"slug": "yes", "label": "Yes"}, {"slug": "no", "label": "No"}]
    assert field.read({"options": "Yes\nPerhaps\nNever"}, before) == [
        {"slug": "yes", "label": "Yes"},
        {"slug": "perhaps", "label": "Perhaps"},
        {"slug": "never", "label": "Never"},
    ]


def test_scales_are_shown_and_read_with_their_values() -> None:
    field = Scales("scales", "Scales")
    typed = "# agree\nYes | 1\nNo | 0\n# often\nAlways\nNever"
    values = field.read({"scales": typed}, None)
    assert field.show(values) == typed
    assert values["agree"][0] == {"slug": "yes", "label": "Yes", "value": "1"}


def test_no_part_of_a_line_is_dropped() -> None:
    rows = Rows("rows", "Rows", columns=("value", "what"))
    assert rows.read({"rows": "3 | a | b\n\nalone"}, None) == [
        {"value": "3", "what": "a | b"},
        {"value": "alone"},
    ]
    assert Table("t", "T").read({"t": "q | a\nr"}, None) == {"q": "a", "r": ""}
    assert Lines("l", "L").read({"l": " a \n\n b"}, None) == ["a", "b"]


def test_a_free_slug_is_free_and_not_too_long() -> None:
    assert free_slug("Café!", set(), 40) == "cafe"
    assert free_slug("Café", {"cafe", "cafe-2"}, 40) == "cafe-3"
    assert free_slug("路灯", set(), 40) == "option"
    assert len(free_slug("long " * 40, {"long-" * 7 + "long"}, 40)) <= 40
