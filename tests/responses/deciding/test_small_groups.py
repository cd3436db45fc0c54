"""No figure about few people is printed, and none can be worked out from those that are: an
attacker who subtracts any printed figures from each other finds whole groups alone.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from consult.plans.document import Option, Question
from responses.dashboard.tallies import FEWEST_SHOWN
from responses.deciding.figures import DIMENSIONS, Counted, tables_for
from responses.deciding.small_groups import FEWEST, is_enough, join_rows, join_small

Person = dict[str, Any]
People = frozenset[int]
OPTIONS = ("agree", "neither", "disagree")


def question(kind: str = "one") -> Question:
    return Question(
        slug="q",
        part="part",
        kind=kind,
        text="Do you agree?",
        help="",
        scale="",
        max_choices=None,
        max_chars=None,
        show_if={},
        options=tuple(Option(slug, slug.title()) for slug in OPTIONS),
    )


def counted(people: list[Person]) -> Counted:
    """What the statement would count of these people."""
    made = Counted.__new__(Counted)
    made.bases = {name: Counter() for name in ("all", *DIMENSIONS)}
    made.cells = Counter()
    for person in people:
        for dimension, group in [("all", ""), *person["place"].items()]:
            made.bases[dimension][group] += 1
            for option in person["chosen"]:
                made.cells[dimension, group, "q", option] += 1
            if person["chosen"]:
                made.cells[dimension, group, "q", ""] += 1
    return made


def printed(
    people: list[Person], kind: str, *, only: tuple[str, ...] = ("all", *DIMENSIONS)
) -> Iterator[tuple[People, int]]:
    """Each figure that is printed, with the people whom it is about: worked out from the labels, as
    a reader would.
    """
    asked = question(kind)
    labels = {option.label: option.slug for option in asked.options}
    labels["Not answered, or not asked"] = ""
    for table in tables_for("Part", asked, counted(people), labels={}):
        for line in table.lines if table.dimension in only else ():
            groups = line.label.split("; ") if table.dimension != "all" else []
            here = frozenset(
                number
                for number, person in enumerate(people)
                if table.dimension == "all" or person["place"][table.dimension] in groups
            )
            yield here, line.base
            for column, count in zip(table.columns, line.counts, strict=True):
                chosen = {labels[one] for one in column.split("; ")}
                yield (
                    frozenset(
                        number for number in here if chosen & set(people[number]["chosen"] or [""])
                    ),
                    count,
                )


def found_by_subtraction(figures: list[tuple[People, int]]) -> list[int]:
    """The sizes of all groups that are left when one printed group, or two that share nobody, are
    taken from a third that holds them, and are too few.
    """
    known = {group for group, _count in figures}
    left = []
    for whole in known:
        within = [one for one in known if one < whole]
        left += [len(whole - one) for one in within]
        left += [len(whole - one - two) for one, two in combinations(within, 2) if not one & two]
    return [size for size in left if not is_enough(size)]


people_of = st.lists(
    st.fixed_dictionaries(
        {
            "place": st.fixed_dictionaries(
                {
                    "kind": st.sampled_from(["individual", "organisation", "unsaid"]),
                    "borough": st.sampled_from(["camden", "barnet", "brent", "sutton"]),
                    "channel": st.sampled_from(["online", "post"]),
                    "campaign": st.sampled_from(["clubs", "none"]),
                }
            ),
            "chosen": st.lists(st.sampled_from(OPTIONS), max_size=1),
        }
    ),
    max_size=70,
)


@given(people_of)
@settings(max_examples=60)
def test_printed_figures_are_right_and_about_enough_people(people: list[Person]) -> None:
    for group, count in printed(people, "one"):
        assert len(group) == count
        assert is_enough(count)


@given(people_of)
@settings(max_examples=60)
def test_nothing_about_few_is_found_by_subtraction(people: list[Person]) -> None:
    # Who of Camden is in a campaign, no figure says: an attacker subtracts within a breakdown.
    for dimension in DIMENSIONS:
        figures = list(printed(people, "one", only=("all", dimension)))
        assert found_by_subtraction(figures) == []


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "place": st.fixed_dictionaries(
                    {name: st.sampled_from(["camden", "barnet"]) for name in DIMENSIONS}
                ),
                "chosen": st.lists(st.sampled_from(OPTIONS), max_size=3, unique=True),
            }
        ),
        max_size=60,
    )
)
@settings(max_examples=60)
def test_of_several_answers_neither_few_who_chose_nor_few_who_did_not(
    people: list[Person],
) -> None:
    figures = list(printed(people, "many"))
    for group, count in figures:
        assert len(group) == count
        assert is_enough(count)
    tables = tables_for("Part", question("many"), counted(people), labels={})
    for table in tables:
        for line in table.lines:
            assert all(is_enough(line.base - count) for count in line.counts)


def test_the_attack_finds_what_hiding_small_cells_alone_would_leave() -> None:
    everyone = frozenset(range(30))
    shown = [everyone, frozenset(range(17)), frozenset(range(17, 28))]
    assert found_by_subtraction([(one, len(one)) for one in shown]) == [2]


def test_groups_are_joined_until_they_are_enough() -> None:
    assert join_small([9, 8, 0]) == [[0], [1], [2]]
    assert join_small([3, 4, 9]) == [[0, 1], [2]]
    assert join_small([2, 9, 7]) == [[0, 2], [1]]
    assert join_small([2, 1]) == [[0, 1]]
    assert join_small([]) == []


def test_rows_are_joined_until_each_of_their_cells_is_enough() -> None:
    rows = {"camden": [9, 9], "barnet": [9, 1], "brent": [5, 6]}
    assert join_rows(rows) == [(["camden"], [9, 9]), (["barnet", "brent"], [14, 7])]
    assert join_rows({"a": [9, 2], "b": [7, 2]}) == [(["a", "b"], [16, 4])]
    assert join_rows({"a": [0, 0], "b": [7, 8]}) == [(["a"], [0, 0]), (["b"], [7, 8])]


def test_five_are_enough_as_on_the_dashboard() -> None:
    assert FEWEST == FEWEST_SHOWN
