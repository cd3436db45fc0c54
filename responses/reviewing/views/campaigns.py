"""Answers that are nearly the same: what the search found, and the campaigns that reviewers make
from it.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from consult.auditing import record
from consult.clock import in_words
from consult.models import Action, Consultation, JobRun, Right
from consult.nudging import nudge
from consult.staff.access import StaffRequest, staff_only
from consult.staff.views.auto_refresh import address_to_watch, render_work
from consult.text import with_symbols
from responses.models import Campaign, CampaignMember, CampaignStep, Cluster, ClusterMember
from responses.requests import number_in, numbers_in
from responses.reviewing.campaigns import (
    NameMissing,
    NameTaken,
    NotFound,
    NotTheLastStep,
    add_response,
    add_suggested,
    last_step,
    name_campaign,
    numbers_of,
    remove_responses,
    rename_campaign,
    suggested_members,
    undo_step,
)
from responses.reviewing.clusters import people_with_several
from responses.reviewing.reading import ChangedSinceOpened
from responses.reviewing.similarity import changes
from responses.reviewing.tasks import find_clusters

SHOWN = 100
PAGE = 25


@staff_only(Right.READ_RESPONSES)
@require_safe
def campaign_list(request: StaffRequest) -> HttpResponse:
    """The campaigns, what the last search found besides, and who may have sent
    several responses.
    """
    run = JobRun.objects.filter(name=find_clusters.name).first()
    start = number_in(request.GET.get("after", ""))
    rows = []
    for consultation in Consultation.objects.filter(published_at__isnull=False):
        campaigns = consultation.campaigns.filter(ended=False)
        clusters = Cluster.objects.filter(consultation=consultation).exclude(
            members__response__campaign_members__campaign__in=campaigns
        )
        # Their ids are in the order of their sizes. A page's last one is of one consultation.
        from_here = start if clusters.filter(pk=start).exists() else 0
        found = list(
            clusters.filter(pk__gt=from_here).select_related("sample").distinct()[: SHOWN + 1]
        )
        rows.append(
            {
                "consultation": consultation,
                "campaigns": [
                    {"campaign": campaign, "numbers": numbers_of(campaign)}
                    for campaign in campaigns
                ],
                "clusters": [{"cluster": one, "text": _text(one)} for one in found[:SHOWN]],
                "next": found[SHOWN - 1].pk if len(found) > SHOWN else None,
                "first": not from_here,
                "people": people_with_several(consultation, most=SHOWN),
            }
        )
    context = {
        "rows": rows,
        "searched": in_words(run.succeeded_at) if run and run.succeeded_at else "",
    }
    searching = bool(
        run and run.started_at and (run.ended_at is None or run.started_at > run.ended_at)
    )
    return render_work(request, "reviewing/campaign_list.html", context, at_work=searching)


@staff_only(Right.READ_RESPONSES)
@require_POST
def search_now(request: StaffRequest) -> HttpResponse:
    """Ask a worker to search for similar answers."""
    nudge(find_clusters)
    messages.success(
        request,
        _("The service is searching for similar answers. Load this page again in a minute."),
    )
    return redirect(address_to_watch("campaign-list"))


@staff_only(Right.READ_RESPONSES)
def cluster(request: StaffRequest, pk: int) -> HttpResponse:
    """What one search found similar, and the way to make a campaign of it."""
    found = get_object_or_404(Cluster.objects.select_related("sample", "consultation"), pk=pk)
    by = request.user
    problem, name = "", request.POST.get("name", "")
    if request.method == "POST":
        try:
            campaign = name_campaign(cluster=found, name=name, by=by)
        except NameMissing:
            problem = _("Give the campaign a name.")
        except NameTaken:
            problem = _("Another campaign has this name. Choose another one.")
        else:
            messages.success(
                request, _("This is a campaign now. Each of its responses still counts by itself.")
            )
            return redirect("campaign", campaign.pk)
    record(action=Action.CAMPAIGN_READ, actor=by, subject=f"cluster {found.pk}")
    context = {"cluster": found, "text": _text(found), "problem": problem, "name": name}
    return render(
        request, "reviewing/cluster.html", context | _members(request, found.members, _text(found))
    )


@staff_only(Right.READ_RESPONSES)
@require_safe
def campaign(request: StaffRequest, pk: int) -> HttpResponse:
    """One campaign: its three numbers, each member with what it changed, and what was done to the
    campaign.
    """
    found = get_object_or_404(Campaign.objects.select_related("sample", "consultation"), pk=pk)
    record(action=Action.CAMPAIGN_READ, actor=request.user, subject=f"campaign {found.pk}")
    context = {
        "campaign": found,
        "text": _text(found),
        "numbers": numbers_of(found),
        "all_members": found.members.count(),
        "suggested": suggested_members(found).values("response").distinct().count(),
        "last_step": last_step(found),
        "steps": [
            {"step": step, "at": in_words(step.at), "size": len(step.members)}
            for step in found.steps.select_related("by")
        ],
    }
    return render(
        request, "reviewing/campaign.html", context | _members(request, found.members, _text(found))
    )


@staff_only(Right.READ_RESPONSES)
@require_POST
def change_campaign(request: StaffRequest, pk: int) -> HttpResponse:
    """Rename a campaign, add to it, remove from it, or undo a step; the campaign's page says what
    happened.
    """
    found = get_object_or_404(Campaign, pk=pk)
    by, do = request.user, request.POST.get("do", "")
    try:
        if do == "rename":
            rename_campaign(campaign=found, name=request.POST.get("name", ""), by=by)
            messages.success(request, _("The campaign has its new name."))
        elif do == "add-suggested":
            _say_moved(request, add_suggested(campaign=found, by=by), _("added"))
        elif do == "add":
            _say_moved(
                request,
                add_response(campaign=found, reference=request.POST.get("reference", ""), by=by),
                _("added"),
            )
        elif do == "remove":
            _say_moved(
                request,
                remove_responses(
                    campaign=found, versions=numbers_in(request.POST.getlist("member")), by=by
                ),
                _("taken out"),
            )
        elif do == "undo":
            number = number_in(request.POST.get("step", ""))
            undo_step(
                step=get_object_or_404(CampaignStep, pk=number, campaign=found),
                by=by,
            )
            messages.success(request, _("That step is undone."))
    except NameMissing:
        messages.error(request, _("Give the campaign a name."))
    except NameTaken:
        messages.error(request, _("Another campaign has this name. Choose another one."))
    except NotFound:
        messages.error(
            request,
            _("There is no response with that reference now. Check it, and try again."),
        )
    except ChangedSinceOpened:
        messages.error(
            request,
            _("It was changed since you opened it. Read it again, then add it: %(reference)s")
            % {"reference": request.POST.get("reference", "").strip()},
        )
    except NotTheLastStep:
        messages.error(request, _("Something else has been done since. Undo the last step first."))
    found.refresh_from_db()
    return redirect("campaign-list") if found.ended else redirect("campaign", pk)


def _say_moved(request: HttpRequest, count: int, done: str) -> None:
    words = ngettext(
        "%(count)s response was %(done)s.", "%(count)s responses were %(done)s.", count
    )
    (messages.success if count else messages.warning)(
        request, words % {"count": f"{count:,}", "done": done}
    )


def _text(found: Cluster | Campaign) -> str:
    return with_symbols(str(found.sample.texts.get(found.question, "")))


def _members(request: HttpRequest, members: Any, standard: str) -> dict[str, Any]:
    """A page of members in the order of arrival, each with where it differs from `standard`."""
    start = number_in(request.GET.get("after", ""))
    rows: list[ClusterMember | CampaignMember] = list(
        members.filter(response_id__gt=start)
        .select_related("response__review")
        .order_by("response_id")[: PAGE + 1]
    )
    shown = [
        {
            "member": row,
            "current": not row.response.review.superseded
            and row.response.act in {"sent", "amended"},
            "spans": changes(standard, text)
            if (text := with_symbols(row.response.texts.get(row.question, ""))) != standard
            else [],
            "elsewhere": not text,
        }
        for row in rows[:PAGE]
    ]
    more = len(rows) > PAGE
    return {
        "members": shown,
        "after": start,
        "next": f"{request.path}?after={rows[PAGE - 1].response_id}" if more else "",
    }
