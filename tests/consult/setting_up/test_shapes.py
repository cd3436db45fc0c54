"""The pages ask for all that a plan file can say."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from consult.plans import file_shapes
from consult.plans.kinds import KINDS
from consult.setting_up.entry_fields import QUESTION, RECOMMENDATION, SECTION
from consult.setting_up.fields import Text
from consult.setting_up.pages import GROUPS, PAGES


def keys_of(shape: Callable[..., Any]) -> set[str]:
    """The keys of a mapping, as `consult.plans.shapes.mapping` keeps them."""
    return set(inspect.getclosurevars(shape).nonlocals["shapes"])


def first_steps(fields: tuple[Text, ...]) -> set[str]:
    return {field.key.partition(".")[0] for field in fields}


@pytest.mark.parametrize(
    ("shape", "fields"),
    [
        (file_shapes.SECTION, SECTION),
        (file_shapes.RECOMMENDATION, RECOMMENDATION),
        (file_shapes.QUESTION, QUESTION),
        (
            file_shapes.CONSULTATION,
            tuple(
                field
                for page in PAGES.values()
                if page.place == ("consultation",)
                for field in page.fields
            ),
        ),
    ],
    ids=["section", "recommendation", "question", "consultation"],
)
def test_each_key_has_a_field(shape: Callable[..., Any], fields: tuple[Text, ...]) -> None:
    # These two are kept with an option in the file.
    assert first_steps(fields) - {"write_in", "exclusive"} == keys_of(shape)


def test_each_list_of_the_file_has_pages() -> None:
    asked = {page.place or (field.key,) for page in PAGES.values() for field in page.fields}
    found = {place[0] for place in asked} | {group.place[0] for group in GROUPS.values()}
    # A translation repeats the whole plan: it is written in the file, beside the words.
    assert found == keys_of(file_shapes.PLAN_FILE) - {"translations"}


def test_each_kind_of_question_can_be_chosen() -> None:
    kind = next(field for field in QUESTION if field.key == "kind")
    assert [name for name, _words in kind.options] == list(KINDS)
