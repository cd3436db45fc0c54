"""Many responses added to a campaign at once, or removed from it, for a bulk change."""

from collections.abc import Sequence

from django.db import transaction

from consult.models import User
from responses.current import current_responses
from responses.models import (
    Campaign,
    CampaignStep,
    ClusterMember,
)
from responses.reviewing.campaign_steps import (
    add_members,
    hold_campaign,
    remove_members,
    write_step,
)

Act = CampaignStep.Act


def add_many(*, campaign: Campaign, responses: Sequence[int], by: User) -> list[int]:
    """Add these responses, by primary key, as one step: the ones that count today and are not
    members. Returns the ones added; none if the campaign has ended.
    """
    with transaction.atomic():
        locked = hold_campaign(campaign)
        if locked.ended:
            return []
        similar = ClusterMember.objects.filter(
            response__in=responses, cluster__members__response__campaign_members__campaign=locked
        )
        found = similar.order_by("response_id", "id").distinct("response_id")
        where = {
            pk: (question, print_)
            for pk, question, print_ in found.values_list("response_id", "question", "print")
        }
        says = (
            current_responses(locked.consultation)
            .filter(pk__in=responses)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        rows = add_members(locked, [(pk, *where.get(pk, ("", ""))) for pk in says])
        if rows:
            write_step(locked, by, Act.ADDED, rows=rows)
    return [pk for pk, _question, _print in rows]


def remove_many(*, campaign: Campaign, responses: Sequence[int], by: User) -> list[int]:
    """Remove those of these responses, by primary key, that are members, as one step.

    Returns the ones removed.
    """
    with transaction.atomic():
        locked = hold_campaign(campaign)
        rows = remove_members(locked, locked.members.filter(response_id__in=responses))
        if rows:
            write_step(locked, by, Act.REMOVED, rows=rows)
    return [pk for pk, _question, _print in rows]
