"""Telling others about a consultation, and what came of it."""

import logging

import segno
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_safe

from consult.clock import day_in_words, start_of_day
from consult.clock import in_words as moment
from consult.models import Consultation, published
from consult.views.pages import page_context
from responses.responding.pdf import PdfNotMade
from responses.responding.received import received_so_far
from responses.responding.views.paper_form import made_once

log = logging.getLogger(__name__)


@require_safe
def short_address(request: HttpRequest, number: int) -> HttpResponse:
    """An address short enough to say aloud or to print."""
    found = published().filter(pk=number).first()
    if found is None:
        raise Http404
    return redirect("start", found.slug)


def short_address_of(consultation: Consultation) -> str:
    """The whole short address of a consultation."""
    return settings.SITE_URL.rstrip("/") + reverse("short-address", args=[consultation.pk])


def picture_of(address: str, *, stretches: bool = False) -> str:
    """A QR code of an address, as SVG to stand in a page: of a size of its own, or as wide as there
    is room.
    """
    code = segno.make(address, error="m", micro=False)
    made: str = code.svg_inline(
        scale=6, border=4, omitsize=stretches, svgclass=None, lineclass=None
    )
    return made


@require_safe
def share(request: HttpRequest, consultation: str) -> HttpResponse:
    """The short address, its QR code and the poster."""
    context = page_context(consultation)
    short = short_address_of(context["consultation"])
    return render(
        request, "responding/share.html", context | {"short": short, "qr": picture_of(short)}
    )


@require_safe
def poster(request: HttpRequest, consultation: str) -> HttpResponse:
    """A poster to print. Where none can be made, the page that has all that is on it."""
    context = page_context(consultation)
    short = short_address_of(context["consultation"])
    words = {"short": short, "qr": picture_of(short, stretches=True)}
    try:
        content = made_once(
            render_to_string("responding/poster_print.html", context | words), anyway=True
        )
    except PdfNotMade as reason:
        log.warning("No PDF of the poster: %s", reason)
        return redirect("share", consultation)
    page = HttpResponse(content, content_type="application/pdf")
    page["Content-Disposition"] = f'inline; filename="{consultation}-poster.pdf"'
    return page


@require_safe
def outcome(request: HttpRequest, consultation: str) -> HttpResponse:
    """What was received and what came of it: counted once it has closed."""
    context = page_context(consultation)
    found: Consultation = context["consultation"]
    over = context["window"].phase in {Consultation.Phase.CLOSED, Consultation.Phase.GRACE}
    received = received_so_far(found) if over else None
    due = found.outcome_due_on
    more = {
        "over": over,
        "received": received,
        "counted": moment(received.counted_at) if received else "",
        "days": [(day_in_words(day), count) for day, count in received.days] if received else [],
        "due": day_in_words(start_of_day(due)) if due else "",
    }
    return render(request, "responding/outcome.html", context | more)
