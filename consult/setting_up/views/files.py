"""The list of consultations and plan files, and one file with all that is in it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consult.clock import closing_in_words, in_words
from consult.models import Consultation, PlanFile, Right
from consult.plans.publishing import database_now
from consult.plans.reading import PlanProblems
from consult.setting_up.changing import replace_text
from consult.setting_up.fields import NotOnPages
from consult.setting_up.file_text import Values, text_of, values_of
from consult.setting_up.files import (
    MAX_CHARS,
    ChangedMeanwhile,
    NotBeingWorkedOn,
    TooLong,
    begin_file,
    being_worked_on,
    delete_file,
    put_file_back,
    title_of,
    version_of,
)
from consult.setting_up.forms import BeginForm
from consult.setting_up.pages import GROUPS, PAGES, Group
from consult.setting_up.places import at
from consult.setting_up.problems import IN_THE_FILE, Problems, problems_of
from consult.staff.access import StaffRequest, staff_only
from consult.views.one_by_one import each_shown


@staff_only(Right.EDIT_PLAN)
@require_safe
def set_up(request: StaffRequest) -> HttpResponse:
    """What there is: consultations, and the plan files that someone is working on."""
    now = database_now()

    def show(row: Consultation) -> dict[str, Any]:
        return {
            "consultation": row,
            "state": _("withdrawn") if row.withdrawn_at else _(row.phase_at(now).label),
            "closing": closing_in_words(row.closes_at),
        }

    published = Consultation.objects.filter(published_at__isnull=False)
    deleted = PlanFile.objects.exclude(deleted_at=None).select_related("changed_by")[:20]
    context = {
        "consultations": each_shown(request, published, show),
        "files": each_shown(request, being_worked_on(), _row),
        "deleted": each_shown(request, deleted, _row),
    }
    return render(request, "setting_up/set_up.html", context)


def _row(file: PlanFile) -> dict[str, Any]:
    return {
        "file": file,
        "title": title_of(file.text) or _("Without a title"),
        "who": file.changed_by.get_username() if file.changed_by else _("the service"),
        "at": in_words(file.changed_at),
    }


@staff_only(Right.EDIT_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: StaffRequest) -> HttpResponse:
    """Begin a plan file: by uploading one, with a copy of one, or with a title."""
    form = BeginForm(request.POST or None, request.FILES or None)
    published = PlanFile.newest_published().select_related("consultation")
    if request.method == "POST" and form.is_valid():
        text = _beginning(form)
        if text is None:
            form.add_error(None, _("Choose a file, a consultation to copy, or give a title."))
        else:
            return redirect("plan-file", begin_file(text=text, actor=request.user).pk)
    context = {"form": form, "published": [_row(file) for file in published[:50]]}
    return render(request, "setting_up/begin.html", context)


def _beginning(form: BeginForm) -> str | None:
    """Return the text that a new file begins with, or None if nothing was asked for."""
    if (uploaded := form.cleaned_data["file"]) is not None:
        return str(uploaded)
    if copied := form.cleaned_data.get("copy"):
        found = PlanFile.objects.filter(pk=copied).exclude(published_at=None).first()
        return found.text if found else None
    if title := form.cleaned_data.get("title"):
        return text_of({"consultation": {"title": title}})
    return None


def file_or_redirect(request: HttpRequest, pk: int) -> PlanFile | HttpResponse:
    """Return a file that can be worked on; from one that cannot, lead to the list and say why."""
    file = get_object_or_404(PlanFile.objects.select_related("changed_by", "consultation"), pk=pk)
    if file.published_at is None and file.deleted_at is None:
        return file
    why = (
        _("This plan file has been published. To change what it says, begin with a copy.")
        if file.published_at
        else _("This plan file has been deleted. You can put it back below.")
    )
    messages.error(request, why)
    return redirect("set-up")


@staff_only(Right.EDIT_PLAN)
@require_safe
def plan_file(request: StaffRequest, pk: int) -> HttpResponse:
    """One plan file: what is in it, what is missing, and what can be done with it."""
    file = file_or_redirect(request, pk)
    if isinstance(file, HttpResponse):
        return file
    problems = problems_of(file.text)
    try:
        values = values_of(file.text)
    except PlanProblems:
        # Only the file itself can show what cannot be read.
        return redirect("plan-file-text", pk)
    context = {
        **_row(file),
        "problems": problems,
        "pages": [
            {"page": page, "problems": len(problems.by_page.get(page.name, []))}
            for page in PAGES.values()
        ],
        "groups": [_group(group, values, problems) for group in GROUPS.values()],
        "elsewhere": problems.by_page.get(IN_THE_FILE, []),
        "slug": at(values, ("consultation", "slug")),
    }
    return render(request, "setting_up/plan_file.html", context)


def _group(group: Group, values: Values, problems: Problems) -> dict[str, Any]:
    entries = at(values, group.place)
    listed = entries if isinstance(entries, list) else []
    return {
        "group": group,
        "problems": problems.by_page.get(group.name, []),
        "entries": [
            {
                "number": number,
                "words": _words(group, entry) or _("Without words"),
                "problems": len(problems.by_page.get(f"{group.name}.{number}", [])),
            }
            for number, entry in enumerate(listed, 1)
        ],
    }


def _words(group: Group, entry: Any) -> str:
    field = next(field for field in group.fields if field.key == group.named_by)
    try:
        return field.shown(entry) if isinstance(entry, dict) else ""
    except NotOnPages:
        return ""


@staff_only(Right.EDIT_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def plan_file_text(request: StaffRequest, pk: int) -> HttpResponse:
    """The file itself, as text."""
    file = file_or_redirect(request, pk)
    if isinstance(file, HttpResponse):
        return file
    text, version, conflict, wrong = file.text, version_of({"text": file.text}), False, ""
    if request.method == "POST":
        text = request.POST.get("text", "").replace("\r\n", "\n")
        try:
            replace_text(
                pk=pk, text=text, version=request.POST.get("version", ""), actor=request.user
            )
        except ChangedMeanwhile as meanwhile:
            conflict, version = True, version_of(meanwhile.now)
        except TooLong:
            wrong = _("A plan file can have at most %(most)s characters.") % {
                "most": f"{MAX_CHARS:,}"
            }
        except NotBeingWorkedOn:
            return redirect("plan-file", pk)
        else:
            messages.success(request, _("Saved."))
            return redirect("plan-file-text", pk)
    context = {
        **_row(file),
        "text": text,
        "now": file.text,
        "version": version,
        "conflict": conflict,
        "wrong": wrong,
        "problems": problems_of(text).all,
    }
    return render(request, "setting_up/plan_file_text.html", context)


@staff_only(Right.EDIT_PLAN)
@require_safe
def plan_file_download(request: StaffRequest, pk: int) -> HttpResponse:
    """The file to keep, or to load from a shell."""
    file = get_object_or_404(PlanFile, pk=pk)
    page = HttpResponse(file.text, content_type="application/yaml; charset=utf-8")
    page["Content-Disposition"] = f'attachment; filename="plan-{file.pk}.yaml"'
    return page


@staff_only(Right.EDIT_PLAN)
@require_POST
def plan_file_delete(request: StaffRequest, pk: int) -> HttpResponse:
    """Delete a file, or put a deleted one back."""
    get_object_or_404(PlanFile, pk=pk)
    if request.POST.get("do") == "put-back":
        put_file_back(pk=pk, actor=request.user)
        return redirect("plan-file", pk)
    try:
        delete_file(pk=pk, actor=request.user)
    except NotBeingWorkedOn:
        return redirect("plan-file", pk)
    messages.success(request, _("Deleted. You can put it back at the end of this page."))
    return redirect("set-up")
