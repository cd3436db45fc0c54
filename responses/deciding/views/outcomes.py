"""You said, we did: for everyone, and for the holder of a receipt."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from consult.models import Right
from consult.shown import ChangedSinceShown
from consult.staff.access import StaffRequest, staff_only
from consult.views.guessing import count_guesses
from consult.views.pages import page_context
from consult.web.private import private
from responses.deciding.outcomes import NothingDecided, points_made_by, publish_outcomes
from responses.deciding.points import parts_of
from responses.deciding.views.register import consultation_or_404
from responses.models import PublishedPoint, Response
from responses.receipt_tokens import find_response
from responses.recognised import shows_whole


@staff_only(Right.PUBLISH_RESPONSES)
@require_POST
def publish(request: StaffRequest, consultation: str) -> HttpResponse:
    """Let everyone read what was decided so far."""
    found = consultation_or_404(consultation)
    try:
        shown = request.POST.get("shown", "")
        number = publish_outcomes(consultation=found, by=request.user, shown=shown)
    except NothingDecided:
        messages.error(request, _("No point is decided in its present version yet."))
    except ChangedSinceShown:
        messages.error(
            request, _("A point was decided since this page was opened. Look at it, and try again.")
        )
    else:
        messages.success(
            request,
            _("Decided points that everyone can read now: %(number)s.") % {"number": number},
        )
    return redirect("seal-pack", consultation)


@require_safe
def outcome_points(request: HttpRequest, consultation: str) -> HttpResponse:
    """Each point that was decided, by the part of the plan, with the answer and what changes."""
    context = page_context(consultation)
    found = context["consultation"]
    published = PublishedPoint.objects.filter(point__consultation=found).select_related("point")
    parts: list[dict[str, Any]] = [
        {"title": part.title, "points": [one for one in published if one.point.part == part.slug]}
        for part in parts_of(found)
    ]
    parts = [part for part in parts if part["points"]]
    return render(request, "deciding/outcome_points.html", context | {"parts": parts})


def _response_of(token: str) -> Response:
    try:
        return find_response(token)
    except Response.DoesNotExist as reason:
        raise Http404 from reason


@private
@count_guesses
@require_safe
def own_points(request: HttpRequest, token: str) -> HttpResponse:
    """The published points that the response of a receipt counts under: for its sender alone, since
    they tell what it says. Any other browser is led to the receipt, which asks.
    """
    response = _response_of(token)
    if not shows_whole(request.COOKIES, response):
        return redirect("receipt", token)
    context = {
        "consultation": response.consultation,
        "response": response,
        "points": points_made_by(response),
        "token": token,
    }
    return render(request, "deciding/own_points.html", context)
