"""Figures about few people, put together so that nobody can be recognised, and so that no figure
left out can be worked out from those that are printed. Pure.

Nothing is hidden: small groups are joined until each has nobody in it, or enough. What is printed
is a figure about a whole group each time, and the difference between any two that share people is
again a sum of whole groups. So there is nothing to subtract.

A figure of several answers to one question does not add up with the others. Such an answer is
printed only where enough chose it and enough did not.
"""

from collections.abc import Mapping, Sequence

# As on the dashboard.
FEWEST = 5
Counts = Mapping[str, Sequence[int]]


def is_enough(count: int) -> bool:
    """Whether a group may be printed by itself: it has nobody in it, or enough."""
    return count == 0 or count >= FEWEST


def join_small(counts: Sequence[int]) -> list[list[int]]:
    """Return the places of `counts` in groups whose sums are enough, in order; those that are
    enough by themselves stay so. One group that is not enough remains where all of them together
    are not.
    """
    small = [place for place, count in enumerate(counts) if not is_enough(count)]
    alone = [place for place, count in enumerate(counts) if is_enough(count)]
    spare = sorted((place for place in alone if counts[place]), key=lambda place: counts[place])
    while small and not is_enough(sum(counts[place] for place in small)) and spare:
        small.append(spare.pop(0))
    joined = [[place] for place in alone if place not in small]
    return sorted([*joined, *([sorted(small)] if small else [])])


def printable_answers(counts: Sequence[int], base: int) -> list[int]:
    """Return the places of answers to a question with several answers that may be printed: enough
    of all who were asked chose it, and enough did not.
    """
    return [
        place for place, count in enumerate(counts) if is_enough(count) and is_enough(base - count)
    ]


def join_rows(rows: Counts, *, several: bool = False) -> list[tuple[list[str], list[int]]]:
    """Return the rows of a table in groups, each with its sums, in order, so that every cell is
    enough; with `several`, also how many of the row are not in a cell: the last of each row is its
    base then. A single group means that the table says no more than its total.
    """

    def fits(row: Sequence[int]) -> bool:
        cells = row[:-1] if several else row
        return all(map(is_enough, cells)) and (
            not several or all(is_enough(row[-1] - cell) for cell in cells)
        )

    def size(name: str) -> int:
        return rows[name][-1] if several else sum(rows[name])

    order = list(rows)
    joined = [name for name in order if not fits(rows[name])]
    others = sorted((name for name in order if name not in joined and size(name)), key=size)
    while joined and others and not fits(_sums(rows, joined)):
        joined.append(others.pop(0))
    groups = [[name] for name in order if name not in joined]
    if joined:
        groups.append([name for name in order if name in joined])
    return [(group, _sums(rows, group)) for group in groups]


def _sums(rows: Counts, names: Sequence[str]) -> list[int]:
    return [sum(cells) for cells in zip(*(rows[name] for name in names), strict=True)]
