"""The integrity check, for staff who take batches: whether everything received is there."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from consult.clock import in_words
from consult.models import Right, RowTrouble
from consult.nudging import nudge
from consult.staff.access import StaffRequest, staff_only
from responses.governance.tasks import check_integrity
from responses.models import Reconciliation

SHOWN = 200


@staff_only(Right.TAKE_BATCHES)
@require_safe
def integrity_check(request: StaffRequest) -> HttpResponse:
    """What the last check found."""
    last = Reconciliation.objects.first()
    context = {
        "last": last,
        "left_out": [(one, in_words(one.at)) for one in RowTrouble.objects.all()[:SHOWN]],
        "at": in_words(last.at) if last else "",
        "differences": last.differences[:SHOWN] if last else [],
        "more": max(len(last.differences) - SHOWN, 0) if last else 0,
        "channels": sorted(last.totals["channels"].items()) if last else [],
        "confirmations": sorted(last.totals["confirmations"].items()) if last else [],
        "acts": sorted(last.totals["acts"].items()) if last else [],
    }
    return render(request, "governance/reconciliation.html", context)


@staff_only(Right.TAKE_BATCHES)
@require_POST
def check_now(request: StaffRequest) -> HttpResponse:
    """Ask a worker to run the integrity check."""
    nudge(check_integrity)
    messages.success(request, _("The integrity check is running. Reload this page in a minute."))
    return redirect("books")
