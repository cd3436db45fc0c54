"""A question's codebook handed out as a file, and one of another program brought in."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from consult.models import Right
from consult.staff.access import StaffRequest, staff_only
from responses.reviewing.codebook_files import (
    CodebookRefused,
    NotACodebook,
    as_csv,
    as_qda,
    take_codebook,
)
from responses.reviewing.codebooks import codes_of
from responses.reviewing.views.codebooks import asked_about


@staff_only(Right.READ_RESPONSES)
@require_safe
def codebook_file(
    request: StaffRequest, consultation: str, question: str, kind: str
) -> HttpResponse:
    """The codes of a question, as a table or as a REFI-QDA codebook."""
    found, asked = asked_about(consultation, question)
    codes = list(codes_of(found, question))
    if kind == "csv":
        answer = HttpResponse(as_csv(codes), content_type="text/csv; charset=utf-8")
    elif kind == "qdc":
        answer = HttpResponse(as_qda(codes), content_type="application/xml; charset=utf-8")
    else:
        raise Http404
    answer["Content-Disposition"] = f'attachment; filename="codebook-{asked.slug}.{kind}"'
    return answer


@staff_only(Right.READ_RESPONSES)
@require_POST
def take_codebook_file(request: StaffRequest, consultation: str, question: str) -> HttpResponse:
    """Add the codes of a file to a question's codebook."""
    found, _asked = asked_about(consultation, question)
    file = request.FILES.get("file")
    if file is None:
        messages.error(request, _("Choose a file."))
        return redirect("codebook", consultation, question)
    try:
        taken = take_codebook(
            consultation=found, question=question, raw=file.read(), by=request.user
        )
    except NotACodebook:
        messages.error(
            request,
            _(
                "The file is neither a CSV file with a column “name” nor a REFI-QDA codebook "
                "(.qdc)."
            ),
        )
    except CodebookRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(
            request,
            _("Codes brought in: %(new)s. Already there, and left as they are: %(known)s.")
            % {"new": taken.new, "known": taken.known},
        )
    return redirect("codebook", consultation, question)
