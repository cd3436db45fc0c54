"""What staff find in the navigation: by job, each page with the right that it asks for."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consult.models import Right, User


@dataclass(frozen=True)
class Entry:
    """A page in the navigation. `right` is the one that its view requires."""

    label: Promise | str
    page: str
    right: Right


NAVIGATION: dict[Promise | str, list[Entry]] = {
    _("Read"): [
        Entry(_("Next to read"), "read-next", Right.READ_RESPONSES),
        Entry(_("Responses"), "review-list", Right.READ_RESPONSES),
        Entry(_("Codes"), "code-questions", Right.READ_RESPONSES),
        Entry(_("Campaigns"), "campaign-list", Right.READ_RESPONSES),
        Entry(_("Pace"), "reading-pace", Right.READ_RESPONSES),
    ],
    _("Receive"): [
        Entry(_("Post and email"), "entering", Right.READ_RESPONSES),
        Entry(_("Undelivered"), "undelivered", Right.READ_RESPONSES),
    ],
    _("Decide"): [
        Entry(_("Points"), "points", Right.READ_RESPONSES),
        Entry(_("Packs"), "packs-to-decide", Right.DECIDE_POINTS),
    ],
    _("Report"): [
        Entry(_("Dashboard"), "dashboard", Right.SEE_FIGURES),
        Entry(_("Publication"), "publication", Right.READ_RESPONSES),
        Entry(_("Batches"), "batch-list", Right.TAKE_BATCHES),
    ],
    _("Run"): [
        Entry(_("Set-up"), "set-up", Right.EDIT_PLAN),
        Entry(_("Integrity check"), "books", Right.TAKE_BATCHES),
        Entry(_("People"), "people", Right.ANSWER_REQUESTS),
        Entry(_("Trail"), "trail", Right.READ_TRAIL),
        Entry(_("Accounts"), "account-list", Right.MANAGE_STAFF),
        Entry(_("Administration"), "admin:index", Right.EDIT_PLAN),
        Entry(_("Help"), "help", Right.READ_RESPONSES),
    ],
}


@dataclass(frozen=True)
class Link:
    """An entry on one person's page. `current` is a value of aria-current, or empty."""

    label: Promise | str
    address: str
    current: str


def links_for(user: User, *, path: str) -> dict[Promise | str, list[Link]]:
    """Return what `user` finds in the navigation of the page at `path`, by job.

    The entry whose page it is, or that it was opened from, is the current one.
    """
    allowed = {
        job: [(entry, reverse(entry.page)) for entry in entries if user.may(entry.right)]
        for job, entries in NAVIGATION.items()
    }
    above = [
        address
        for links in allowed.values()
        for _entry, address in links
        if path.startswith(address)
    ]
    nearest = max(above, key=len, default="")
    current = {nearest: "true", path: "page"}
    return {
        job: [Link(entry.label, address, current.get(address, "")) for entry, address in links]
        for job, links in allowed.items()
        if links
    }
