"""Changing what a plan file says: on one page, in one entry of a list, or as a whole."""

import re
from collections.abc import Mapping, Sequence
from difflib import unified_diff
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, PlanFile, User
from consult.setting_up.fields import NotOnPages, Text
from consult.setting_up.file_text import Values, text_of, values_of
from consult.setting_up.files import (
    MAX_CHARS,
    ChangedMeanwhile,
    TooLong,
    locked,
    subject_of,
    version_of,
)
from consult.setting_up.option_fields import free_slug
from consult.setting_up.pages import Group
from consult.setting_up.places import NoSuchPlace, Place, at, move, put


def shown(fields: Sequence[Text], entry: Values) -> dict[str, str]:
    """Return what each field shows of `entry`; those that only the file can show are left out."""
    found = {}
    for field in fields:
        try:
            found[field.key] = field.shown(entry)
        except NotOnPages:
            continue
    return found


def change_entry(
    *,
    pk: int,
    place: Place,
    fields: Sequence[Text],
    typed: Mapping[str, str],
    version: str,
    actor: User,
) -> Place:
    """Write what was typed on one page into the file. Returns the place, with its number if the
    last step was "new".

    Raises NotBeingWorkedOn, NoSuchPlace, PlanProblems if the file is no YAML, TooLong, and
    ChangedMeanwhile if the place no longer says what the page showed. Typing nothing new changes
    nothing, and neither does adding the last entry a second time.
    """
    with transaction.atomic():
        file = locked(pk)
        values = values_of(file.text)
        if place and place[-1] == "new":
            there = at(values, place[:-1])
            place = (*place[:-1], str(len(there) + 1 if isinstance(there, list) else 1))
        entry = at(values, place)
        entry = entry if isinstance(entry, dict) else {}
        before = shown(fields, entry)
        if version != version_of(before):
            raise ChangedMeanwhile(before)
        for field in fields:
            if field.key in before:
                field.keep(entry, typed)
        after = shown(fields, entry)
        if _added_already(values, place, fields, after):
            return (*place[:-1], str(int(place[-1]) - 1))
        if after != before or at(values, place) is None:
            if place:
                put(values, place, entry)
            changed = {
                key: {"before": before[key], "after": after[key]}
                for key in before
                if before[key] != after[key]
            }
            _save(file, text_of(values), actor, place=".".join(place), changed=changed)
    return place


def _added_already(
    values: Values, place: Place, fields: Sequence[Text], after: dict[str, str]
) -> bool:
    """Whether a button was pressed twice: the entry before this new one says the same."""
    if not place or not place[-1].isdigit() or at(values, place) is not None:
        return False
    last = at(values, (*place[:-1], str(int(place[-1]) - 1)))
    return isinstance(last, dict) and _unnumbered(shown(fields, last)) == _unnumbered(after)


def _unnumbered(found: dict[str, str]) -> dict[str, str]:
    """The second time its short name got a number."""
    return found | {"slug": re.sub(r"-[0-9]+$", "", found.get("slug", ""))}


def name_entry(group: Group, values: Values, typed: dict[str, str], place: Place) -> None:
    """Make up the short name of an entry that was given none, from its words."""
    if typed.get("slug", "").strip() or not typed.get(group.named_by, "").strip():
        return
    entries = at(values, group.place)
    others = entries if isinstance(entries, list) else []
    taken = {
        entry.get("slug")
        for number, entry in enumerate(others, 1)
        if isinstance(entry, dict) and str(number) != place[-1]
    }
    typed["slug"] = free_slug(
        typed[group.named_by], {str(slug) for slug in taken}, group.longest_slug
    )


def remove_entry(*, pk: int, group: Group, number: int, version: str, actor: User) -> None:
    """Take an entry out of its list; the trail keeps what it said.

    Raises NotBeingWorkedOn, NoSuchPlace and ChangedMeanwhile.
    """
    with transaction.atomic():
        file, values, place, before = _entry(pk, group, number, version)
        put(values, place, None)
        _save(file, text_of(values), actor, place=".".join(place), removed=before)


def move_entry(*, pk: int, group: Group, number: int, by: int, version: str, actor: User) -> None:
    """Move an entry up (-1) or down (1) in its list.

    Raises NotBeingWorkedOn, NoSuchPlace and ChangedMeanwhile.
    """
    with transaction.atomic():
        file, values, place, _before = _entry(pk, group, number, version)
        move(values, place, by)
        _save(file, text_of(values), actor, place=".".join(place), moved=by)


def replace_text(*, pk: int, text: str, version: str, actor: User) -> None:
    """Replace the whole file, whatever is wrong with it.

    Raises NotBeingWorkedOn, TooLong and ChangedMeanwhile.
    """
    with transaction.atomic():
        file = locked(pk)
        if version != version_of({"text": file.text}):
            raise ChangedMeanwhile({"text": file.text})
        if text != file.text:
            _save(file, text, actor, place="", changed=_lines_changed(file.text, text))


def _lines_changed(before: str, after: str) -> list[str]:
    """Return the lines that went, each after a minus, and those that came, each after a plus."""
    found = unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return list(found)[2:]


def _entry(
    pk: int, group: Group, number: int, version: str
) -> tuple[PlanFile, Values, Place, dict[str, str]]:
    file = locked(pk)
    values = values_of(file.text)
    place = (*group.place, str(number))
    entry = at(values, place)
    if not isinstance(entry, dict):
        raise NoSuchPlace
    before = shown(group.fields, entry)
    if version != version_of(before):
        raise ChangedMeanwhile(before)
    return file, values, place, before


def _save(file: PlanFile, text: str, actor: User, **details: Any) -> None:
    if len(text) > MAX_CHARS:
        raise TooLong
    file.text, file.changed_by, file.changed_at = text, actor, Now()
    file.save(update_fields=["text", "changed_by", "changed_at"])
    record(action=Action.PLAN_FILE_CHANGED, actor=actor, subject=subject_of(file), **details)
