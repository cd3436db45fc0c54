"""Bulk changes in words: what is done, through which filter, and why some responses are left."""

from urllib.parse import parse_qsl

from django.utils.translation import gettext as _

from consult.models import Consultation
from responses.models import BulkChange, Review
from responses.reviewing.filters import read_filter
from responses.reviewing.views.filtering import chips_of, offered


def why_in_words(why: str) -> str:
    """Return why a response is left as it is, or not put back."""
    if why.startswith("from-"):
        return _("“%(state)s” can only be moved back to being read") % {
            "state": Review.State(why.removeprefix("from-")).label
        }
    return {
        "same-state": _("it is already in that state"),
        "superseded": _("changed by the respondent: another version counts"),
        "erased": _("erased"),
        "opened": _("someone has opened it already"),
        "marked": _("marked as read already"),
        "no-words": _("its answer to the code’s question does not contain the words"),
        "trouble": _("could not be changed: tell the people who run this service"),
        "says-nothing": _("withdrawn by the respondent, or belongs to another consultation"),
        "member": _("in the campaign already"),
        "no-answer": _("does not answer the question that the code belongs to"),
        "coded": _("has the code from you already"),
        "not-coded": _("does not have the code from you"),
        "moved-since": _("someone else changed it first"),
    }.get(why, why)


def act_in_words(change: BulkChange) -> str:
    """Return what is done to each response, as a title."""
    named = {
        "state": Review.State(change.to_state).label if change.to_state else "",
        "code": change.code.name if change.code else "",
        "campaign": change.campaign.name if change.campaign else "",
    }
    return {
        BulkChange.Act.MOVE: _("Move to “%(state)s”"),
        BulkChange.Act.READ: _("Mark as read"),
        BulkChange.Act.CODE: _("Give the code “%(code)s”"),
        BulkChange.Act.UNCODE: _("Take off the code “%(code)s”"),
        BulkChange.Act.CAMPAIGN: _("Put into the campaign “%(campaign)s”"),
    }[BulkChange.Act(change.act)] % named


def filter_in_words(query: str) -> list[dict[str, str]]:
    """Return the filter of a change, as the list's page shows it."""
    wanted, _bad = read_filter(parse_qsl(query))
    return chips_of(wanted, offered(list(Consultation.objects.prefetch_related("editions"))))


def left_in_words(left: dict[str, int]) -> list[tuple[str, str]]:
    """Return how many are left as they are, by reason, commonest first."""
    return [
        (f"{count:,}", why_in_words(why))
        for why, count in sorted(left.items(), key=lambda pair: -pair[1])
    ]
