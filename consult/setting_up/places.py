"""Places in a plan file: a path of keys, and of numbers from 1 in lists, as the checks name them.

Pure. `sections.2.title` is the title of the second section.
"""

from itertools import pairwise
from typing import Any

from consult.setting_up.file_text import Values

Place = tuple[str, ...]


class NoSuchPlace(Exception):
    """The file has nothing there."""


def place_of(key: str) -> Place:
    return tuple(key.split("."))


def at(values: Values, place: Place) -> Any:
    """Return what stands at `place`, or None."""
    found: Any = values
    for step in place:
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list) and step.isdigit() and 0 < int(step) <= len(found):
            found = found[int(step) - 1]
        else:
            return None
    return found


def put(values: Values, place: Place, value: Any) -> None:
    """Put `value` at `place`, making the keys above it; a list's next number adds to it.

    None, and what is empty, takes the key away. Raises NoSuchPlace where there is text above it, or
    a number of a list that it has not come to.
    """
    above: Any = values
    for step, following in pairwise(place):
        if _step(above, step) is None:
            if _empty(value):
                return
            _set(above, step, [] if following.isdigit() else {})
        above = _step(above, step)
    if _empty(value) and isinstance(above, dict):
        above.pop(place[-1], None)
    elif value is None and isinstance(above, list) and _step(above, place[-1]) is not None:
        del above[int(place[-1]) - 1]
    else:
        _set(above, place[-1], value)


def _step(above: Any, step: str) -> Any:
    return at({"": above}, ("", step))


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _set(above: Any, step: str, value: Any) -> None:
    if isinstance(above, dict):
        above[step] = value
    elif isinstance(above, list) and step.isdigit() and 0 < int(step) <= len(above) + 1:
        above[int(step) - 1 : int(step)] = [value]
    else:
        raise NoSuchPlace


def move(values: Values, place: Place, by: int) -> None:
    """Move an entry of a list up (-1) or down (1). At an end it stays. Raises NoSuchPlace."""
    entries, number = at(values, place[:-1]), place[-1]
    if not isinstance(entries, list) or at(values, place) is None:
        raise NoSuchPlace
    here = int(number) - 1
    there = here + by
    if 0 <= there < len(entries):
        entries[here], entries[there] = entries[there], entries[here]
