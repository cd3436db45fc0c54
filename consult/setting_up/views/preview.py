"""A plan file as the public will see it, before it is published.

The file is loaded in a transaction that is never committed, and the public's own page is asked for
within it: what an editor sees here is what the public will see, and nothing of it is kept.
"""

from copy import copy
from datetime import timedelta

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import (
    Resolver404,
    ResolverMatch,
    get_script_prefix,
    resolve,
    reverse,
    set_script_prefix,
)
from django.views.decorators.http import require_http_methods

from consult.models import Consultation, Right
from consult.plans.loading import load_plan
from consult.plans.publishing import database_now
from consult.plans.reading import PlanProblems
from consult.setting_up.file_text import text_of, values_of
from consult.setting_up.places import put
from consult.setting_up.views.files import file_or_redirect
from consult.staff.access import StaffRequest, staff_only

# How long before and after now each state begins and ends.
STATES = {
    "advance": (timedelta(days=1), timedelta(days=30)),
    "open": (timedelta(days=-1), timedelta(days=30)),
    "closed": (timedelta(days=-30), timedelta(days=-1)),
}


@staff_only(Right.EDIT_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: StaffRequest, pk: int, state: str, path: str = "") -> HttpResponse:
    """One page of the public's, as it would be in that state."""
    if state not in STATES:
        raise Http404
    file = file_or_redirect(request, pk)
    if isinstance(file, HttpResponse):
        return file
    if request.method == "POST":
        return render(request, "setting_up/not_sent.html", {"file": file, "state": state})
    try:
        with transaction.atomic():
            consultation = _published_for_now(file.text, state)
            page = _public_page(request, consultation, pk, state, path)
            transaction.set_rollback(True)
    except PlanProblems:
        messages.error(request, "There is nothing to preview until nothing is wrong with the file.")
        return redirect("plan-file", pk)
    return page


def _published_for_now(text: str, state: str) -> Consultation:
    """Load a file, and let it be in that state now. Raises PlanProblems."""
    values = values_of(text)
    # Dates that have passed are for publishing to refuse: here they would only be in the way.
    put(values, ("consultation", "opens"), None)
    put(values, ("consultation", "closes"), "31 December")
    consultation = load_plan(text=text_of(values), actor=None).consultation
    now, (opens, closes) = database_now(), STATES[state]
    consultation.opens_at, consultation.closes_at = now + opens, now + closes
    consultation.withdrawn_at = None
    consultation.save(update_fields=["opens_at", "closes_at", "withdrawn_at"])
    return consultation


def _public_page(
    request: HttpRequest, consultation: Consultation, pk: int, state: str, path: str
) -> HttpResponse:
    if not path:
        start = reverse("start", args=[consultation.slug]).lstrip("/")
        return redirect("preview", pk, state, start)
    match = _match(path, consultation)
    asked = copy(request)
    asked.path = asked.path_info = f"/{path}"
    asked.resolver_match = match
    # Nothing that this browser began to write for the public's own page is shown or touched.
    asked.COOKIES = {}
    asked.preview = {"back": reverse("plan-file", args=[pk])}  # type: ignore[attr-defined]
    before = get_script_prefix()
    # So that every address in the page leads to another page of the preview.
    set_script_prefix(reverse("preview", args=[pk, state]))
    try:
        page: HttpResponse = match.func(asked, *match.args, **match.kwargs)
    finally:
        set_script_prefix(before)
    page.cookies.clear()
    return page


def _match(path: str, consultation: Consultation) -> ResolverMatch:
    """The public's page at `path`. Raises Http404 for any that is not this consultation's."""
    try:
        match = resolve(f"/{path}")
    except Resolver404 as reason:
        raise Http404 from reason
    if match.kwargs.get("consultation") != consultation.slug or path.startswith("staff/"):
        raise Http404
    return match
