"""One campaign: what is in it, and changing that."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from consult.auditing import record
from consult.clock import in_words
from consult.models import Action, Right
from consult.shown import ChangedSinceShown
from consult.staff.access import StaffRequest, staff_only
from consult.staff.views.shown import CHANGED_WORDS
from responses.models import Campaign, CampaignStep
from responses.requests import number_in, numbers_in
from responses.reviewing.campaign_steps import campaign_shown
from responses.reviewing.campaigns import (
    NameMissing,
    NameTaken,
    NotFound,
    NotTheLastStep,
    add_response,
    add_suggested,
    last_step,
    numbers_of,
    remove_responses,
    rename_campaign,
    suggested_members,
    suggested_shown,
    undo_step,
)
from responses.reviewing.reading import ChangedSinceOpened
from responses.reviewing.views.campaigns import members_page, text_of


@staff_only(Right.READ_RESPONSES)
@require_safe
def campaign(request: StaffRequest, pk: int) -> HttpResponse:
    """One campaign: its three numbers, each member with what it changed, and what was done to the
    campaign.
    """
    return _campaign_page(request, pk)


def _campaign_page(
    request: StaffRequest, pk: int, *, problem: str = "", field: str = "", changed: str = ""
) -> HttpResponse:
    """What is typed and chosen stays there when it could not be done."""
    found = get_object_or_404(Campaign.objects.select_related("sample", "consultation"), pk=pk)
    record(action=Action.CAMPAIGN_READ, actor=request.user, subject=f"campaign {found.pk}")
    context = {
        "campaign": found,
        "text": text_of(found),
        "numbers": numbers_of(found),
        "all_members": found.members.count(),
        "suggested": suggested_members(found).values("response").distinct().count(),
        "suggested_shown": suggested_shown(found),
        "shown": campaign_shown(found),
        "last_step": last_step(found),
        "steps": [
            {"step": step, "at": in_words(step.at), "size": len(step.members)}
            for step in found.steps.select_related("by")
        ],
        "problem": problem,
        "field": field,
        "changed": changed,
        "name": request.POST.get("name", found.name),
        "reference": request.POST.get("reference", ""),
        "chosen": set(numbers_in(request.POST.getlist("member"))),
    }
    return render(
        request,
        "reviewing/campaign.html",
        context
        | members_page(
            request, found.members, text_of(found), here=reverse("campaign", args=[found.pk])
        ),
        status=409 if changed else 200,
    )


@staff_only(Right.READ_RESPONSES)
@require_POST
def change_campaign(request: StaffRequest, pk: int) -> HttpResponse:
    """Rename a campaign, add to it, remove from it, or undo a step; the campaign's page says what
    happened.
    """
    found = get_object_or_404(Campaign, pk=pk)
    problem = field = changed = ""
    try:
        _carry_out(request, found)
    except NameMissing:
        problem, field = _("Give the campaign a name."), "name"
    except NameTaken:
        problem, field = _("Another campaign has this name. Choose another one."), "name"
    except NotFound:
        problem = _("There is no response with that reference now. Check it, and try again.")
        field = "reference"
    except ChangedSinceOpened:
        problem = _("This response was changed since you opened it. Read it again, then add it.")
        field = "reference"
    except (ChangedSinceShown, NotTheLastStep):
        changed = str(CHANGED_WORDS)
    if problem or changed:
        return _campaign_page(request, pk, problem=problem, field=field, changed=changed)
    found.refresh_from_db()
    return redirect("campaign-list") if found.ended else redirect("campaign", pk)


def _carry_out(request: StaffRequest, found: Campaign) -> None:
    by, do, shown = request.user, request.POST.get("do", ""), request.POST.get("shown", "")
    if do == "rename":
        rename_campaign(campaign=found, name=request.POST.get("name", ""), by=by, shown=shown)
        messages.success(request, _("The campaign has its new name."))
    elif do == "add-suggested":
        suggested = request.POST.get("suggested", "")
        count = add_suggested(campaign=found, by=by, shown=shown, suggested=suggested)
        _say_moved(request, count, _("added"))
    elif do == "add":
        reference = request.POST.get("reference", "")
        count = add_response(campaign=found, reference=reference, by=by, shown=shown)
        _say_moved(request, count, _("added"))
    elif do == "remove":
        versions = numbers_in(request.POST.getlist("member"))
        count = remove_responses(campaign=found, versions=versions, by=by, shown=shown)
        _say_moved(request, count, _("taken out"))
    elif do == "undo":
        number = number_in(request.POST.get("step", ""))
        undo_step(step=get_object_or_404(CampaignStep, pk=number, campaign=found), by=by)
        messages.success(request, _("That step is undone."))


def _say_moved(request: HttpRequest, count: int, done: str) -> None:
    words = ngettext(
        "%(count)s response was %(done)s.", "%(count)s responses were %(done)s.", count
    )
    (messages.success if count else messages.warning)(
        request, words % {"count": f"{count:,}", "done": done}
    )
