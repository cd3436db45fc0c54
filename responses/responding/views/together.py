"""For organisations: the questions and the draft to work on elsewhere, and a page that others can
read and not change.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consult.clock import in_words as moment
from consult.clock import time_in_words
from consult.views.guessing import count_guesses
from consult.views.pages import page_context
from consult.web.private import private
from responses.models import Draft, Response
from responses.responding.together import find_to_read, note_visit
from responses.responding.views.session import (
    RespondentSession,
    open_session,
    said_so_far,
    text_to_keep,
)
from responses.responding.word_document import asked_questions, word_document

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@require_safe
def questions_word(request: HttpRequest, consultation: str) -> HttpResponse:
    """Every question as a Word document, to work on with others."""
    context = page_context(consultation)
    notes = [context["window"].sentence, _("Every question is optional.")]
    content = word_document(plan=context["plan"], raw={}, notes=notes, contact=[])
    return _word(content, name=f"{consultation}-questions")


@require_safe
def questions_text(request: HttpRequest, consultation: str) -> HttpResponse:
    """Every question as plain text."""
    context = page_context(consultation)
    parts = {"parts": asked_questions(context["plan"], {})}
    words = render_to_string("responding/questions.txt", context | parts, request)
    return text_to_keep(words, name=f"{consultation}-questions")


@private
@require_safe
def draft_word(request: HttpRequest, consultation: str) -> HttpResponse:
    """The questions with this browser's answers, as a Word document."""
    session = open_session(request, consultation)
    if session.draft is None:
        return redirect("tasks", session.consultation.slug)
    return _draft_as_word(session, contact=said_so_far(session)["contact"])


@private
@count_guesses
@require_safe
def read_draft(request: HttpRequest, consultation: str, token: str) -> HttpResponse:
    """What a draft says at this moment, for people who sign it off: nothing here changes it."""
    session = _session_to_read(request, consultation, token)
    context = session.context | {"token": token, "sent": session.sent}
    if session.sent:
        context["sent_at"] = moment(session.sent.received_at)
    elif session.draft:
        context |= said_so_far(session)
        context |= {
            "files": session.draft.files.all(),
            "now": moment(session.consultation.now),
            "saved": moment(session.draft.saved_at),
        }
    return render(request, "responding/read_draft.html", context)


@private
@count_guesses
@require_safe
def read_draft_word(request: HttpRequest, consultation: str, token: str) -> HttpResponse:
    """The same as a Word document."""
    session = _session_to_read(request, consultation, token)
    if session.sent:
        return redirect("read-draft", consultation, token)
    # Who answers is not theirs to read: the page does not say it either.
    return _draft_as_word(session, contact=[])


def _session_to_read(request: HttpRequest, slug: str, token: str) -> RespondentSession:
    """What the link shows, whatever this browser has in hand itself. Raises Http404."""
    session = open_session(request, slug, by_link=True)
    session.draft = session.sent = None
    try:
        found = find_to_read(consultation=session.consultation, token=token)
    except Draft.DoesNotExist as reason:
        raise Http404 from reason
    if isinstance(found, Response):
        session.sent = found
    else:
        session.draft = found
    session.context["amends"] = None
    return session


def _draft_as_word(session: RespondentSession, *, contact: list[tuple[str, str]]) -> HttpResponse:
    said = _("Not sent yet. As it was at %(when)s.") % {"when": moment(session.consultation.now)}
    content = word_document(
        plan=session.context["plan"],
        raw=session.answers,
        notes=[session.context["window"].sentence, said],
        contact=contact,
    )
    return _word(content, name=f"{session.consultation.slug}-not-sent")


def _word(content: bytes, *, name: str) -> HttpResponse:
    page = HttpResponse(content, content_type=WORD)
    page["Content-Disposition"] = f'attachment; filename="{name}.docx"'
    return page


def others_here(request: HttpRequest, session: RespondentSession, part: str = "") -> list[Any]:
    """Who else has the draft in hand open now, where its link was shown or emailed to anyone.

    Each with the title of the part they are in, if they are in one, and since when.
    """
    # A draft that this request began has no token in the browser yet.
    if session.draft is None or not session.tokens or ":" not in session.tokens[0]:
        return []
    get_token(request)  # So that this browser has a secret, also on its first page.
    titles = {row.slug: row.title for row in session.context["plan"].parts}
    seen = note_visit(draft=session.draft, browser=request.META["CSRF_COOKIE"], part=part)
    return [(titles.get(other.part, ""), time_in_words(other.seen_at)) for other in seen]
