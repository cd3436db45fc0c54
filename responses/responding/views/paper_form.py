"""The paper form: as a page to print, and as a tagged PDF."""

import logging
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from consult.views.pages import page_context
from responses.responding.paper_form import equality_sheet, form_number, paper_parts
from responses.responding.pdf import PdfNotMade, make_pdf

log = logging.getLogger(__name__)

# The form is the same for everyone until the plan or the window changes, and takes a second or two
# to make.
made_once = lru_cache(maxsize=8)(make_pdf)


def paper_context(slug: str) -> dict[str, object]:
    """Return what the form says, on the page and in the PDF. Raises Http404."""
    context = page_context(slug)
    plan = context["plan"]
    form = form_number(edition=context["edition"].number)
    return context | {
        "parts": paper_parts(plan),
        "equality": equality_sheet(plan),
        "form_number": form,
    }


@require_safe
def paper_form(request: HttpRequest, consultation: str) -> HttpResponse:
    """Show the form as a page that prints well."""
    return render(request, "responding/paper_form.html", paper_context(consultation))


@require_safe
def paper_form_pdf(request: HttpRequest, consultation: str) -> HttpResponse:
    """Return the form as a tagged PDF, in large print for `?print=large`.

    If it cannot be made, a page says what else there is.
    """
    large = request.GET.get("print") == "large"
    context = paper_context(consultation) | {"large": large}
    try:
        content = made_once(
            render_to_string("responding/paper_form_print.html", context), anyway=True
        )
    except PdfNotMade as reason:
        log.warning("No PDF of the paper form: %s", reason)
        return render(request, "responding/no_paper_pdf.html", context, status=503)
    page = HttpResponse(content, content_type="application/pdf")
    name = f"{consultation}-form-{context['form_number']}{'-large-print' if large else ''}.pdf"
    page["Content-Disposition"] = f'inline; filename="{name}"'
    return page
