"""The pages that anyone can read."""

from datetime import date, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from consult.calendar_file import closing_event
from consult.clock import day_in_words, start_of_day
from consult.models import Consultation, published
from consult.plans.editions import current_edition, find_published, plan_of
from consult.plans.effort import minutes_for_all, minutes_for_one
from consult.plans.window import moved_in_words, window_of
from consult.views.errors import ConsultationWithdrawn
from consult.views.typed import remember_plan

# When the accessibility statement was last compared with the pages, by tests and by people.
ACCESSIBILITY_CHECKED_ON = date(2026, 11, 23)
# RFC 9116 asks for a date within the next year; it is computed for each response, so the file never
# goes stale.
SECURITY_CONTACT_HOLDS_FOR = timedelta(days=180)
# What search engines need not read: pages for one person, and staff pages. Listing the addresses
# here reveals nothing.
NOT_FOR_ROBOTS = ["/admin/", "/health/", "/receipt/", "/staff/", "/*/respond/"]


def page_context(slug: str, *, even_withdrawn: bool = False) -> dict[str, Any]:
    """Return what every page of a consultation shows.

    Raises Http404 if the public never could see it, and ConsultationWithdrawn if it no longer can,
    unless `even_withdrawn`.
    """
    try:
        consultation = find_published(slug)
    except Consultation.DoesNotExist as reason:
        raise Http404 from reason
    if consultation.withdrawn_at and not even_withdrawn:
        raise ConsultationWithdrawn(consultation.title, consultation.withdrawn_reason)
    edition = current_edition(consultation)
    plan = plan_of(edition)
    remember_plan(slug, plan)
    return {
        "consultation": consultation,
        "edition": edition,
        "plan": plan,
        "window": window_of(consultation, now=consultation.now),
        # A query that runs only if a template shows its result.
        "moved": partial(moved_in_words, consultation),
        "contact_email": settings.CONTACT_EMAIL or plan.contact.get("email") or "",
        "site_url": settings.SITE_URL,
    }


def home(request: HttpRequest) -> HttpResponse:
    """Show the only consultation, or the list of them."""
    found = list(published())
    if len(found) == 1:
        return redirect("start", found[0].slug)
    rows = [{"consultation": row, "window": window_of(row, now=row.now)} for row in found]
    return render(request, "consult/home.html", {"rows": rows})


def start(request: HttpRequest, consultation: str) -> HttpResponse:
    """Say what this is, who is asking, until when, and how to take part."""
    context = page_context(consultation)
    plan = context["plan"]
    # The name of the cookie by which the respondent's pages find a draft.
    draft = f"{settings.COOKIE_PREFIX}draft-{context['consultation'].pk}"
    more = {
        "begun": draft in request.COOKIES,
        "minutes_for_one": minutes_for_one(plan),
        "minutes_for_all": minutes_for_all(plan),
    }
    page = render(request, "consult/start.html", context | more)
    patch_vary_headers(page, ["Cookie"])
    return page


def section(request: HttpRequest, consultation: str, section: str) -> HttpResponse:
    context = page_context(consultation)
    return render(
        request,
        "consult/section.html",
        context | _reading(context, "section", section, context["plan"].sections),
    )


def recommendation(request: HttpRequest, consultation: str, recommendation: str) -> HttpResponse:
    """Show one proposed change, and what is known about it."""
    context = page_context(consultation)
    reading = _reading(context, "recommendation", recommendation, context["plan"].recommendations)
    related = [
        row
        for row in context["plan"].sections
        if row.slug in reading["recommendation"].related_sections
    ]
    return render(request, "consult/recommendation.html", context | reading | {"related": related})


def _reading(
    context: dict[str, Any], kind: str, slug: str, rows: tuple[Any, ...]
) -> dict[str, Any]:
    """Return the part to read, and the ones before and after it."""
    found = next((row for row in rows if row.slug == slug), None)
    if found is None:
        raise Http404
    pages = [part for part in context["plan"].parts if part.kind in {"section", "recommendation"}]
    place = [part.slug for part in pages].index(slug)
    return {
        kind: found,
        "previous": pages[place - 1] if place else None,
        "next": pages[place + 1] if place + 1 < len(pages) else None,
    }


def how_to_respond(request: HttpRequest, consultation: str) -> HttpResponse:
    """Show every way to take part."""
    return render(request, "consult/how_to_respond.html", page_context(consultation))


def closing_calendar(request: HttpRequest, consultation: str) -> HttpResponse:
    """The closing instant, to put into a calendar."""
    found = page_context(consultation)["consultation"]
    page = HttpResponse(closing_event(found), content_type="text/calendar; charset=utf-8")
    page["Content-Disposition"] = f'attachment; filename="{found.slug}-closing.ics"'
    return page


def sources(request: HttpRequest, consultation: str) -> HttpResponse:
    """Show where the descriptions and figures come from."""
    return render(request, "consult/sources.html", page_context(consultation))


def accessibility(request: HttpRequest) -> HttpResponse:
    """Say how accessible this site is, which problems are known, and whom to tell."""
    found = {
        "checked": day_in_words(start_of_day(ACCESSIBILITY_CHECKED_ON)),
        "contact": settings.ACCESSIBILITY_CONTACT,
    }
    return render(
        request,
        "consult/accessibility.html",
        found | {"rows": list(published())},
    )


def safety(request: HttpRequest) -> HttpResponse:
    """Say how to leave this site quickly, and who can help."""
    helpers = [
        (_("Police, in an emergency"), "999", _("Textphone 18000.")),
        (_("Police, at other times"), "101", _("Textphone 18001 101.")),
        (_("Victim Support"), "0808 168 9111", _("Help after any crime, reported or not.")),
        (
            _("National Domestic Abuse Helpline"),
            "0808 2000 247",
            _("For women, day and night. Run by Refuge."),
        ),
        (_("Men’s Advice Line"), "0808 801 0327", _("For men who are abused by a partner.")),
        (_("Rape Crisis"), "0808 500 2222", _("After rape or sexual abuse, whenever it happened.")),
        (_("Childline"), "0800 1111", _("For anyone under 19.")),
        (_("Samaritans"), "116 123", _("Someone to talk to, day and night.")),
        (
            _("Crimestoppers"),
            "0800 555 111",
            _("To say what you know about a crime without giving your name."),
        ),
    ]
    return render(request, "consult/safety.html", {"helpers": helpers})


def privacy(request: HttpRequest) -> HttpResponse:
    """Show the only privacy notice, or the list of them: each consultation has its own."""
    found = list(published())
    if len(found) == 1:
        return redirect("consultation-privacy", found[0].slug)
    return render(request, "consult/privacy_notices.html", {"rows": found})


def security(request: HttpRequest) -> HttpResponse:
    """Say how to report a vulnerability, and what happens then."""
    return render(request, "consult/security.html", {"contact": settings.SECURITY_CONTACT})


def site_colour(request: HttpRequest) -> HttpResponse:
    """The style sheet of an installation that has a colour of its own."""
    colour = settings.SITE_COLOUR
    if not colour:
        raise Http404
    page = HttpResponse(
        f".app-header,.app-hero,.govuk-panel--confirmation{{background:{colour}}}"
        f".app-footer,.app-paper .paper-part{{border-top-color:{colour}}}"
        "@media print{.app-header,.app-hero{background:none}}",
        content_type="text/css; charset=utf-8",
    )
    page["Cache-Control"] = "public, max-age=3600"
    return page


def robots(request: HttpRequest) -> HttpResponse:
    """List what a search engine may read (RFC 9309)."""
    lines = ["User-agent: *", *[f"Disallow: {path}" for path in NOT_FOR_ROBOTS]]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def security_contact(request: HttpRequest) -> HttpResponse:
    """Say where to report a vulnerability (RFC 9116).

    Raises Http404 if the operator has named nobody.
    """
    if not settings.SECURITY_CONTACT:
        raise Http404
    expires = timezone.now() + SECURITY_CONTACT_HOLDS_FOR
    lines = [
        f"Contact: {settings.SECURITY_CONTACT}",
        f"Expires: {expires:%Y-%m-%dT00:00:00Z}",
        "Preferred-Languages: en",
        f"Policy: {settings.SITE_URL}{reverse('security')}",
        f"Canonical: {settings.SITE_URL}{reverse('security-contact')}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def favicon(request: HttpRequest) -> HttpResponse:
    """For browsers that ignore the link element and ask here."""
    return redirect(static("consult/favicon.png"))
