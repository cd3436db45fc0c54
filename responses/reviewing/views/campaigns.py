"""Answers that are nearly the same: what the search found, and making a campaign of it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from consult.auditing import record
from consult.clock import in_words
from consult.models import Action, Consultation, JobRun, Right
from consult.nudging import nudge
from consult.shown import ChangedSinceShown
from consult.staff.access import StaffRequest, staff_only
from consult.staff.views.auto_refresh import address_to_watch, render_work
from consult.staff.views.shown import CHANGED_WORDS
from consult.text import with_symbols
from consult.views.one_by_one import each_shown
from responses.models import Campaign, CampaignMember, Cluster, ClusterMember
from responses.requests import number_in
from responses.reviewing.campaigns import (
    NameMissing,
    NameTaken,
    cluster_shown,
    name_campaign,
    numbers_of,
)
from responses.reviewing.clusters import people_with_several
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
    published = Consultation.objects.filter(published_at__isnull=False)
    rows = each_shown(request, published, lambda one: _found_in(one, start))
    context = {
        "rows": rows,
        "searched": in_words(run.succeeded_at) if run and run.succeeded_at else "",
    }
    searching = bool(
        run and run.started_at and (run.ended_at is None or run.started_at > run.ended_at)
    )
    return render_work(request, "reviewing/campaign_list.html", context, at_work=searching)


def _found_in(consultation: Consultation, start: int) -> dict[str, object]:
    campaigns = consultation.campaigns.filter(ended=False)
    clusters = Cluster.objects.filter(consultation=consultation).exclude(
        members__response__campaign_members__campaign__in=campaigns
    )
    # Their ids are in the order of their sizes. A page's last one is of one consultation.
    from_here = start if clusters.filter(pk=start).exists() else 0
    found = list(clusters.filter(pk__gt=from_here).select_related("sample").distinct()[: SHOWN + 1])
    return {
        "consultation": consultation,
        "campaigns": [
            {"campaign": campaign, "numbers": numbers_of(campaign)} for campaign in campaigns
        ],
        "clusters": [{"cluster": one, "text": text_of(one)} for one in found[:SHOWN]],
        "next": found[SHOWN - 1].pk if len(found) > SHOWN else None,
        "first": not from_here,
        "people": people_with_several(consultation, most=SHOWN),
    }


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
    problem, changed, name = "", "", request.POST.get("name", "")
    if request.method == "POST":
        try:
            campaign = name_campaign(
                cluster=found, name=name, by=by, shown=request.POST.get("shown", "")
            )
        except NameMissing:
            problem = _("Give the campaign a name.")
        except NameTaken:
            problem = _("Another campaign has this name. Choose another one.")
        except ChangedSinceShown:
            changed = str(CHANGED_WORDS)
        else:
            messages.success(
                request, _("This is a campaign now. Each of its responses still counts by itself.")
            )
            return redirect("campaign", campaign.pk)
    record(action=Action.CAMPAIGN_READ, actor=by, subject=f"cluster {found.pk}")
    context = {
        "cluster": found,
        "text": text_of(found),
        "problem": problem,
        "changed": changed,
        "shown": cluster_shown(found),
        "name": name,
    }
    return render(
        request,
        "reviewing/cluster.html",
        context | members_page(request, found.members, text_of(found), here=request.path),
        status=409 if changed else 200,
    )


def text_of(found: Cluster | Campaign) -> str:
    return with_symbols(str(found.sample.texts.get(found.question, "")))


def members_page(request: HttpRequest, members: Any, standard: str, *, here: str) -> dict[str, Any]:
    """A page of members in the order of arrival, each with where it differs from `standard`.

    `here` is the address of the page.
    """
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
        "here": here,
        "next": f"{here}?after={rows[PAGE - 1].response_id}" if more else "",
    }
