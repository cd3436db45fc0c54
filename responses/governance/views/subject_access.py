"""What is held about one person: found, handed over, erased, and its equality answers stopped, at
their request.
"""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from consult.clock import in_words
from consult.models import Right
from consult.shown import ChangedSinceShown
from consult.staff.access import StaffRequest, confirm_password_first, staff_only
from consult.staff.views.shown import CHANGED_WORDS
from responses.governance.erasing import (
    ErasedAlready,
    NoSuchReference,
    erase_response,
)
from responses.governance.erasing_unsent import erase_unsent, unsent_shown
from responses.governance.forms import EraseForm, EraseUnsentForm, PersonForm
from responses.governance.matching_names import names_near
from responses.governance.personal_data import NothingAboutThem
from responses.governance.subject_access import (
    PersonalData,
    find_person,
    held_under,
    make_pack,
)
from responses.models import Point, Response
from responses.requests import reference_or_404
from responses.responding.amending import versions_of


@staff_only(Right.ANSWER_REQUESTS)
@require_http_methods(["GET", "HEAD", "POST"])
def people(request: StaffRequest) -> HttpResponse:
    """Search for a person.

    The words come by POST, so that they are in no address, browser history or log.
    """
    form = PersonForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "held": None}
    if request.method == "POST" and form.is_valid():
        held = find_person(words=form.cleaned_data["words"], actor=request.user)
        context |= {
            "held": held,
            "rows": [_row(reference) for reference in held.references],
            "nothing": held == PersonalData(),
            "near": names_near(form.cleaned_data["words"]),
        }
    return render(request, "governance/subject_access.html", context)


def _row(reference: str) -> dict[str, Any]:
    newest = _newest(reference)
    return {
        "response": newest,
        "received": in_words(newest.received_at),
        "erased": newest.act == Response.Act.ERASED,
    }


def _newest(reference: str) -> Response:
    """Return the newest version of a response. Raises Http404."""
    newest = (
        Response.objects.filter(reference=reference)
        .select_related("consultation", "contact")
        .order_by("-version")
        .first()
    )
    if newest is None:
        raise Http404
    return newest


@staff_only(Right.ANSWER_REQUESTS)
@require_safe
def person_pack(request: StaffRequest) -> HttpResponse:
    """Everything that is held under some references, as one zip. Asks for the
    password again first.
    """
    if asked := confirm_password_first(request):
        return asked
    references = sorted({reference_or_404(text) for text in request.GET.getlist("reference")})
    held = held_under(
        references=references,
        drafts=_numbers(request, "draft"),
        letters=_numbers(request, "letter"),
        rows=_numbers(request, "row"),
        petitions=_numbers(request, "petition"),
    )
    try:
        pack = make_pack(held=held, actor=request.user)
    except NothingAboutThem as reason:
        raise Http404 from reason
    answer = HttpResponse(pack, content_type="application/zip")
    answer["Content-Disposition"] = 'attachment; filename="what-we-hold.zip"'
    return answer


def _numbers(request: HttpRequest, name: str) -> list[int]:
    return [
        int(text)
        for text in request.GET.getlist(name)
        if text.isascii() and text.isdigit() and len(text) < 18
    ]


@staff_only(Right.ANSWER_REQUESTS)
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: StaffRequest, reference: str) -> HttpResponse:
    """Erase a response: show what is deleted and what stays, and ask for the reference to be
    typed.
    """
    newest = _newest(reference_or_404(reference))
    if asked := confirm_password_first(request):
        return asked
    form = EraseForm(
        request.POST or None, reference=newest.reference, initial={"version": newest.version}
    )
    changed = ""
    if request.method == "POST" and form.is_valid():
        try:
            erase_response(
                reference=newest.reference,
                actor=request.user,
                why=form.cleaned_data["why"],
                # A form that does not say which version it showed has shown none.
                shown=form.cleaned_data["version"] or 0,
            )
        except ChangedSinceShown:
            changed = str(CHANGED_WORDS)
            newest = _newest(newest.reference)
            data = request.POST.dict() | {"version": str(newest.version)}
            form = EraseForm(data, reference=newest.reference)
        except (ErasedAlready, NoSuchReference):
            messages.warning(
                request,
                _("%(reference)s has already been erased.") % {"reference": newest.reference},
            )
        else:
            messages.success(
                request,
                _("%(reference)s is erased. The next batch says so.")
                % {"reference": newest.reference},
            )
        if not changed:
            return redirect("people")
    versions = versions_of(newest)
    batches = sorted(
        {version.membership.batch.number for version in versions if hasattr(version, "membership")}
    )
    context = {
        "form": form,
        "changed": changed,
        "response": newest,
        "versions": len(versions),
        "batches": batches,
        "points": Point.objects.filter(passages__response__in=versions).distinct(),
        "erased": newest.act == Response.Act.ERASED,
    }
    status = 409 if changed else 200
    return render(request, "governance/erase.html", context, status=status)


@staff_only(Right.ANSWER_REQUESTS)
@require_http_methods(["GET", "HEAD", "POST"])
def erase_found(request: StaffRequest) -> HttpResponse:
    """Erase drafts and emails that were found about a person. The address names them by number."""
    if asked := confirm_password_first(request):
        return asked
    held = held_under(
        drafts=_numbers(request, "draft"),
        letters=_numbers(request, "letter"),
        rows=_numbers(request, "row"),
    )
    form = EraseUnsentForm(request.POST or None, held=held)
    changed = ""
    if request.method == "POST" and form.is_valid():
        try:
            drafts, letters, rows = erase_unsent(
                drafts=[draft.pk for draft in held.drafts],
                letters=[letter.pk for letter in held.letters],
                rows=[row.pk for row in held.rows],
                actor=request.user,
                why=form.cleaned_data["why"],
                shown=request.POST.get("shown", ""),
            )
        except NothingAboutThem:
            messages.warning(request, _("None of it is there any more."))
        except ChangedSinceShown:
            changed = str(CHANGED_WORDS)
        else:
            messages.success(
                request,
                _("Erased: %(drafts)s, %(letters)s and %(rows)s.")
                % {
                    "drafts": ngettext("%(number)s draft", "%(number)s drafts", drafts)
                    % {"number": drafts},
                    "letters": ngettext("%(number)s email", "%(number)s emails", letters)
                    % {"number": letters},
                    "rows": ngettext("%(number)s row", "%(number)s rows", rows) % {"number": rows},
                },
            )
        if not changed:
            return redirect("people")
    context = {
        "changed": changed,
        "shown": unsent_shown(drafts=held.drafts, letters=held.letters, rows=held.rows),
        "form": form,
        "drafts": held.drafts,
        "letters": [letter for letter in held.letters if letter.file],
        "rows": held.rows,
    }
    status = 409 if changed else 200
    return render(request, "governance/erase_found.html", context, status=status)
