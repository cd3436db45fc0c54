"""Pages that say why answers cannot be taken, with everything that was typed, to keep."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from consult.clock import day_in_words
from consult.clock import in_words as clock_in_words
from responses.responding.drafting import (
    expire_at,
    mark_of,
)
from responses.responding.forms import PartForm
from responses.responding.views.session import (
    RespondentSession,
)
from responses.wording import in_words


def closed_page(
    request: HttpRequest, session: RespondentSession, *, typed: dict[str, Any] | None = None
) -> HttpResponse:
    """That it is not open, with everything this person has written, to read and keep."""
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
    return render(request, "responding/closed.html", session.context | context)


def gone_page(
    request: HttpRequest, session: RespondentSession, form: PartForm | None = None
) -> HttpResponse:
    """That the answers in hand are not there to be changed any more, mostly since somebody sent
    them, with what was typed now.
    """
    typed = {name: value for name, value in form.typed.items() if value} if form else {}
    context = {
        "sent": session.sent,
        "sent_at": clock_in_words(session.sent.received_at) if session.sent else "",
        "rows": [
            (form.fields[name].label, form.worded(name, value)) for name, value in typed.items()
        ]
        if form
        else [],
        "fields": field_pairs(typed),
        "part": form.part if form else None,
        "mark": mark_of(None),
    }
    return render(
        request, "responding/gone.html", session.context | context, status=409 if form else 200
    )


def field_pairs(typed: dict[str, Any]) -> list[tuple[str, str]]:
    """What was typed as a form's hidden fields carry it: a name and a value for each choice."""
    return [
        (name, one)
        for name, value in typed.items()
        for one in (value if isinstance(value, list) else [value])
    ]
