"""The page of one part, and where it leads."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from consult.clock import time_in_words
from consult.plans.document import Part, Plan
from responses.responding.drafting import (
    Saved,
    fingerprint,
    mark_of,
)
from responses.responding.forms import PartForm
from responses.responding.views.session import (
    RespondentSession,
)


def find_part(plan: Plan, slug: str) -> Part:
    """The part of that name. Raises Http404."""
    found = next((known for known in plan.parts if known.slug == slug), None)
    if found is None:
        raise Http404
    return found


def render_part(
    request: HttpRequest,
    session: RespondentSession,
    this: Part,
    form: PartForm,
    *,
    returning: bool,
    saved: Saved | None = None,
) -> HttpResponse:
    """A part's page.

    `saved` is a save that met what somebody else had changed: their words stand beside one's own.
    """
    plan = session.context["plan"]
    reading = next(
        (row for row in (*plan.sections, *plan.recommendations) if row.slug == this.slug), None
    )
    place = plan.parts.index(this)
    back = reverse("check" if returning else "tasks", args=[session.consultation.slug])
    shown: dict[str, Any] = {
        **(form.typed if form.is_bound else session.answers),
        **(saved.elsewhere if saved else {}),
    }
    context = {
        "part": this,
        "form": form,
        "reading": reading,
        "back": back,
        "number": place + 1,
        "count": len(plan.parts),
        "seen": write_seen({name: fingerprint(shown.get(name)) for name in form.names}),
        "mark": mark_of(session.draft),
        "elsewhere": [
            (form.fields[name].label, form.worded(name, value))
            for name, value in saved.elsewhere.items()
        ]
        if saved
        else [],
        "changed_at": time_in_words(saved.changed_at) if saved else "",
    }
    return render(
        request, "responding/part.html", session.context | context, status=409 if saved else 200
    )


def address_after(this: Part, session: RespondentSession, *, returning: bool) -> str:
    """Where Continue leads: the next part, or the check after the last one and for whoever came
    from there.
    """
    parts = session.context["plan"].parts
    place = parts.index(this)
    if returning or place + 1 == len(parts):
        return reverse("check", args=[session.consultation.slug])
    return reverse("part", args=[session.consultation.slug, parts[place + 1].slug])


def write_seen(fingerprints: dict[str, str]) -> str:
    return " ".join(f"{name}:{shown}" for name, shown in fingerprints.items())
