"""What streams past the makers of a pack's files."""

from collections.abc import Callable
from dataclasses import dataclass

from consult.plans.document import Plan
from responses.exporting.columns import Marks, Place
from responses.models import Response

# Of each file made, by its name in the pack, the rows that it has; None for a file that has none.
# In the order of the manifest.
Rows = dict[str, int | None]


@dataclass(frozen=True)
class Entry:
    """One version of a response, on its row of a pack.

    `replaces` is where the version before it stands, `edition` and `plan` what it answered,
    `newest` whether no later version of it is in this pack, `marks` what reviewers had made of it,
    and `cells` its row of responses.csv, from which other tables are made too.
    """

    response: Response
    row: int
    replaces: Place | None
    edition: int
    plan: Plan
    newest: bool
    marks: Marks
    cells: list[str]


Take = Callable[[Entry], None]
