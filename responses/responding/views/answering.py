"""Answering, part by part."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from consult.clock import day_in_words, time_in_words
from consult.plans.document import Part
from consult.views.errors import too_often
from consult.web.client_address import address_of
from consult.web.private import private
from consult.web.rate_limits import OverLimit, count_hit, refuse_over_limit
from responses.contacts import likely_meant
from responses.models import Draft
from responses.responding.drafting import (
    Saved,
    expire_at,
    fingerprint,
    mark_of,
    save_part,
    start_draft,
)
from responses.responding.forms import PartForm
from responses.responding.views.part_page import address_after, find_part, render_part, write_seen
from responses.responding.views.refusals import closed_page, gone_page
from responses.responding.views.session import (
    RespondentSession,
    keep_drafts,
    open_session,
    remember_opening,
)


@private
@require_POST
def another(request: HttpRequest, consultation: str) -> HttpResponse:
    """Begin one more response on this device, for somebody else at it.

    What was begun before stays behind it.
    """
    session = open_session(request, consultation)
    if not session.context["window"].takes_responses:
        return closed_page(request, session)
    tokens = session.tokens
    session.draft = None
    try:
        _draft, token = take_draft(request, session)
    except OverLimit as over:
        return too_often(request, seconds=over.seconds)
    page = redirect("tasks", session.consultation.slug)
    page.status_code = 303
    keep_drafts(page, session, [token, *tokens])
    return page


@private
@require_safe
def tasks(request: HttpRequest, consultation: str) -> HttpResponse:
    """The parts of the response, in any order, and how far each has got."""
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
        | {"groups": groups, "begun": bool(session.draft), "kept_until": kept_until},
    )
    return remember_opening(page, session)


def state_of(part: Part, session: RespondentSession) -> str:
    """ "done", "in-progress" or "not-started"."""
    if session.draft and part.slug in session.draft.parts_done:
        return "done"
    form = PartForm(plan=session.context["plan"], part=part)
    return "in-progress" if any(session.answers.get(name) for name in form.names) else "not-started"


@private
def part(request: HttpRequest, consultation: str, part: str) -> HttpResponse:
    """The questions of one part. Continue keeps what was typed, right or wrong."""
    session = open_session(request, consultation)
    plan = session.context["plan"]
    this = find_part(plan, part)
    returning = request.GET.get("return") == "check"
    if request.method == "POST":
        form = PartForm(plan=plan, part=this, data=request.POST)
        if not is_in_hand(request, session):
            return gone_page(request, session, form)
        if not session.may_answer and not session.draft:
            return closed_page(request, session, typed=form.typed)
        try:
            draft, token = take_draft(request, session)
        except OverLimit as over:
            return too_often(request, seconds=over.seconds)
        question_email(request, form)
        try:
            saved = keep_typed(
                request, draft, form, done=form.is_valid() and "later" not in request.POST
            )
        except Draft.DoesNotExist:
            return gone_page(request, session, form)
        session.draft = saved.draft
        if not session.may_answer:
            return closed_page(request, session)
        if saved.elsewhere:
            page = render_part(request, session, this, form, returning=returning, saved=saved)
        elif "later" in request.POST:
            page = redirect("later", session.consultation.slug)
            page.status_code = 303
        elif form.is_valid():
            page = redirect(address_after(this, session, returning=returning))
            page.status_code = 303
        else:
            page = render_part(request, session, this, form, returning=returning)
        if token:
            keep_drafts(page, session, [token, *session.tokens])
        return page
    if session.sent:
        return gone_page(request, session)
    if not session.may_answer:
        return closed_page(request, session)
    form = PartForm(plan=plan, part=this, initial=session.answers)
    return remember_opening(render_part(request, session, this, form, returning=returning), session)


@private
@require_POST
def save(request: HttpRequest, consultation: str, part: str) -> HttpResponse:
    """Keep what is being typed, for the script of a part's page.

    Says when, and what the page now knows of each field.
    """
    session = open_session(request, consultation)
    plan = session.context["plan"]
    this = find_part(plan, part)
    form = PartForm(plan=plan, part=this, data=request.POST)
    # Continue then says what happened, and keeps what was typed.
    if not is_in_hand(request, session) or (not session.may_answer and not session.draft):
        return JsonResponse({}, status=409)
    try:
        draft, token = take_draft(request, session)
        saved = keep_typed(request, draft, form, done=None)
    except OverLimit:
        return JsonResponse({}, status=429)
    except Draft.DoesNotExist:
        return JsonResponse({}, status=409)
    known = read_seen(request)
    # A field that somebody else changed too stays as the page knew it, so that Continue shows both
    # and asks.
    now_seen = {
        name: known[name] if name in saved.elsewhere else fingerprint(value)
        for name, value in form.typed.items()
    }
    page = JsonResponse(
        {
            "at": time_in_words(session.consultation.now),
            "seen": write_seen(now_seen),
            "draft": mark_of(saved.draft),
            "elsewhere": time_in_words(saved.changed_at) if saved.elsewhere else "",
        }
    )
    if token:
        keep_drafts(page, session, [token, *session.tokens])
    return page


def question_email(request: HttpRequest, form: PartForm) -> None:
    """Ask whether an address was mistyped, once: whoever presses Continue again with the same
    address means it.
    """
    if "email" in form.names and "later" not in request.POST and form.is_valid():
        typed = form.typed["email"] or ""
        meant = likely_meant(typed)
        if meant and request.POST.get("email_meant") != typed:
            words = _(
                "Did you mean %(meant)s? Change the address, or press Continue again to keep it."
            )
            form.add_error("email", words % {"meant": meant})


def take_draft(request: HttpRequest, session: RespondentSession) -> tuple[Draft, str]:
    """The draft in hand and "", or, where this browser has none, a new one and its token.

    Raises OverLimit.
    """
    if session.draft is not None:
        return session.draft, ""
    refuse_over_limit(limit="draft", key=address_of(request))
    count_hit(limit="draft", key=address_of(request))
    session.draft, token = start_draft(
        consultation=session.consultation, started_at=session.opened_at
    )
    return session.draft, token


def keep_typed(request: HttpRequest, draft: Draft, form: PartForm, *, done: bool | None) -> Saved:
    """Save a page into `draft`.

    Raises Draft.DoesNotExist where that was sent a moment ago, by a colleague or in another tab.
    """
    return save_part(
        draft=draft,
        part=form.part.slug,
        fields=form.names,
        values=form.typed,
        done=done,
        seen=read_seen(request),
    )


def is_in_hand(request: HttpRequest, session: RespondentSession) -> bool:
    """Whether what was typed belongs to the answers that this browser has in hand, by the mark of
    them that its page carries.

    Not where they were sent meanwhile, by a colleague or in another tab, or where the page was one
    of other answers.
    """
    mark = request.POST.get("draft", "")
    return mark in {"", mark_of(None), mark_of(session.draft)}


def read_seen(request: HttpRequest) -> dict[str, str]:
    """What the page knew of each field, by the hidden field that it carries."""
    return {
        name: shown
        for name, colon, shown in (
            pair.rpartition(":") for pair in request.POST.get("seen", "").split(" ")
        )
        if colon
    }
