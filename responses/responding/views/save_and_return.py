"""Save and come back later: the link to a draft, and coming back by it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from consult.clock import day_in_words
from consult.nudging import nudge
from consult.web.private import private
from consult.web.rate_limits import OverLimit
from responses.answers import AnswersRefused
from responses.contacts import read_contact
from responses.models import Draft
from responses.responding.drafting import expire_at, find_draft, find_sent, link_token
from responses.responding.forms import PartForm
from responses.responding.save_and_return import ask_for_link, link_address
from responses.responding.tasks import send_due_confirmations
from responses.responding.views.answering import gone_page
from responses.responding.views.session import (
    Desk,
    keep_drafts,
    said_so_far,
    sit_down,
    text_to_keep,
)


@private
def later(request: HttpRequest, consultation: str) -> HttpResponse:
    """The link to the draft in hand, to keep or to have emailed."""
    desk = sit_down(request, consultation)
    if desk.draft is None or desk.sent:
        return redirect("tasks", desk.consultation.slug)
    problem, asked = "", request.GET.get("asked") == "yes"
    email = desk.answers.get("email", "")
    if request.method == "POST":
        email = request.POST.get("email", "")
        try:
            address = read_contact({"email": email})["email"]
            if not address:
                raise AnswersRefused(
                    {"email": _("Enter the email address to which we should send the link.")}
                )
            ask_for_link(draft=desk.draft, email=address)
        except AnswersRefused as refused:
            problem = refused.problems["email"]
        except OverLimit:
            problem = _(
                "We have sent this link as often as we may in one day. Copy it from this page "
                "instead."
            )
        else:
            nudge(send_due_confirmations)
            page: HttpResponse = redirect(f"{request.path}?asked=yes")
            page.status_code = 303
            return page
    emailed = desk.draft.links.order_by("pk").last()
    words = {
        "link": link_address(desk.draft),
        "emailed": emailed,
        "problem": problem,
        "asked": asked,
        "email": email,
        "kept_until": day_in_words(expire_at(desk.consultation)),
    }
    page = render(request, "responding/later.html", desk.context | words)
    # From now on others may send these answers: by the token of the link this browser can tell that
    # they were sent.
    keep_drafts(page, desk, [link_token(desk.draft), *desk.tokens[1:]])
    return page


@private
def come_back(request: HttpRequest, consultation: str, token: str) -> HttpResponse:
    """Where the link leads.

    Looking changes nothing, since mail programs look too; the button lets this browser in.
    """
    desk = sit_down(request, consultation)
    try:
        found = find_draft(consultation=desk.consultation, token=token)
    except Draft.DoesNotExist:
        desk.sent = find_sent(consultation=desk.consultation, token=token)
        if desk.sent:
            return gone_page(request, desk)
        return render(
            request, "responding/come_back.html", desk.context | {"found": None}, status=404
        )
    if request.method == "POST":
        page = redirect("tasks", desk.consultation.slug)
        page.status_code = 303
        keep_drafts(page, desk, [token, *[other for other in desk.tokens if other != token]])
        return page
    return render(request, "responding/come_back.html", desk.context | {"found": found})


def typed_in(request: HttpRequest, desk: Desk) -> dict[str, Any]:
    """What was typed into any part's form and posted here."""
    plan = desk.context["plan"]
    forms = (
        [PartForm(plan=plan, part=part, data=request.POST) for part in plan.parts]
        if request.method == "POST"
        else []
    )
    return {name: value for form in forms for name, value in form.typed.items() if value}


@private
def draft_text(request: HttpRequest, consultation: str) -> HttpResponse:
    """What this browser's draft says, as plain text to keep: also once nothing can be sent any
    more.

    Whoever came too late even to begin a draft posts what they typed, and has that back as text.
    """
    desk = sit_down(request, consultation)
    if desk.draft is None and request.method != "POST":
        return redirect("tasks", desk.consultation.slug)
    words = render_to_string(
        "responding/draft.txt", desk.context | said_so_far(desk, typed_in(request, desk)), request
    )
    return text_to_keep(words, name=f"{desk.consultation.slug}-not-sent")
