"""What a chart shows: sizes in proportion, small groups named as such, and words that fit."""

import re
from xml.etree import ElementTree as ET

import pytest

from responses.dashboard.charts import (
    FILL,
    INK,
    LABEL_CHARS,
    QUIET,
    SERIES,
    SHADES,
    SHORT,
    TILES,
    TOO_FEW,
    WIDTH,
    bars,
    columns,
    tiles,
)

SVG = "{http://www.w3.org/2000/svg}"


def read(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314  # what we made just now


def rects(svg: str, fill: str | None = None) -> list[dict[str, str]]:
    every = [dict(one.attrib) for one in read(svg).iter(f"{SVG}rect")]
    return [one for one in every if fill is None or one["fill"] == fill]


def words(svg: str) -> list[str]:
    return [one.text or "" for one in read(svg).iter(f"{SVG}text")]


def colour_of(svg: str, text: str) -> str:
    return next(one.attrib["fill"] for one in read(svg).iter(f"{SVG}text") if one.text == text)


def said(svg: str) -> tuple[str | None, str | None]:
    root = read(svg)
    return root.findtext(f"{SVG}title"), root.findtext(f"{SVG}desc")


def height_of(svg: str) -> float:
    return float(read(svg).attrib["viewBox"].split()[3])


def test_the_longest_bar_is_the_largest_count_and_others_in_proportion() -> None:
    wide = [float(one["width"]) for one in rects(bars("T", [("a", 40), ("b", 10), ("c", 20)]))]
    assert wide == [WIDTH - 120, (WIDTH - 120) / 4, (WIDTH - 120) / 2]


def test_a_bar_of_nothing_can_still_be_seen() -> None:
    first, second = rects(bars("T", [("a", 0), ("b", 1000)]))
    assert (first["width"], float(second["width"])) == ("1", WIDTH - 120)


def test_bars_without_any_count_do_not_divide_by_nothing() -> None:
    drawn = bars("T", [("a", 0), ("b", None)])
    assert [one["width"] for one in rects(drawn)] == ["1", "1"]
    assert read(bars("T", [])).attrib["viewBox"] == f"0 0 {WIDTH} 1"


def test_each_bar_has_its_label_above_and_its_figure_at_its_end() -> None:
    drawn = bars("T", [("Agree", 1234)])
    label, figure = list(read(drawn).iter(f"{SVG}text"))
    (bar,) = rects(drawn)
    assert (label.text, figure.text) == ("Agree", "1,234")
    assert float(label.attrib["y"]) < float(bar["y"])
    assert float(figure.attrib["x"]) == float(bar["width"]) + 8
    assert float(bar["y"]) < float(figure.attrib["y"]) < float(bar["y"]) + float(bar["height"])


def test_a_bar_that_is_not_shown_says_so_in_a_quiet_colour() -> None:
    drawn = bars("T", [("Shown", 7), ("Hidden", None)])
    assert words(drawn) == ["Shown", "7", "Hidden", TOO_FEW]
    assert (colour_of(drawn, "7"), colour_of(drawn, TOO_FEW)) == (INK, QUIET)
    assert said(drawn)[1] == f"Shown: 7, Hidden: {TOO_FEW}"


def test_a_label_longer_than_the_chart_goes_over_several_lines() -> None:
    label = "word " * 40
    drawn = bars("T", [(label, 3), ("after", 3)])
    *lines, figure, after, _last = words(drawn)
    assert " ".join(lines) == label.strip()
    assert all(len(line) <= LABEL_CHARS for line in lines)
    assert (figure, after) == ("3", "after")
    tops = [float(one.attrib["y"]) for one in read(drawn).iter(f"{SVG}text")]
    assert tops == sorted(tops)


def test_bars_never_overlap_each_other() -> None:
    drawn = bars("T", [("one", 3), ("long " * 60, 4), ("three", 5)])
    places = [(float(one["y"]), float(one["height"])) for one in rects(drawn, FILL)]
    ends = [y + height for y, height in places]
    assert all(start >= end for (start, _), end in zip(places[1:], ends[:-1], strict=True))
    assert ends[-1] < height_of(drawn)


def test_an_empty_label_keeps_its_bar() -> None:
    assert len(rects(bars("T", [("", 3)]))) == 1


def test_columns_stand_on_the_line_and_the_fullest_day_is_the_tallest() -> None:
    drawn = columns("T", ["Monday", "Tuesday"], {"online": [4, 8]})
    low, high = (one for one in rects(drawn, SERIES[0]) if one["width"] != "14")
    assert (float(low["height"]), float(high["height"])) == (110, 220)
    assert float(low["y"]) + float(low["height"]) == float(high["y"]) + float(high["height"]) == 240


def test_the_parts_of_a_day_stand_on_each_other() -> None:
    drawn = columns("T", ["Monday"], {"online": [3], "by post": [1]})
    online = next(one for one in rects(drawn, SERIES[0]) if one["width"] != "14")
    post = next(one for one in rects(drawn, SERIES[1]) if one["width"] != "14")
    assert float(post["y"]) + float(post["height"]) == float(online["y"])
    assert float(online["height"]) == 3 * float(post["height"])


def test_a_day_without_a_channel_has_no_column_for_it() -> None:
    drawn = columns("T", ["Monday", "Tuesday"], {"online": [3, 1], "by post": [0, 1]})
    assert len([one for one in rects(drawn, SERIES[1]) if one["width"] != "14"]) == 1


def test_the_first_and_last_day_and_the_most_are_written() -> None:
    drawn = columns("T", ["1 May", "2 May", "3 May"], {"online": [1, 2000, 3], "post": [1, 5, 0]})
    assert words(drawn)[:3] == ["Most on one day: 2,005", "1 May", "3 May"]
    assert "2 May" not in words(drawn)


def test_a_single_day_is_written_once() -> None:
    assert words(columns("T", ["1 May"], {"online": [1]})).count("1 May") == 1


def test_each_channel_has_its_colour_and_its_total_in_words() -> None:
    drawn = columns("T", ["1 May", "2 May"], {"Online": [1, 2], "Post": [1000, 1]})
    keys = [one for one in rects(drawn) if one["width"] == "14"]
    assert [one["fill"] for one in keys] == SERIES[:2]
    assert words(drawn)[-2:] == ["Online", "Post"]
    assert said(drawn) == ("T", "Online: 3 in all; Post: 1,001 in all")


def test_a_chart_of_days_before_anything_arrived_says_so() -> None:
    drawn = columns("By day", [], {})
    assert said(drawn) == ("By day", "Nothing has arrived yet.")
    assert words(drawn) == []


def test_columns_stay_narrow_for_few_days_and_visible_for_many() -> None:
    few = next(one for one in rects(columns("T", ["a"], {"x": [1]})) if one["width"] != "14")
    days = [str(number) for number in range(2000)]
    many = rects(columns("T", days, {"x": [1] * 2000}))[:2000]
    assert float(few["width"]) == 39
    assert {one["width"] for one in many} == {"0.5"}
    assert float(many[-1]["x"]) < WIDTH


def test_each_area_of_the_map_has_its_own_place() -> None:
    drawn = tiles("Where", {}, {})
    places = {(one["x"], one["y"]) for one in rects(drawn)}
    assert len(places) == len(TILES)
    assert all(float(x) + 88 <= 8 * 90 for x, _y in places)
    assert all(float(y) + 88 <= height_of(drawn) for _x, y in places)


@pytest.mark.parametrize(
    ("count", "most", "shade"),
    [
        (0, 100, 0),
        (1, 100, 1),
        (25, 100, 1),
        (26, 100, 2),
        (51, 100, 3),
        (76, 100, 4),
        (100, 100, 4),
    ],
)
def test_an_area_is_darker_the_more_came_from_it(count: int, most: int, shade: int) -> None:
    slugs = list(TILES)
    drawn = tiles("Where", {slugs[0]: count, slugs[1]: most}, {})
    assert rects(drawn)[0]["fill"] == SHADES[shade][0]


def test_words_on_a_dark_area_are_light() -> None:
    slugs = list(TILES)
    drawn = tiles("Where", {slugs[0]: 100, slugs[1]: 1}, {slugs[0]: "Dark", slugs[1]: "Light"})
    inks = dict(SHADES)
    first, second = SHORT.get(slugs[0], "Dark"), SHORT.get(slugs[1], "Light")
    assert colour_of(drawn, first) == inks[SHADES[4][0]] == "#ffffff"
    assert colour_of(drawn, second) == INK


def test_an_area_with_few_people_says_few_and_has_no_shade() -> None:
    slugs = list(TILES)
    drawn = tiles("Where", {slugs[0]: None, slugs[1]: 60}, {slugs[0]: "Here"})
    assert rects(drawn)[0]["fill"] == SHADES[0][0]
    assert "few" in words(drawn)
    assert (said(drawn)[1] or "").startswith(f"Here: {TOO_FEW}, ")


def test_the_map_says_every_area_in_words_whatever_is_counted() -> None:
    slugs = list(TILES)
    told = (said(tiles("Where", {slugs[3]: 7, "outside-london": 9}, {}))[1] or "").split(", ")
    assert len(told) == len(TILES)
    assert (told[0], told[3]) == (f"{slugs[0]}: 0", f"{slugs[3]}: 7")
    assert "outside-london" not in " ".join(told)


def test_a_title_or_label_cannot_become_markup() -> None:
    nasty = '<script>alert("x")</script> & more'
    for drawn in (
        bars(nasty, [(nasty, 1)]),
        columns(nasty, [nasty, nasty], {nasty: [1, 2]}),
        tiles(nasty, {}, dict.fromkeys(TILES, nasty)),
    ):
        assert not re.search(r"<script", drawn)
        assert said(drawn)[0] == nasty
