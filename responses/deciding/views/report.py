"""The report of a consultation, to be read and downloaded."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consult.auditing import record
from consult.models import Action, Right
from consult.staff.access import StaffRequest, staff_only
from responses.deciding.report import make_report
from responses.deciding.report_files import NAMES, blocks_to_show, report_file
from responses.deciding.views.register import consultation_or_404
from responses.responding.pdf import PdfNotMade


@staff_only(Right.SEE_FIGURES)
@require_safe
def report(request: StaffRequest, consultation: str) -> HttpResponse:
    """The whole report as things stand, and the files of it."""
    found = consultation_or_404(consultation)
    made = make_report(found)
    context = {
        "consultation": found,
        "report": made,
        "blocks": blocks_to_show(made),
        "names": NAMES,
    }
    return render(request, "deciding/report_page.html", context)


@staff_only(Right.SEE_FIGURES)
@require_safe
def report_download(request: StaffRequest, consultation: str, name: str) -> HttpResponse:
    """One of the report's files."""
    found = consultation_or_404(consultation)
    if name not in NAMES:
        raise Http404
    try:
        content = report_file(found, name)
    except PdfNotMade:
        messages.error(
            request,
            _("The PDF could not be made just now. Try again in a minute, or take another file."),
        )
        return redirect("report", consultation)
    record(action=Action.REPORT_TAKEN, actor=request.user, subject=consultation, file=name)
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{consultation}-{name}"'
    return response
