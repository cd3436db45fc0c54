"""For people who share their device: what to know before starting, and leaving nothing behind."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from consult.clock import day_in_words
from consult.web.private import private
from responses.responding.drafting import discard_draft, expire_at, mark_of
from responses.responding.views.posting import posted_from
from responses.responding.views.recognised import forget_senders
from responses.responding.views.refusals import closed_page, gone_page
from responses.responding.views.session import (
    RespondentSession,
    keep_drafts,
    open_session,
    remember_opening,
    see_other,
)


@private
@require_safe
def before_you_start(request: HttpRequest, consultation: str) -> HttpResponse:
    """Explain how to leave these pages quickly, once, before someone starts."""
    session = open_session(request, consultation)
    if session.sent:
        return gone_page(request, session)
    if not session.may_answer:
        return closed_page(request, session)
    if session.draft:
        return redirect("tasks", session.consultation.slug)
    page = render(request, "responding/before_you_start.html", session.context)
    return remember_opening(page, session)


@private
def delete_answers(request: HttpRequest, consultation: str) -> HttpResponse:
    """Ask for confirmation, then remove the answers in hand from this device.

    If nobody else can have their link, they are deleted from the service too.
    """
    session = open_session(request, consultation, by_link=True)
    shared = bool(session.draft) and is_shared(session)
    if request.method == "POST" and session.draft:
        mark = mark_of(session.draft)
        if not shared:
            discard_draft(draft=session.draft)
        page = see_other(
            reverse("delete-answers", args=[session.consultation.slug]) + f"?deleted={mark}"
        )
        forget_in_hand(page, session)
        return page
    context = {
        "begun": session.draft is not None,
        "shared": shared,
        "kept_until": day_in_words(expire_at(session.consultation)),
        "deleted": request.GET.get("deleted", ""),
    }
    return render(request, "responding/delete_answers.html", session.context | context)


@private
@posted_from("tasks")
def leave(request: HttpRequest, consultation: str) -> HttpResponse:
    """Forget the answers in hand in this browser, so that going back does not show them.

    The service keeps them: anyone who has their link can still open them.
    """
    page = HttpResponse(status=204)
    forget_in_hand(page, open_session(request, consultation))
    return page


def is_shared(session: RespondentSession) -> bool:
    """Tell whether the link to the answers in hand was shown or emailed to someone."""
    return ":" in session.tokens[0] or (session.draft is not None and session.draft.links.exists())


def forget_in_hand(page: HttpResponse, session: RespondentSession) -> None:
    """Let the browser forget the answers in hand, and that it sent any or opened the form; it shows
    no receipt whole any more.
    """
    keep_drafts(page, session, session.tokens[1:])
    for what in ("opened", "sent"):
        page.delete_cookie(session.cookie(what), samesite="Lax")
    forget_senders(page, session.consultation.pk)
