"""Petitions: recorded, corrected, and their organiser's details removed."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from consult.auditing import record
from consult.clock import in_words
from consult.models import Action, Right
from consult.staff.access import StaffRequest, staff_only
from responses.models import Petition
from responses.reviewing.forms.petitions import CorrectionForm, PetitionForm
from responses.reviewing.petitions import (
    CorrectedMeanwhile,
    Signed,
    correct_petition,
    forget_organisers,
    petitions_of,
    record_petition,
    signatures_of,
)
from responses.reviewing.transcribing import NotReceivedYet, ReasonMissing
from responses.reviewing.views.entering import taking_entries


@staff_only(Right.READ_RESPONSES)
def petition_list(request: StaffRequest, consultation: str) -> HttpResponse:
    """The petitions of a consultation, and the form to record another."""
    found = taking_entries(consultation)
    form = PetitionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = record_petition(
                consultation=found,
                signed=_signed(form),
                today=timezone.localdate(),
                by=request.user,
            )
        except NotReceivedYet:
            form.add_error("received_on", _("The day it reached you must be today or in the past."))
        else:
            messages.success(request, _("The petition is recorded."))
            return redirect("petition", made.pk)
    count, signatures = signatures_of(found)
    context = {
        "consultation": found,
        "form": form,
        "petitions": petitions_of(found),
        "count": count,
        "signatures": signatures,
        "problems": _problems(form),
    }
    return render(request, "reviewing/petition_list.html", context)


@staff_only(Right.READ_RESPONSES)
def petition(request: StaffRequest, pk: int) -> HttpResponse:
    """One petition: how it stands, what was recorded before, and the form to correct it."""
    found = get_object_or_404(Petition.objects.select_related("consultation"), pk=pk)
    every = Petition.objects.filter(consultation=found.consultation, number=found.number)
    newest = every.select_related("by").order_by("-pk").first() or found
    initial = {name: getattr(newest, name) for name in PetitionForm.base_fields}
    # As the field of a browser has it.
    initial["received_on"] = newest.received_on.isoformat()
    form = CorrectionForm(request.POST or None, initial=initial)
    changed = ""
    if request.method == "POST" and form.is_valid():
        try:
            made = correct_petition(
                shown=found,
                signed=_signed(form),
                reason=form.cleaned_data["reason"],
                withdrawn=form.cleaned_data["withdrawn"],
                today=timezone.localdate(),
                by=request.user,
            )
        except NotReceivedYet:
            form.add_error("received_on", _("The day it reached you must be today or in the past."))
        except ReasonMissing:
            form.add_error("reason", _("Write why."))
        except CorrectedMeanwhile:
            changed = _("Someone else has corrected it since you opened this page. Look at theirs.")
        else:
            messages.success(request, _("The correction is recorded."))
            return redirect("petition", made.pk)
    elif request.method != "POST" and newest.pk != found.pk:
        return redirect("petition", newest.pk)
    record(action=Action.PETITION_READ, actor=request.user, subject=f"petition {found.pk}")
    context: dict[str, Any] = {
        "petition": newest,
        "form": form,
        "records": [{"record": one, "at": in_words(one.at)} for one in every.select_related("by")],
        "problems": _problems(form),
        "general": [changed] if changed else [],
        "may_remove": request.user.may(Right.ANSWER_REQUESTS),
    }
    return render(request, "reviewing/petition.html", context, status=409 if changed else 200)


@staff_only(Right.ANSWER_REQUESTS)
@require_POST
def forget_organiser(request: StaffRequest, pk: int) -> HttpResponse:
    """Remove the name and address of a petition's organiser from every record of it."""
    found = get_object_or_404(Petition, pk=pk)
    every = Petition.objects.filter(consultation=found.consultation_id, number=found.number)
    if forget_organisers(
        every.values_list("pk", flat=True), actor=request.user, why="asked for it"
    ):
        messages.success(request, _("The organiser’s name and address are removed."))
    return redirect("petition", pk)


def _signed(form: PetitionForm) -> Signed:
    return Signed(**{name: form.cleaned_data[name] for name in PetitionForm.base_fields})


def _problems(form: PetitionForm) -> list[tuple[str, str]]:
    return [
        (form[name].id_for_label, str(errors[0]))
        for name, errors in form.errors.items()
        if name in form.fields
    ]
