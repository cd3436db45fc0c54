"""Answering, part by part."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consult.clock import day_in_words, time_in_words
from consult.plans.document import Part
from consult.views.errors import too_often
from consult.web.client_address import address_of
from consult.web.private import private
from consult.web.rate_limits import OverLimit, take_turn
from responses.models import Draft
from responses.responding.drafting import (
    expire_at,
    fingerprint,
    mark_of,
    start_draft,
)
from responses.responding.forms import PartForm
from responses.responding.short_form import short_part
from responses.responding.views.part_page import (
    address_after,
    find_part,
    is_in_hand,
    keep_typed,
    leads_elsewhere,
    other_language,
    question_email,
    read_page,
    read_seen,
    render_part,
    show_again,
    with_language,
    write_seen,
)
from responses.responding.views.posting import posted_from
from responses.responding.views.recognised import forget_senders
from responses.responding.views.refusals import closed_page, full_page, gone_page
from responses.responding.views.session import (
    RespondentSession,
    keep_drafts,
    open_session,
    remember_opening,
    see_other,
)
from responses.responding.views.together import others_here


@private
@posted_from("tasks")
def another(request: HttpRequest, consultation: str) -> HttpResponse:
    """Start a response for someone else on this device.

    The one already started is kept for later.
    """
    session = open_session(request, consultation)
    if not session.may_start:
        return closed_page(request, session)
    if session.is_full:
        return full_page(request, session)
    tokens = session.tokens
    session.draft = None
    try:
        _draft, token = take_draft(request, session)
    except OverLimit as over:
        return too_often(request, seconds=over.seconds)
    page = see_other(reverse("tasks", args=[session.consultation.slug]))
    keep_drafts(page, session, [token, *tokens])
    page.delete_cookie(session.cookie("sent"), samesite="Lax")
    # The next person goes back to no words of the one before.
    forget_senders(page, session.consultation.pk)
    return page


@private
@require_safe
def tasks(request: HttpRequest, consultation: str) -> HttpResponse:
    """List the parts of the response, in any order, and how far each has got."""
    session = open_session(request, consultation)
    if session.sent:
        return gone_page(request, session)
    if not session.may_answer:
        return closed_page(request, session)
    rows = [
        {"part": part, "state": state_of(part, session)} for part in session.context["plan"].parts
    ]
    groups = [
        (heading, [row for row in rows if row["part"].kind in kinds])
        for heading, kinds in (
            (_("Parts of the plan"), {"section"}),
            (_("Recommended changes"), {"recommendation"}),
            (_("The whole plan, and you"), {"general", "about-you"}),
        )
    ]
    kept_until = day_in_words(expire_at(session.consultation))
    page = render(
        request,
        "responding/tasks.html",
        session.context
        | {
            "groups": groups,
            "answered": sum(row["state"] != "not-started" for row in rows),
            "begun": bool(session.draft),
            "short": short_part(session.context["plan"]),
            "files": session.draft.files.count() if session.draft else 0,
            "kept_until": kept_until,
            "mark": mark_of(session.draft),
            "others_here": others_here(request, session),
        },
    )
    return remember_opening(page, session)


def state_of(part: Part, session: RespondentSession) -> str:
    """Return "done", "in-progress" or "not-started"."""
    form = PartForm(plan=session.context["plan"], part=part)
    if session.draft is None or not any(session.answers.get(name) for name in form.names):
        return "not-started"
    return "done" if part.slug in session.draft.parts_done else "in-progress"


@private
def part(request: HttpRequest, consultation: str, part: str) -> HttpResponse:
    """Show the questions of one part. Continue keeps what was typed, right or wrong."""
    session = open_session(request, consultation)
    returning = request.GET.get("return") == "check"
    if request.method == "POST":
        return keep_and_go_on(request, session, part, returning=returning)
    this = find_part(session.context["plan"], part)
    if session.sent:
        return gone_page(request, session)
    if not session.may_answer:
        return closed_page(request, session)
    form = PartForm(plan=session.context["plan"], part=this, initial=session.answers)
    session.context["others_here"] = others_here(request, session, this.slug)
    return remember_opening(render_part(request, session, form, returning=returning), session)


def keep_and_go_on(
    request: HttpRequest, session: RespondentSession, part: str, *, returning: bool
) -> HttpResponse:
    """Save the page that was posted, then show the next one, or this one with its problems."""
    edition, form = read_page(request, session, part)
    if not is_in_hand(request, session):
        return gone_page(request, session, form)
    if not session.may_answer and not session.draft:
        return closed_page(request, session, typed=form.typed)
    leaving, cleared = leads_elsewhere(request), request.POST.get("clear", "")
    if leaving in {"tasks", "check"} and not session.draft and not any(form.typed.values()):
        return see_other(reverse(leaving, args=[session.consultation.slug]))
    try:
        draft, token = take_draft(request, session)
    except OverLimit as over:
        return too_often(request, seconds=over.seconds)
    question_email(request, form)
    switching = other_language(request)
    done = leaving != "later" and form.is_valid() and any(form.typed.values())
    try:
        saved = keep_typed(request, draft, edition, form, done=None if switching else done)
    except Draft.DoesNotExist:
        return gone_page(request, session, form)
    session.draft = saved.draft
    if not session.may_answer:
        return closed_page(request, session)
    if (
        saved.elsewhere
        or saved.too_long
        or not (leaving or cleared or switching or form.is_valid())
    ):
        page = show_again(request, session, form, returning=returning, saved=saved)
    elif cleared in form.names:
        page = see_other(f"{request.get_full_path()}#id_{cleared}")
    elif switching:
        page = see_other(with_language(request, switching))
    elif leaving:
        page = see_other(reverse(leaving, args=[session.consultation.slug]))
    else:
        page = see_other(address_after(part, session, returning=returning))
    if token:
        keep_drafts(page, session, [token, *session.tokens])
    return page


@private
@posted_from("part")
def save(request: HttpRequest, consultation: str, part: str) -> HttpResponse:
    """Save what is being typed, for the script on a part's page.

    Returns when it was saved, and what the page now knows of each field.
    """
    session = open_session(request, consultation)
    edition, form = read_page(request, session, part)
    # Continue then explains what happened, and keeps what was typed.
    if not is_in_hand(request, session) or (not session.may_answer and not session.draft):
        return JsonResponse({}, status=409)
    try:
        draft, token = take_draft(request, session)
        saved = keep_typed(request, draft, edition, form, done=None)
    except OverLimit:
        return JsonResponse({}, status=429)
    except Draft.DoesNotExist:
        return JsonResponse({}, status=409)
    others_here(request, session, part)
    known = read_seen(request)
    # A field that someone else also changed stays as the page knew it, so that Continue shows both
    # and asks; one that is too long stays unsaved.
    left_alone = {*saved.elsewhere, *saved.too_long}
    now_seen = {
        name: known.get(name, "") if name in left_alone else fingerprint(value, name)
        for name, value in form.typed.items()
    }
    page = JsonResponse(
        {
            "at": time_in_words(session.consultation.now),
            "seen": write_seen(now_seen),
            "draft": mark_of(saved.draft),
            "elsewhere": time_in_words(saved.changed_at) if saved.elsewhere else "",
            "tooLong": bool(saved.too_long),
        }
    )
    if token:
        keep_drafts(page, session, [token, *session.tokens])
    return page


def take_draft(request: HttpRequest, session: RespondentSession) -> tuple[Draft, str]:
    """Return the draft in hand and "", or, if this browser has none, a new one and its token.

    Raises OverLimit.
    """
    if session.draft is not None:
        return session.draft, ""
    take_turn(limit="draft", key=address_of(request))
    session.draft, token = start_draft(
        consultation=session.consultation, started_at=session.opened_at
    )
    return session.draft, token
