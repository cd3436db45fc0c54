"""Pages that explain why answers cannot be taken, and give back everything that was typed."""

from contextlib import suppress
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from consult.clock import day_in_words
from consult.clock import in_words as clock_in_words
from responses.receipt_tokens import ReceiptKeyLost, receipt_token
from responses.responding.drafting import (
    expire_at,
    mark_of,
)
from responses.responding.forms import PartForm
from responses.responding.sending import answers_to_other_words
from responses.responding.views.recognised import remember_sender
from responses.responding.views.session import (
    RespondentSession,
)
from responses.wording import in_words


def closed_page(
    request: HttpRequest, session: RespondentSession, *, typed: dict[str, Any] | None = None
) -> HttpResponse:
    """Explain that it is not open, or was withdrawn, with everything this person has written."""
    fresh = {name: value for name, value in (typed or {}).items() if value}
    worded = [
        part for part in in_words(session.context["plan"], session.answers | fresh) if part.answered
    ]
    kept_until = day_in_words(expire_at(session.consultation))
    context = {
        "worded": worded,
        "begun": bool(session.draft),
        "kept_until": kept_until,
        "fields": field_pairs(fresh),
    }
    withdrawn = session.consultation.withdrawn_at is not None
    page = "responding/withdrawn.html" if withdrawn else "responding/closed.html"
    return render(request, page, session.context | dropped_words(session) | context)


def full_page(request: HttpRequest, session: RespondentSession) -> HttpResponse:
    """Explain that this browser cannot remember another draft without hiding one."""
    return render(request, "responding/full.html", session.context, status=409)


def gone_page(
    request: HttpRequest, session: RespondentSession, form: PartForm | None = None
) -> HttpResponse:
    """Explain that these answers can no longer be changed, usually because they were sent, with
    what was typed now.
    """
    typed = {name: value for name, value in form.typed.items() if value} if form else {}
    receipt = ""
    if session.sent and session.receipt_unseen:
        with suppress(ReceiptKeyLost):
            receipt = receipt_token(session.sent)
    context = {
        "sent": session.sent,
        "sent_here": session.sent_here,
        "sent_at": clock_in_words(session.sent.received_at) if session.sent else "",
        "receipt_token": receipt,
        "rows": [
            (form.fields[name].label, form.worded(name, value)) for name, value in typed.items()
        ]
        if form
        else [],
        "fields": field_pairs(typed),
        "part": form.part if form else None,
        "mark": mark_of(None),
        "may_start": session.may_start,
    }
    page = render(
        request, "responding/gone.html", session.context | context, status=409 if form else 200
    )
    if session.sent and receipt:
        # Our answer to its sending, which would have said so, got lost.
        remember_sender(page, request, session.sent)
    return page


def dropped_words(session: RespondentSession) -> dict[str, Any]:
    """Return the answers in hand whose questions were reworded or dropped since they were given."""
    found = (
        answers_to_other_words(session.draft, session.context["edition"]) if session.draft else []
    )
    return {
        "reworded": [answer for answer in found if answer.new],
        "dropped": [answer for answer in found if not answer.new],
    }


def field_pairs(typed: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what was typed as hidden fields carry it: a name and a value for each choice."""
    return [
        (name, one)
        for name, value in typed.items()
        for one in (value if isinstance(value, list) else [value])
    ]
