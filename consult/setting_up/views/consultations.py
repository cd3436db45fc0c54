"""A consultation that is published: its dates, taking it off the site, and putting it back."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from consult.clock import NotADate, closing_in_words, in_words, iso, parse_closing, parse_opening
from consult.models import Consultation, PlanFile, Right
from consult.plans.publishing import (
    ClosesBeforeItOpens,
    ClosesInThePast,
    ClosesMuchEarlier,
    change_window,
    database_now,
)
from consult.plans.window import moved_in_words
from consult.plans.withdrawing import put_consultation_back, withdraw_consultation
from consult.setting_up.files import begin_file
from consult.setting_up.forms import DatesForm, WithdrawForm
from consult.setting_up.holding import consultation_as_shown, consultation_shown
from consult.shown import ChangedSinceShown
from consult.staff.access import StaffRequest, staff_only
from consult.staff.views.shown import CHANGED_WORDS


@staff_only(Right.EDIT_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def set_up_consultation(request: StaffRequest, slug: str) -> HttpResponse:
    """Its state and dates, and what an editor can do with it."""
    found = get_object_or_404(Consultation, slug=slug, published_at__isnull=False)
    do, changed = request.POST.get("do", ""), ""
    dates = DatesForm(request.POST if do == "dates" else None)
    withdraw = WithdrawForm(request.POST if do == "withdraw" else None, auto_id="withdraw-%s")
    sure_of = ""
    try:
        with consultation_as_shown(found, shown=request.POST.get("shown", "")):
            if do == "dates" and dates.is_valid():
                sure_of = _move(request, found, dates)
                if not dates.errors and not sure_of:
                    return redirect("set-up-consultation", slug)
            elif do == "withdraw" and withdraw.is_valid():
                reason = withdraw.cleaned_data["reason"]
                withdraw_consultation(consultation=found, reason=reason, actor=request.user)
                messages.success(request, _("Withdrawn. The public now reads why."))
                return redirect("set-up-consultation", slug)
            elif do == "put-back":
                put_consultation_back(consultation=found, actor=request.user)
                messages.success(request, _("It is back on the site."))
                return redirect("set-up-consultation", slug)
    except ChangedSinceShown:
        found.refresh_from_db()
        changed = str(CHANGED_WORDS) if request.method == "POST" else ""
    context: dict[str, Any] = {
        "found": found,
        "state": _("withdrawn") if found.withdrawn_at else _(found.phase_at(database_now()).label),
        "opens": in_words(found.opens_at),
        "closes": closing_in_words(found.closes_at),
        "moved": moved_in_words(found),
        # Each page of errors is about one form.
        "form": withdraw if do == "withdraw" else dates,
        "dates": dates,
        "withdraw": withdraw,
        "sure_of": sure_of,
        "changed": changed,
        "shown": consultation_shown(found),
    }
    status = 409 if changed else 200
    return render(request, "setting_up/consultation.html", context, status=status)


def _move(request: StaffRequest, found: Consultation, form: DatesForm) -> str:
    """Move the dates. Returns the closing to ask about, if it is much earlier than now."""
    now, given = database_now(), form.cleaned_data
    instants: dict[str, Any] = {}
    for name, parse in (("opens", parse_opening), ("closes", parse_closing)):
        if given[name]:
            try:
                instants[f"{name}_at"] = parse(given[name], now=now)
            except NotADate as reason:
                form.add_error(name, str(reason))
    if form.errors:
        return ""
    if "closes_at" in instants and not given["reason"]:
        form.add_error("reason", _("Say why. The public reads it beside the new date."))
        return ""
    closing = iso(instants["closes_at"]) if "closes_at" in instants else ""
    try:
        moved = change_window(
            consultation=found,
            **instants,
            sure=bool(closing) and request.POST.get("sure_of") == closing,
            reason=given["reason"],
            actor=request.user,
        )
    except ClosesBeforeItOpens:
        form.add_error("closes", _("It must close after it opens."))
    except ClosesInThePast:
        form.add_error("closes", _("That day has passed already. Give a later one."))
    except ClosesMuchEarlier:
        return closing
    else:
        if moved:
            messages.success(request, _("Changed. It is on every page now."))
        else:
            messages.warning(request, _("These are its dates already."))
    return ""


@staff_only(Right.EDIT_PLAN)
@require_POST
def change_consultation(request: StaffRequest, slug: str) -> HttpResponse:
    """Begin a change to what it says: a copy of the file that it was published from."""
    found = get_object_or_404(Consultation, slug=slug, published_at__isnull=False)
    source = PlanFile.newest_published().filter(consultation=found).first()
    if source is None:
        messages.error(request, _("There is no plan file of it here. Upload it first."))
        return redirect("set-up-consultation", slug)
    made = begin_file(text=source.text, consultation=found, actor=request.user)
    return redirect("plan-file", made.pk)
