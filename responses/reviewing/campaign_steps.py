"""What every change to a campaign consists of: its lock, its members, and the recorded step."""

from collections.abc import Sequence

from django.db.models import QuerySet

from consult.auditing import record
from consult.models import Action, User
from consult.shown import fingerprint_of, refuse_changed
from responses.models import (
    Campaign,
    CampaignMember,
    CampaignStep,
    Cluster,
)

Row = tuple[int, str, str]


def campaign_shown(campaign: Campaign) -> str:
    """The fingerprint of a campaign as its page shows it: each change to it is a step."""
    return fingerprint_of(campaign.steps.values_list("pk", flat=True).last())


def cluster_shown(cluster: Cluster) -> str:
    """The fingerprint of what is known of a cluster: the campaigns that have some of it."""
    campaigns = Campaign.objects.filter(
        ended=False, members__response__cluster_members__cluster=cluster
    )
    return fingerprint_of(list(campaigns.order_by("pk").distinct().values_list("pk", flat=True)))


def hold_campaign(campaign: Campaign, *, shown: str | None = None) -> Campaign:
    """Return the campaign as it is now, locked.

    `shown` is the fingerprint on the page that acts. Raises ChangedSinceShown.
    """
    # Two reviewers at once: the second waits, and is told what the first did.
    locked = (
        Campaign.objects.select_for_update(of=("self",))
        .select_related("consultation")
        .get(pk=campaign.pk)
    )
    refuse_changed(shown=shown, now=campaign_shown(locked))
    return locked


def add_members(campaign: Campaign, rows: Sequence[Row]) -> list[Row]:
    """Add the `rows` that are not members yet. Returns the ones added."""
    inside = set(campaign.members.values_list("response_id", flat=True))
    new = [row for row in rows if row[0] not in inside]
    members = (
        CampaignMember(campaign=campaign, response_id=pk, question=question, print=print_)
        for pk, question, print_ in new
    )
    CampaignMember.objects.bulk_create(members, batch_size=2000)
    return new


def remove_members(campaign: Campaign, members: QuerySet[CampaignMember]) -> list[Row]:
    """Remove these members. Returns what they were."""
    rows = list(members.order_by("response_id").values_list("response_id", "question", "print"))
    campaign.members.filter(response_id__in=[row[0] for row in rows]).delete()
    return rows


def write_step(
    campaign: Campaign,
    by: User,
    act: CampaignStep.Act,
    *,
    earlier_name: str = "",
    name: str = "",
    rows: Sequence[Row] = (),
) -> CampaignStep:
    """Record what was done, with everything needed to undo it."""
    record(
        action=Action.CAMPAIGN_CHANGED,
        actor=by,
        subject=f"campaign {campaign.pk}",
        act=act,
        responses=len(rows),
    )
    return CampaignStep.objects.create(
        campaign=campaign,
        by=by,
        act=act,
        earlier_name=earlier_name,
        name=name,
        members=[list(row) for row in rows],
    )
