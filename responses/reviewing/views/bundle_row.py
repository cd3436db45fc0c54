"""A row of a bundle that could not be received: what it says, corrected and tried again."""

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from consult.auditing import record
from consult.models import Action, Right, User
from consult.nudging import nudge
from consult.staff.access import StaffRequest, staff_only
from responses.answers import read_answers
from responses.contacts import read_contact
from responses.models import Bundle, BundleRow, Response
from responses.responding.submitting import Submission
from responses.responding.tasks import send_due_confirmations
from responses.reviewing.bundles.left import RowIsOver, key_of, may_be_received, receive_corrected
from responses.reviewing.forms.transcribing import ArrivalForm, WholeForm
from responses.reviewing.transcribing import last_day_of, plan_to_key
from responses.reviewing.views.refused_entry import REFUSALS, why_refused


@staff_only(Right.READ_RESPONSES)
def bundle_row(request: StaffRequest, pk: int) -> HttpResponse:
    """What a row says that was left as it is, to be corrected and received."""
    rows = BundleRow.objects.select_related("bundle__consultation", "bundle__edition", "response")
    row = get_object_or_404(rows, pk=pk)
    bundle, said = row.bundle, row.fields or {}
    if row.response:
        return redirect("entered", row.response.reference)
    record(action=Action.ROW_READ, actor=request.user, subject=f"{bundle} row {row.number}")
    plan = plan_to_key(bundle.edition)
    arrival = ArrivalForm(
        request.POST or None,
        initial={
            "submission_key": key_of(row),
            "started_at": timezone.now().isoformat(),
            **{name: said.get(name, "") for name in ("channel", "received_on", "late_reason")},
        },
    )
    if bundle.kind == Bundle.Kind.IMPORTED:
        del arrival.fields["channel"]
    whole = WholeForm(plan=plan, data=request.POST or None, initial=said.get("raw", {}))
    open_to_entry = may_be_received(row)
    if request.method == "POST" and open_to_entry and arrival.is_valid() & whole.is_valid():
        received = _receive(row, arrival, whole, request.user)
        if received is not None:
            nudge(send_due_confirmations)
            return redirect("entered", received.reference)
    context = {
        "row": row,
        "bundle": bundle,
        "consultation": bundle.consultation,
        "open": open_to_entry or request.method == "POST",
        "arrival": arrival,
        "whole": whole,
        "last_day": last_day_of(bundle.consultation),
        "general": arrival.non_field_errors(),
        "problems": [
            (arrival[name].id_for_label, errors[0])
            for name, errors in arrival.errors.items()
            if name in arrival.fields
        ]
        + whole.problems(),
    }
    return render(request, "reviewing/bundle_row.html", context)


def _receive(row: BundleRow, arrival: ArrivalForm, whole: WholeForm, by: User) -> Response | None:
    """Return the response, or None if a problem was added to the form."""
    values: dict[str, Any] = arrival.cleaned_data
    received_on: date = values["received_on"]
    try:
        submission = Submission(
            edition=row.bundle.edition,
            submission_key=key_of(row),
            answers=read_answers(plan_to_key(row.bundle.edition), whole.typed),
            contact=read_contact(whole.typed),
            started_at=values["started_at"],
            channel=Response.Channel(values.get("channel", Response.Channel.IMPORTED)),
        )
        return receive_corrected(
            row=row,
            submission=submission,
            received_on=received_on,
            late_reason=values["late_reason"],
            by=by,
        )
    except REFUSALS as refusal:
        arrival.add_error(*why_refused(refusal))
    except RowIsOver:
        words = _(
            "This row has been received, undone or removed since you opened the page. What you "
            "typed is still here."
        )
        arrival.add_error(None, words)
    return None
