"""Save and come back later: the link to a draft, and returning by it."""

from typing import Any

from django.conf import settings
from django.core.signing import BadSignature
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from consult.clock import day_in_words
from consult.nudging import nudge
from consult.views.guessing import count_guesses
from consult.web.private import private
from consult.web.rate_limits import OverLimit
from responses.answers import AnswersRefused
from responses.contacts import read_contact
from responses.models import Draft
from responses.responding.draft_tokens import link_token, was_emailed
from responses.responding.drafting import expire_at, find_draft, find_sent, mark_of
from responses.responding.forms import PartForm
from responses.responding.recognising import draft_code, recognise_writer
from responses.responding.reminders import (
    ask_for_reminders,
    end_reminders,
    read_end_token,
)
from responses.responding.save_and_return import ask_for_link, link_address
from responses.responding.short_form import all_parts
from responses.responding.tasks import send_due_confirmations
from responses.responding.together import reading_address
from responses.responding.views.recognised import ASKED_TOO_OFTEN, NOT_KNOWN, NOTHING_TYPED
from responses.responding.views.refusals import dropped_words, full_page, gone_page
from responses.responding.views.session import (
    RespondentSession,
    keep_drafts,
    open_session,
    said_so_far,
    see_other,
    text_to_keep,
)


@private
def later(request: HttpRequest, consultation: str) -> HttpResponse:
    """Show the link to the draft in hand, to keep or to have emailed."""
    session = open_session(request, consultation)
    if session.draft is None or session.sent or session.consultation.withdrawn_at:
        return redirect("tasks", session.consultation.slug)
    problem, asked = "", request.GET.get("asked", "") if request.method != "POST" else ""
    remind = bool(request.POST.get("remind"))
    language = get_language() or settings.LANGUAGE_CODE
    email = session.answers.get("email", "")
    if request.method == "POST":
        email = request.POST.get("email", "")
        try:
            address = read_contact({"email": email})["email"]
            if not address:
                raise AnswersRefused({"email": _("Enter the email address to send the link to.")})
            with transaction.atomic():
                ask_for_link(draft=session.draft, email=address, language=language)
                if remind:
                    ask_for_reminders(draft=session.draft, email=address, language=language)
        except AnswersRefused as refused:
            problem = refused.problems["email"]
        except OverLimit:
            problem = _("We cannot send this link again today. Copy it from this page instead.")
        else:
            nudge(send_due_confirmations)
            return see_other(f"{request.path}?asked={'reminders' if remind else 'yes'}")
    emailed = session.draft.links.order_by("pk").last()
    words = {
        "link": link_address(session.draft, link_token(session.draft)),
        "code": draft_code(session.draft),
        "reading": reading_address(session.draft),
        "emailed": emailed,
        "problem": problem,
        "asked": asked,
        "remind": remind,
        "mark": mark_of(session.draft),
        "email": email,
        "kept_until": day_in_words(expire_at(session.consultation)),
    }
    page = render(request, "responding/later.html", session.context | words)
    # From now on others may send these answers. The link's token lets this browser find out.
    keep_drafts(page, session, [link_token(session.draft), *session.tokens[1:]])
    return page


@private
@count_guesses
def come_back(request: HttpRequest, consultation: str, token: str) -> HttpResponse:
    """Show where the link leads.

    Opening it changes nothing, since mail programs open links too; the button lets this browser in.
    """
    session = open_session(request, consultation, by_link=True)
    try:
        found = find_draft(consultation=session.consultation, token=token)
    except Draft.DoesNotExist:
        session.sent = find_sent(consultation=session.consultation, token=token)
        if session.sent:
            return gone_page(request, session)
        return render(
            request, "responding/come_back.html", session.context | {"found": None}, status=404
        )
    here, shared = found == session.draft, link_token(found)
    asks = was_emailed(token) and not here and shared not in session.tokens
    problem = trouble_with(request, found) if asks and request.method == "POST" else ""
    if request.method == "POST" and not problem:
        if session.is_full and shared not in session.tokens:
            return full_page(request, session)
        page = see_other(reverse("tasks", args=[session.consultation.slug]))
        others = [other for other in session.tokens if other != shared]
        keep_drafts(page, session, [shared, *others])
        return page
    typed = request.POST.get("known", "")
    context = {"found": found, "here": here, "asks": asks, "problem": problem, "typed": typed}
    return render(request, "responding/come_back.html", session.context | context)


def trouble_with(request: HttpRequest, draft: Draft) -> str:
    """Why what was typed does not show that it was the writer of `draft` who opened the emailed
    link; "" where it does.
    """
    typed = request.POST.get("known", "")
    if not typed.strip():
        return str(NOTHING_TYPED)
    try:
        return "" if recognise_writer(draft=draft, typed=typed) else str(NOT_KNOWN)
    except OverLimit:
        return str(ASKED_TOO_OFTEN)


@csrf_exempt
@private
@count_guesses
def end(request: HttpRequest, consultation: str, token: str) -> HttpResponse:
    """End the reminders by a button: here, or in a mail program, which posts from elsewhere and
    has no token against forgery. Its address is what nobody else has.

    Looking changes nothing, since mail programs look too.
    """
    context = open_session(request, consultation, by_link=True).context
    try:
        read_end_token(token)
        if request.method == "POST":
            end_reminders(token=token)
    except BadSignature as reason:
        raise Http404 from reason
    ended = request.method == "POST"
    return render(request, "responding/end_reminders.html", context | {"ended": ended})


def typed_in(request: HttpRequest, session: RespondentSession) -> dict[str, Any]:
    """Return what was typed into any part's form and posted here."""
    plan = session.context["plan"]
    forms = (
        [PartForm(plan=plan, part=part, data=request.POST) for part in all_parts(plan)]
        if request.method == "POST"
        else []
    )
    return {name: value for form in forms for name, value in form.typed.items() if value}


@private
def draft_text(request: HttpRequest, consultation: str) -> HttpResponse:
    """Return this browser's draft as plain text to keep, even once nothing can be sent any more.

    Anyone who came too late even to start a draft posts what they typed, and gets it back.
    """
    session = open_session(request, consultation)
    if session.draft is None and request.method != "POST":
        return redirect("tasks", session.consultation.slug)
    words = render_to_string(
        "responding/draft.txt",
        session.context | dropped_words(session) | said_so_far(session, typed_in(request, session)),
        request,
    )
    return text_to_keep(words, name=f"{session.consultation.slug}-not-sent")
