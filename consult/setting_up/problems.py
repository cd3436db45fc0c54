"""What is wrong with a plan file, at the page where it can be put right."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from consult.plans.checking import check_plan
from consult.plans.reading import PlanProblems
from consult.plans.shapes import Problem
from consult.setting_up.fields import Text
from consult.setting_up.pages import ABOUT, GROUPS, PAGES
from consult.setting_up.places import Place

# Problems that name a whole list stand at the list.
IN_THE_FILE = "file"


@dataclass
class Problems:
    """The problems of one file: `by_page` names a page, or a group and a number, such as
    "sections.2"; those of a whole list are under the group's name alone.
    """

    all: list[Problem] = field(default_factory=list)
    by_page: dict[str, list[Problem]] = field(default_factory=dict)

    def of_group(self, name: str) -> int:
        """How many problems the entries of a group have, and the group itself."""
        return sum(
            len(found)
            for page, found in self.by_page.items()
            if page == name or page.startswith(f"{name}.")
        )


def problems_of(text: str) -> Problems:
    """Check a plan file, and sort what is wrong by the page that can change it."""
    try:
        check_plan(text)
    except PlanProblems as found:
        return sort_problems(found.problems)
    return Problems()


def sort_problems(problems: list[Problem]) -> Problems:
    sorted_ = Problems(all=list(dict.fromkeys(problems)))
    # A question about each section is checked once for each of them.
    for problem in dict.fromkeys(problems):
        sorted_.by_page.setdefault(page_of(problem.key), []).append(problem)
    return sorted_


def page_of(key: str) -> str:
    """Return the page at which the place named `key` can be changed."""
    for page in PAGES.values():
        if _field_at(page.fields, page.place, key):
            return page.name
    for group in GROUPS.values():
        above = ".".join(group.place)
        if key == above:
            return group.name
        if key.startswith(f"{above}."):
            return f"{group.name}.{key.removeprefix(f'{above}.').partition('.')[0]}"
    return ABOUT.name if key.partition(".")[0] == "consultation" else IN_THE_FILE


def at_fields(
    problems: Sequence[Problem], fields: Sequence[Text], place: Place
) -> dict[str, list[str]]:
    """Return what is wrong with each field; what is wrong with none of them is under ""."""
    found: dict[str, list[str]] = {}
    for problem in problems:
        found.setdefault(_field_at(fields, place, problem.key), []).append(problem.why)
    return found


def _field_at(fields: Sequence[Text], place: Place, key: str) -> str:
    """The key of the field that holds the place named `key`, or nothing."""
    for each in fields:
        whole = ".".join((*place, each.key))
        if key == whole or key.startswith(f"{whole}."):
            return each.key
    return ""
