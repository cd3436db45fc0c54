"""The emails that did not arrive, for reviewers."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from consult.clock import in_words
from consult.models import Right
from consult.nudging import nudge
from consult.staff.access import StaffRequest, staff_only
from responses.models import Confirmation, Draft, DraftLink, Reminder
from responses.requests import number_in
from responses.responding.resending import (
    being_tried,
    given_up,
    links_given_up,
    reminders_given_up,
    try_again,
)
from responses.responding.tasks import send_due_confirmations

SHOWN = 100


@staff_only(Right.READ_RESPONSES)
@require_safe
def undelivered(request: StaffRequest) -> HttpResponse:
    """The emails that were given up, and those still being tried, each with its reason.

    There is no address on this page.
    """
    lists = {
        name: (_rows(found), found.order_by().count())
        for name, found in (("failed", given_up()), ("waiting", being_tried()))
    }
    context: dict[str, Any] = {
        name: {"rows": rows, "count": count, "more": count - len(rows)}
        for name, (rows, count) in lists.items()
    }
    links, reminders = links_given_up(), reminders_given_up()
    context["links"] = {
        "rows": [_row(row, row.draft) for row in links[:SHOWN]]
        + [_row(row, row.request.draft) for row in reminders[:SHOWN]],
        "count": links.count() + reminders.count(),
    }
    return render(request, "reviewing/undelivered.html", context)


def _row(email: DraftLink | Reminder, draft: Draft) -> dict[str, object]:
    return {
        "consultation": draft.consultation.title,
        "reminder": isinstance(email, Reminder),
        "asked": in_words(email.created_at),
        "reason": email.reason,
    }


def _rows(found: QuerySet[Confirmation]) -> list[dict[str, object]]:
    return [
        {
            "confirmation": row,
            "last": in_words(row.last_try_at) if row.last_try_at else "",  # type: ignore[attr-defined]  # annotated
            "next": in_words(row.due_at),
        }
        for row in found[:SHOWN]
    ]


@staff_only(Right.READ_RESPONSES)
@require_POST
def again(request: StaffRequest) -> HttpResponse:
    """Try one again, or all that were given up."""
    wanted = request.POST.get("confirmation", "")
    only = number_in(wanted) or None
    count = 0 if wanted and only is None else try_again(actor=request.user, only=only)
    if count:
        nudge(send_due_confirmations)
        words = ngettext(
            "%(count)s email is being tried again.",
            "%(count)s emails are being tried again.",
            count,
        )
        messages.success(request, words % {"count": count})
    else:
        messages.warning(
            request,
            _(
                "There was no email to try again: it was delivered meanwhile, is being tried, or "
                "has no address."
            ),
        )
    return redirect("undelivered")
