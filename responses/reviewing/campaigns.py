"""Campaigns: similar responses that reviewers group under a name.

Every step can be undone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet

from consult.models import User
from consult.shown import fingerprint_of, refuse_changed
from responses.current import current_responses
from responses.models import (
    Campaign,
    CampaignMember,
    CampaignStep,
    Cluster,
    ClusterMember,
    Response,
)
from responses.references import NotAReference, normalise_reference
from responses.reviewing.campaign_steps import (
    Row,
    add_members,
    cluster_shown,
    hold_campaign,
    remove_members,
    write_step,
)
from responses.reviewing.clusters import count_people
from responses.reviewing.reading import (
    ChangedSinceOpened,
    hold_as_shown,
    saw_an_earlier_version,
)

NAME_MAX_CHARS = 120
Act = CampaignStep.Act


class NameMissing(ValueError):
    """A campaign needs a name."""


class NameTaken(ValueError):
    """Another campaign of the consultation has this name."""


class NotFound(ValueError):
    """The consultation has no response with this reference."""


class NotTheLastStep(Exception):
    """Steps are undone from the last one back, so that undoing restores exactly what was there."""


@dataclass(frozen=True)
class Numbers:
    """The size of a campaign or a cluster.

    Never show one of them alone: a campaign is many people and few texts.
    """

    responses: int
    texts: int
    people: int


def numbers_of(campaign: Campaign) -> Numbers:
    """Count what counts today: not responses that were changed or withdrawn since."""
    members = _current(campaign)
    texts = members.aggregate(texts=Count("print", distinct=True))["texts"]
    return Numbers(
        members.count(), texts, count_people(Response.objects.filter(campaign_members__in=members))
    )


def _current(campaign: Campaign) -> QuerySet[CampaignMember]:
    return campaign.members.filter(response__in=current_responses(campaign.consultation))


def suggested_members(campaign: Campaign) -> QuerySet[ClusterMember]:
    """Return members of the same clusters who are not in the campaign."""
    clusters = ClusterMember.objects.filter(response__campaign_members__campaign=campaign).values(
        "cluster"
    )
    inside = CampaignMember.objects.filter(campaign=campaign, response=OuterRef("response"))
    return (
        ClusterMember.objects.filter(
            cluster__in=clusters, response__in=current_responses(campaign.consultation)
        )
        .filter(~Exists(inside))
        .order_by("response_id")
    )


def name_campaign(*, cluster: Cluster, name: str, by: User, shown: str | None = None) -> Campaign:
    """Make a cluster into a campaign, with all its members that still say so.

    Raises NameMissing, NameTaken, and ChangedSinceShown if someone has made one of them since.
    """
    with transaction.atomic():
        Cluster.objects.select_for_update().get(pk=cluster.pk)
        refuse_changed(shown=shown, now=cluster_shown(cluster))
        named = _free_name(cluster.consultation_id, name)
        campaign = Campaign.objects.create(
            consultation=cluster.consultation,
            name=named,
            sample_id=cluster.sample_id,
            question=cluster.question,
        )
        # What was changed or withdrawn since the search is not what the page showed.
        members = cluster.members.filter(response__in=current_responses(cluster.consultation))
        rows = list(members.order_by("response_id").values_list("response_id", "question", "print"))
        write_step(campaign, by, Act.NAMED, name=named, rows=add_members(campaign, rows))
    return campaign


def rename_campaign(*, campaign: Campaign, name: str, by: User, shown: str | None = None) -> None:
    """Rename a campaign. Raises NameMissing, NameTaken and ChangedSinceShown."""
    with transaction.atomic():
        locked = hold_campaign(campaign, shown=shown)
        named = _free_name(locked.consultation_id, name, but=locked.pk)
        write_step(locked, by, Act.RENAMED, earlier_name=locked.name, name=named)
        locked.name = named
        locked.save(update_fields=["name"])


def suggested_shown(campaign: Campaign) -> str:
    """The fingerprint of what the page of a campaign suggests to add."""
    found = suggested_members(campaign).order_by("response_id").distinct()
    return fingerprint_of(list(found.values_list("response_id", flat=True)))


def add_suggested(
    *, campaign: Campaign, by: User, shown: str | None = None, suggested: str | None = None
) -> int:
    """Add everything that the last search found similar to its members.

    Returns how many were added. Raises ChangedSinceShown, also if another search has `suggested`
    others since.
    """
    with transaction.atomic():
        locked = hold_campaign(campaign, shown=shown)
        if suggested is not None:
            refuse_changed(shown=suggested, now=suggested_shown(locked))
        found = suggested_members(locked).order_by("response_id", "id").distinct("response_id")
        rows = add_members(locked, list(found.values_list("response_id", "question", "print")))
        if rows:
            write_step(locked, by, Act.ADDED, rows=rows)
    return len(rows)


def add_response(*, campaign: Campaign, reference: str, by: User, shown: str | None = None) -> int:
    """Add one response, whatever it says. Returns 0 if it was a member already.

    Raises NotFound, ChangedSinceShown, and ChangedSinceOpened if `by` has read only an earlier
    version.
    """
    try:
        known = normalise_reference(reference)
        response = current_responses(campaign.consultation).get(reference=known)
    except (NotAReference, Response.DoesNotExist) as reason:
        raise NotFound(reference) from reason
    if saw_an_earlier_version(response=response, reader=by):
        raise ChangedSinceOpened(response)
    with transaction.atomic():
        hold_as_shown(response)
        locked = hold_campaign(campaign, shown=shown)
        similar = response.cluster_members.filter(
            cluster__members__response__campaign_members__campaign=locked
        ).first()
        rows = add_members(
            locked,
            [(response.pk, similar.question if similar else "", similar.print if similar else "")],
        )
        if rows:
            write_step(locked, by, Act.ADDED, rows=rows)
    return len(rows)


def remove_responses(
    *, campaign: Campaign, versions: Sequence[int], by: User, shown: str | None = None
) -> int:
    """Remove these versions of responses, by primary key, from a campaign; they stay responses like
    any other.

    Returns how many were removed. A version that its sender has changed since is a different one.
    Raises ChangedSinceShown.
    """
    with transaction.atomic():
        locked = hold_campaign(campaign, shown=shown)
        rows = remove_members(locked, locked.members.filter(response__in=versions))
        if rows:
            write_step(locked, by, Act.REMOVED, rows=rows)
    return len(rows)


def last_step(campaign: Campaign) -> CampaignStep | None:
    """Return the step that can be undone now."""
    return campaign.steps.filter(undone_by=None).exclude(act=Act.UNDONE).last()


def undo_step(*, step: CampaignStep, by: User) -> None:
    """Reverse the last step by a new step.

    Raises NotTheLastStep, and NameTaken if the earlier name is in use.
    """
    with transaction.atomic():
        campaign = hold_campaign(step.campaign)
        current = last_step(campaign)
        if current is None or current.pk != step.pk:
            raise NotTheLastStep
        rows: list[Row] = []
        later_name = campaign.name
        if current.act in {Act.ADDED, Act.NAMED}:
            rows = remove_members(
                campaign,
                campaign.members.filter(response_id__in=[row[0] for row in current.members]),
            )
        elif current.act == Act.REMOVED:
            rows = add_members(
                campaign, [(pk, question, print_) for pk, question, print_ in current.members]
            )
        else:
            campaign.name = _free_name(
                campaign.consultation_id, current.earlier_name, but=campaign.pk
            )
        campaign.ended = current.act == Act.NAMED
        campaign.save(update_fields=["name", "ended"])
        undo = write_step(
            campaign, by, Act.UNDONE, earlier_name=later_name, name=campaign.name, rows=rows
        )
        CampaignStep.objects.filter(pk=current.pk).update(undone_by=undo)


def _free_name(consultation_id: int, name: str, *, but: int | None = None) -> str:
    named = " ".join(name.split())[:NAME_MAX_CHARS]
    if not named:
        raise NameMissing
    if (
        Campaign.objects.filter(consultation_id=consultation_id, name__iexact=named, ended=False)
        .exclude(pk=but or 0)
        .exists()
    ):
        raise NameTaken(named)
    return named
