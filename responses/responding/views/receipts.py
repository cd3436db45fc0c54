"""The receipt: what arrived, and what has happened to it since.

For anyone who has its unguessable address.
"""

import logging
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consult import clock
from consult.models import Consultation, published
from consult.plans.editions import current_edition, plan_of
from consult.views.guessing import count_guesses
from consult.web.private import private
from consult.web.rate_limits import OverLimit
from responses.answers import answers_for_an_organisation
from responses.models import BatchMember, Response
from responses.receipt_tokens import ReceiptKeyLost, find_response, receipt_code
from responses.responding.amending import OVER, versions_of
from responses.responding.drafting import mark_of
from responses.responding.equality import (
    are_asked,
    gave_equality_answers,
)
from responses.responding.pdf import NotDrawn, PdfNotMade, make_pdf
from responses.responding.recognising import recognise_sender
from responses.responding.resending import NOT_REACHED
from responses.responding.views.posting import posted_from
from responses.responding.views.recognised import (
    ASKED_TOO_OFTEN,
    NOT_KNOWN,
    NOTHING_TYPED,
    is_recognised,
    recognised,
    remember_sender,
)
from responses.responding.views.session import see_other, text_to_keep
from responses.wording import in_words

log = logging.getLogger(__name__)


def response_of(token: str) -> Response:
    """Return the newest version of the response that `token` opens. Raises Http404."""
    try:
        return find_response(token)
    except Response.DoesNotExist as reason:
        raise Http404 from reason


def open_since(response: Response) -> datetime | None:
    """Return the database's time now if the consultation takes changes, or None."""
    window = published().filter(pk=response.consultation_id).first()
    return window.now if window and window.phase_at(window.now) == Consultation.Phase.OPEN else None


def said(response: Response) -> dict[str, Any]:
    """Return one version in words: when it came, and each answer under its question as it was then
    worded.
    """
    plan = plan_of(response.edition)
    worded = [part for part in in_words(plan, response.choices | response.texts) if part.answered]
    contact = [
        (_("Name"), response.contact.name),
        (_("Email"), response.contact.email),
        (_("Corrected email"), response.contact.corrected_email),
        (_("Postcode"), response.contact.postcode_district),
    ]
    return {
        "response": response,
        "received": clock.in_words(response.received_at),
        "worded": worded,
        "files": list(response.attachments.all()),
        "contact": [(label, value) for label, value in contact if value],
    }


def happened(versions: list[Response]) -> list[tuple[str, str]]:
    """Return what has happened to a response, each with its time in words, earliest first.

    Nothing of what staff think of it.
    """
    acts = {
        "sent": _("We received your response."),
        "amended": _("We received your changes."),
        "withdrawn": _("You withdrew your response."),
    }
    acts["erased"] = _("What you wrote was erased.")
    events = [(version.received_at, acts[version.act]) for version in versions]
    events += [
        (version.review.first_read_at, _("Someone read it."))
        for version in versions
        if version.review.first_read_at
    ]
    batches = BatchMember.objects.filter(response__in=versions).select_related("batch")
    events += [
        (row.batch.sealed_at, _("It was put in batch %(number)s.") % {"number": row.batch.number})
        for row in batches
    ]
    events += [
        (version.confirmation.sent_at, _("We sent you an email."))
        for version in versions
        if version.confirmation.sent_at
    ]
    return [(clock.in_words(at), words) for at, words in sorted(events)]


def equality_state(response: Response, token: str) -> str:
    """Return "given", "asked", or "" if the equality questions are not asked."""
    if gave_equality_answers(token):
        return "given"
    asked = response.act not in OVER and are_asked(response.consultation)
    plan = plan_of(current_edition(response.consultation))
    organisation = answers_for_an_organisation(response.choices)
    return "asked" if asked and plan.equality_for(organisation=organisation).questions else ""


def outer_context(token: str) -> dict[str, Any]:
    """What the receipt says to anyone who has its address: nothing that was typed."""
    response = response_of(token)
    # The edition that was answered, not today's; and no look at whether it is published, so that a
    # receipt outlives that.
    return {
        "consultation": response.consultation,
        "plan": plan_of(response.edition),
        "token": token,
        "response": response,
        "received": clock.in_words(response.received_at),
        "happened": happened(versions_of(response)),
        # A withdrawn consultation has no pages any more.
        "findable": response.consultation.withdrawn_at is None,
    }


def receipt_context(token: str) -> dict[str, Any]:
    """What the receipt says to its sender, on the page and in the copies of it."""
    outer = outer_context(token)
    response = outer["response"]
    versions = versions_of(response)
    code = ""
    with suppress(ReceiptKeyLost):
        code = receipt_code(response)
    return outer | {
        "recognised": True,
        "code": code,
        "not_reached": response.confirmation.state in NOT_REACHED,
        "now": said(response),
        "earlier": [said(version) for version in versions[1:]],
        "marks": " ".join(map(mark_of, versions)),
        "sent_values": response.choices
        | response.texts
        | {"name": response.contact.name, "email": response.contact.email},
        "equality": equality_state(response, token),
        "may_change": response.act not in OVER and open_since(response) is not None,
        "closing": clock.closing_in_words(response.consultation.closes_at),
    }


@private
@count_guesses
@require_safe
def receipt(request: HttpRequest, token: str) -> HttpResponse:
    """What arrived, when, and what has become of it."""
    response = response_of(token)
    # Of what was erased there is nothing to hide.
    if response.act != Response.Act.ERASED and not is_recognised(request, response):
        return render(request, "responding/receipt_outside.html", outer_context(token))
    arrived_from = {"too_late": request.GET.get("too-late", "")}
    return render(request, "responding/receipt.html", receipt_context(token) | arrived_from)


@private
@count_guesses
@posted_from("receipt")
def show(request: HttpRequest, token: str) -> HttpResponse:
    """Show the whole receipt to someone who has, or knows, what only its sender does."""
    response = response_of(token)
    typed = request.POST.get("known", "")
    try:
        right = bool(typed.strip()) and recognise_sender(response=response, typed=typed)
    except OverLimit:
        problem = ASKED_TOO_OFTEN
    else:
        if right:
            page = see_other(reverse("receipt", args=[token]))
            remember_sender(page, request, response)
            return page
        problem = NOT_KNOWN if typed.strip() else NOTHING_TYPED
    context = outer_context(token) | {"typed": typed, "problem": problem}
    return render(request, "responding/receipt_outside.html", context)


@private
@count_guesses
@require_safe
@recognised(response_of)
def receipt_text(request: HttpRequest, token: str) -> HttpResponse:
    """Return the receipt as plain text, to keep."""
    context = receipt_context(token)
    words = render_to_string("responding/receipt.txt", context, request)
    return text_to_keep(words, name=f"response-{context['response'].reference}")


@private
@count_guesses
@require_safe
@recognised(response_of)
def receipt_pdf(request: HttpRequest, token: str) -> HttpResponse:
    """Return the receipt as an accessible PDF, to keep.

    If it cannot be made, a page says what else there is.
    """
    context = receipt_context(token)
    try:
        content = make_pdf(
            render_to_string("responding/receipt_print.html", context),
            anyway=request.GET.get("anyway") == "yes",
        )
    except NotDrawn as reason:
        return render(request, "responding/no_pdf.html", context | {"missing": reason.characters})
    except PdfNotMade as reason:
        log.warning("No PDF of a receipt: %s", reason)
        return render(request, "responding/no_pdf.html", context, status=503)
    page = HttpResponse(content, content_type="application/pdf")
    page["Content-Disposition"] = (
        f'attachment; filename="response-{context["response"].reference}.pdf"'
    )
    return page
