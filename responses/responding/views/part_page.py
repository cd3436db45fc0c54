"""The page of one part, and where it leads."""

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from consult.clock import time_in_words
from consult.models import Edition
from consult.plans.document import Part, Plan
from consult.plans.editions import edition_shown, plan_of
from responses.contacts import likely_meant
from responses.models import Draft
from responses.responding.draft_values import fingerprint
from responses.responding.drafting import (
    Saved,
    mark_of,
    save_part,
)
from responses.responding.forms import PartForm
from responses.responding.short_form import all_parts
from responses.responding.views.session import (
    RespondentSession,
)

MISTYPED = "mistyped"


def asks_about(form: PartForm) -> bool:
    """Tell whether the page asks if the address was mistyped."""
    return form.is_bound and any(
        problem.code == MISTYPED for problem in form.errors.as_data().get("email", [])
    )


def find_part(plan: Plan, slug: str) -> Part:
    """Return the part of that name. Raises Http404."""
    found = next((known for known in all_parts(plan) if known.slug == slug), None)
    if found is None:
        raise Http404
    return found


def render_part(
    request: HttpRequest,
    session: RespondentSession,
    form: PartForm,
    *,
    returning: bool,
    saved: Saved | None = None,
) -> HttpResponse:
    """The page that was posted, with its problems marked: in today's wording, which may differ from
    the page that was posted.

    If the part is no longer asked, the check page shows what was answered to it.
    """
    plan, this = session.context["plan"], form.part
    reading = next(
        (row for row in (*plan.sections, *plan.recommendations) if row.slug == this.slug), None
    )
    back = reverse("check" if returning else "tasks", args=[session.consultation.slug])
    form.clearable = True
    elsewhere, too_long = (saved.elsewhere, saved.too_long) if saved else ({}, ())
    shown: dict[str, Any] = {
        **(form.typed if form.is_bound else session.answers),
        **{name: session.answers.get(name, "") for name in (*elsewhere, *too_long)},
    }
    context = {
        "part": this,
        "form": form,
        "reading": reading,
        "back": back,
        "email_suggested": likely_meant(form.typed["email"] or "") if asks_about(form) else "",
        "number": plan.parts.index(this) + 1 if this in plan.parts else 0,
        "count": len(plan.parts),
        "seen": write_seen({name: fingerprint(shown.get(name), name) for name in form.names}),
        "mark": mark_of(session.draft),
        "elsewhere": [
            (form.fields[name].label, form.worded(name, value)) for name, value in elsewhere.items()
        ],
        "too_long": [form.fields[name].label for name in too_long],
        "changed_at": time_in_words(saved.changed_at) if saved else "",
    }
    return render(
        request, "responding/part.html", session.context | context, status=409 if elsewhere else 200
    )


def show_again(
    request: HttpRequest,
    session: RespondentSession,
    form: PartForm,
    *,
    returning: bool,
    saved: Saved,
) -> HttpResponse:
    """Show the posted page again with its problems, in the current wording, which may have changed
    since.

    If the part is no longer asked, the check page shows what was answered to it.
    """
    plan = session.context["plan"]
    if form.part not in all_parts(plan):
        known = next((part for part in all_parts(plan) if part.slug == form.part.slug), None)
        if known is None:
            return redirect("check", session.consultation.slug)
        form = PartForm(plan=plan, part=known, data=request.POST)
        saved = replace(
            saved,
            elsewhere={
                name: saved.elsewhere[name] for name in form.names if name in saved.elsewhere
            },
            too_long=tuple(name for name in form.names if name in saved.too_long),
        )
    return render_part(request, session, form, returning=returning, saved=saved)


def address_after(slug: str, session: RespondentSession, *, returning: bool) -> str:
    """Return where Continue leads: to the next part, or to the check page after the last one, after
    a part that is no longer asked, and for anyone who came from there.
    """
    slugs = [part.slug for part in session.context["plan"].parts]
    after = slugs[slugs.index(slug) + 1 :] if slug in slugs else []
    if returning or not after:
        return reverse("check", args=[session.consultation.slug])
    return reverse("part", args=[session.consultation.slug, after[0]])


def write_seen(fingerprints: dict[str, str]) -> str:
    return " ".join(f"{name}:{shown}" for name, shown in fingerprints.items())


def read_page(
    request: HttpRequest, session: RespondentSession, slug: str
) -> tuple[Edition, PartForm]:
    """Return what was posted from a part's page, and the edition whose questions it showed.

    There may be a newer edition by now, which words them differently or no longer asks them. Raises
    Http404.
    """
    edition = edition_shown(
        number=request.POST.get("edition", ""), current=session.context["edition"]
    )
    plan = plan_of(edition)
    typed = request.POST.copy()
    typed.setlist(request.POST.get("clear", ""), [])
    return edition, PartForm(plan=plan, part=find_part(plan, slug), data=typed)


def leads_elsewhere(request: HttpRequest) -> str:
    """Return the name of the page that a save-only button leads to; "" for Continue."""
    to = request.POST.get("to", "")
    return to if to in {"later", "tasks", "check"} else ""


def other_language(request: HttpRequest) -> str:
    """Return the language that a save-only button switches to; "" for the other buttons."""
    language = request.POST.get("language", "")
    return language if language in dict(settings.LANGUAGES) else ""


def with_language(request: HttpRequest, language: str) -> str:
    """Return the address of this page in another language."""
    query = request.GET.copy()
    query["language"] = language
    return f"{request.path}?{query.urlencode()}"


def question_email(request: HttpRequest, form: PartForm) -> None:
    """Ask once whether an address was mistyped: pressing Continue again with the same address keeps
    it.
    """
    leaving = leads_elsewhere(request) or other_language(request)
    if "email" in form.names and not leaving and form.is_valid():
        typed = form.typed["email"] or ""
        meant = likely_meant(typed)
        if meant and request.POST.get("email_meant") != typed:
            words = _(
                "Did you mean %(meant)s? Change the address, or select Continue again to keep it."
            )
            form.add_error("email", ValidationError(words % {"meant": meant}, code=MISTYPED))


def keep_typed(
    request: HttpRequest, draft: Draft, edition: Edition, form: PartForm, *, done: bool | None
) -> Saved:
    """Save a page into `draft`.

    Raises Draft.DoesNotExist if that was sent a moment ago, by a colleague or in another tab.
    """
    return save_part(
        draft=draft,
        part=form.part.slug,
        fields=form.names,
        values=form.typed,
        done=done,
        seen=read_seen(request),
        tried=read_tried(request),
        edition=edition,
    )


def is_in_hand(request: HttpRequest, session: RespondentSession) -> bool:
    """Tell whether what was typed belongs to the answers that this browser has in hand, by the mark
    that its page carries.

    It does not if they were sent meanwhile, by a colleague or in another tab, or if the page was
    for a different response.
    """
    mark = request.POST.get("draft", "")
    return mark in {"", mark_of(None), mark_of(session.draft)}


def read_seen(request: HttpRequest) -> dict[str, str]:
    """Return what the page knew of each field, from its hidden field."""
    return {
        name: shown
        for name, colon, shown in (
            pair.rpartition(":") for pair in request.POST.get("seen", "").split(" ")
        )
        if colon
    }


def read_tried(request: HttpRequest) -> set[tuple[str, str]]:
    """Return the field and the mark of each answer that the page sent before without a reply."""
    pairs = (pair.rpartition(":") for pair in request.POST.get("tried", "").split(" "))
    return {(name, mark) for name, colon, mark in pairs if colon}
