"""The forms that change a plan file: one for each page, and one for each section or question."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from consult.models import PlanFile, Right
from consult.plans.reading import PlanProblems
from consult.setting_up.changing import change_entry, move_entry, name_entry, remove_entry, shown
from consult.setting_up.fields import Choice, Text
from consult.setting_up.file_text import Values, values_of
from consult.setting_up.files import ChangedMeanwhile, NotBeingWorkedOn, TooLong, version_of
from consult.setting_up.pages import GROUPS, PAGES, Group, Page
from consult.setting_up.places import NoSuchPlace, Place, at
from consult.setting_up.problems import at_fields, problems_of
from consult.setting_up.views.files import file_or_redirect
from consult.staff.access import StaffRequest, staff_only

NEW = "new"


@dataclass
class Form:
    """One form: what it asks, of which file and where, and what came of sending it."""

    file: PlanFile
    asked: Page | Group
    place: Place
    heading: str
    values: Values = field(default_factory=dict)
    typed: dict[str, str] | None = None
    conflict: dict[str, str] | None = None
    wrong: str = ""

    @property
    def name(self) -> str:
        """What its problems are filed under."""
        return self.asked.name + (f".{self.place[-1]}" if isinstance(self.asked, Group) else "")


@staff_only(Right.EDIT_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def plan_file_page(request: StaffRequest, pk: int, name: str) -> HttpResponse:
    """One page of a file: what it is about, its dates, its contact."""
    page = PAGES.get(name)
    if page is None:
        raise Http404
    file = file_or_redirect(request, pk)
    if isinstance(file, HttpResponse):
        return file
    return _edit(request, Form(file, page, page.place, str(page.title)))


@staff_only(Right.EDIT_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def plan_file_entry(request: StaffRequest, pk: int, name: str, number: str) -> HttpResponse:
    """One section, recommendation or question of a file, or a new one."""
    group = GROUPS.get(name)
    if group is None or not (number == NEW or (number.isdigit() and len(number) < 5)):
        raise Http404
    file = file_or_redirect(request, pk)
    if isinstance(file, HttpResponse):
        return file
    words = _("Add a %(what)s") if number == NEW else _("Change a %(what)s")
    return _edit(request, Form(file, group, (*group.place, number), words % {"what": group.one}))


def _edit(request: StaffRequest, form: Form) -> HttpResponse:
    try:
        form.values = values_of(form.file.text)
    except PlanProblems:
        return redirect("plan-file-text", form.file.pk)
    new = not form.place or form.place[-1] == NEW
    if (
        isinstance(form.asked, Group)
        and not new
        and not isinstance(at(form.values, form.place), dict)
    ):
        messages.error(request, _("That entry is no longer there. Someone moved or removed it."))
        return redirect("plan-file", form.file.pk)
    if request.method == "POST":
        form.typed = {key: str(value).replace("\r\n", "\n") for key, value in request.POST.items()}
        try:
            return _carry_out(request, form, form.typed)
        except ChangedMeanwhile as meanwhile:
            form.conflict = meanwhile.now
        except NoSuchPlace:
            form.wrong = _("The file has text where this belongs. Change it in the file itself.")
        except TooLong:
            form.wrong = _("The file would be longer than a plan file can be.")
        except (NotBeingWorkedOn, PlanProblems):
            return redirect("plan-file", form.file.pk)
    return render(request, "setting_up/edit.html", _context(form))


def _carry_out(request: StaffRequest, form: Form, typed: dict[str, str]) -> HttpResponse:
    pk, group, place = form.file.pk, form.asked, form.place
    acting: dict[str, Any] = {"version": typed.get("version", ""), "actor": request.user}
    if isinstance(group, Group):
        if place[-1] != NEW and typed.get("do") in {"remove", "up", "down"}:
            return _rearrange(request, pk, group, int(place[-1]), typed["do"], acting)
        name_entry(group, form.values, typed, place)
    there = change_entry(pk=pk, place=place, fields=form.asked.fields, typed=typed, **acting)
    messages.success(request, _("Saved."))
    saved = Form(form.file, group, there, "")
    wrong = problems_of(PlanFile.objects.get(pk=pk).text).by_page.get(saved.name)
    if isinstance(group, Page):
        return redirect("plan-file-page", pk, group.name) if wrong else redirect("plan-file", pk)
    if wrong:
        return redirect("plan-file-entry", pk, group.name, there[-1])
    if typed.get("do") == "another":
        return redirect("plan-file-entry", pk, group.name, NEW)
    return redirect("plan-file", pk)


def _rearrange(
    request: StaffRequest, pk: int, group: Group, number: int, do: str, acting: dict[str, Any]
) -> HttpResponse:
    if do == "remove":
        remove_entry(pk=pk, group=group, number=number, **acting)
        messages.success(request, _("Removed. The trail keeps what it said."))
    else:
        move_entry(pk=pk, group=group, number=number, by=-1 if do == "up" else 1, **acting)
        messages.success(request, _("Moved."))
    return redirect("plan-file", pk)


def _context(form: Form) -> dict[str, Any]:
    asked, values = form.asked, form.values
    entry = at(values, form.place)
    now = form.conflict
    if now is None:
        now = shown(asked.fields, entry if isinstance(entry, dict) else {})
    found = problems_of(form.file.text).by_page.get(form.name, [])
    problems = at_fields(found, asked.fields, form.place)
    fields = [
        _field(each, form, now, problems.get(each.key, []))
        for each in asked.fields
        if each.key in now
    ]
    beside = at(values, form.place[:-1]) if isinstance(asked, Group) else None
    return {
        "form": form,
        "fields": [each for each in fields if not each["rare"]],
        "rare": [each for each in fields if each["rare"]],
        "unfold": any(each["rare"] and (_holds(each) or each["problems"]) for each in fields),
        "elsewhere": [each.label for each in asked.fields if each.key not in now],
        "general": [*problems.get("", []), *filter(None, [form.wrong])],
        "summary": [
            (each["id"], f"{each['label']}: {why}") for each in fields for why in each["problems"]
        ],
        "version": version_of(now),
        "group": asked if isinstance(asked, Group) else None,
        "number": "" if isinstance(asked, Page) else form.place[-1],
        "last": str(len(beside)) if isinstance(beside, list) else "",
    }


def _field(asked: Text, form: Form, now: dict[str, str], problems: list[str]) -> dict[str, Any]:
    value = now[asked.key]
    if form.typed is not None:
        value = form.typed.get(asked.key, "false" if asked.look == "tick" else "")
    return {
        "id": f"field-{asked.key.replace('.', '-')}",
        "key": asked.key,
        "label": asked.label,
        "help": asked.help,
        "look": asked.look,
        "rare": asked.rare,
        "value": value,
        "problems": problems,
        # What someone else saved there meanwhile.
        "theirs": now[asked.key] if form.conflict is not None and now[asked.key] != value else "",
        "options": _options(asked, form.values),
    }


def _holds(field: dict[str, Any]) -> bool:
    return bool(field["value"] == "true" if field["look"] == "tick" else field["value"])


def _options(asked: Text, values: Values) -> list[tuple[str, Any]]:
    if not isinstance(asked, Choice):
        return []
    if asked.among:
        named = at(values, (asked.among,))
        return [(name, name) for name in named] if isinstance(named, dict) else []
    return list(asked.options)
