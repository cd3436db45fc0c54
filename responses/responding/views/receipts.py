"""The receipt: what arrived, what has become of it, and second thoughts.

For whoever holds its unguessable address.
"""

import logging
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from consult import clock
from consult.models import Consultation, published
from consult.nudging import nudge
from consult.plans.editions import current_edition, plan_of
from consult.web.private import private
from responses.answers import AnswersRefused, read_equality_answers
from responses.models import BatchMember, Response
from responses.receipt_tokens import find_response
from responses.responding.amending import OVER, ChangedMeanwhile, versions_of, withdraw_response
from responses.responding.drafting import start_amending
from responses.responding.equality import (
    AnsweredBefore,
    NotAskedNow,
    NothingAnswered,
    are_asked,
    equality_answers_of,
    give_equality_answers,
    stop_equality_use,
)
from responses.responding.forms import PartForm
from responses.responding.pdf import PdfNotMade, make_pdf
from responses.responding.resending import NothingToCorrect, correct_address
from responses.responding.submitting import ConsultationClosed
from responses.responding.tasks import send_due_confirmations
from responses.responding.views.session import keep_drafts, sit_down, text_to_keep
from responses.wording import in_words

log = logging.getLogger(__name__)


def response_of(token: str) -> Response:
    """The newest version of the response that `token` opens. Raises Http404."""
    try:
        return find_response(token)
    except Response.DoesNotExist as reason:
        raise Http404 from reason


def open_since(response: Response) -> datetime | None:
    """The database's time now, where the consultation takes changes at this moment; else None."""
    window = published().filter(pk=response.consultation_id).first()
    return window.now if window and window.phase_at(window.now) == Consultation.Phase.OPEN else None


def said(response: Response) -> dict[str, Any]:
    """One version in words: when it came, and each answer under its question as it was
    asked then.
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
        "contact": [(label, value) for label, value in contact if value],
    }


def happened(versions: list[Response]) -> list[tuple[str, str]]:
    """What became of a response so far, each with its moment in words, the earliest first.

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
        (version.review.first_read_at, _("Somebody read it."))
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
    """How it stands with the equality questions:

    "given", "stopped", "asked", or "" where they are not put.
    """
    given = equality_answers_of(token)
    if given is not None:
        return "stopped" if given.stopped else "given"
    asked = response.act not in OVER and are_asked(response.consultation)
    return (
        "asked"
        if asked and plan_of(current_edition(response.consultation)).equality.questions
        else ""
    )


def receipt_context(token: str) -> dict[str, Any]:
    """What the receipt says, on the page and in the copies of it."""
    response = response_of(token)
    versions = versions_of(response)
    # The edition that was answered, not today's; and no look at whether it is published, so that a
    # receipt outlives that.
    return {
        "consultation": response.consultation,
        "plan": plan_of(response.edition),
        "token": token,
        "response": response,
        "now": said(response),
        "earlier": [said(version) for version in versions[1:]],
        "happened": happened(versions),
        "equality": equality_state(response, token),
        "may_change": response.act not in OVER and open_since(response) is not None,
        "closing": clock.closing_in_words(response.consultation.closes_at),
    }


@private
@require_safe
def receipt(request: HttpRequest, token: str) -> HttpResponse:
    """What arrived, when, and what has become of it."""
    just_stopped = request.GET.get("equality") == "stopped"
    return render(
        request, "responding/receipt.html", receipt_context(token) | {"just_stopped": just_stopped}
    )


@private
@require_POST
def correct(request: HttpRequest, token: str) -> HttpResponse:
    """Send the confirmation to another address, where it could not be delivered."""
    response = response_of(token)
    typed = request.POST.get("email", "")
    try:
        correct_address(response=response, email=typed)
    except AnswersRefused as refused:
        problem = {"typed": typed, "problem": refused.problems["email"]}
        return render(request, "responding/receipt.html", receipt_context(token) | problem)
    except NothingToCorrect:
        # Pressed twice, or sent meanwhile; the receipt says which.
        pass
    else:
        nudge(send_due_confirmations)
    page = redirect("receipt", token)
    page.status_code = 303
    return page


@private
@require_safe
def receipt_text(request: HttpRequest, token: str) -> HttpResponse:
    """The receipt as plain text, to keep."""
    context = receipt_context(token)
    words = render_to_string("responding/receipt.txt", context, request)
    return text_to_keep(words, name=f"response-{context['response'].reference}")


@private
@require_safe
def receipt_pdf(request: HttpRequest, token: str) -> HttpResponse:
    """The receipt as an accessible PDF, to keep.

    Where none can be made, words that say what else there is.
    """
    context = receipt_context(token)
    try:
        content = make_pdf(render_to_string("responding/receipt_print.html", context))
    except PdfNotMade as reason:
        log.warning("No PDF of a receipt: %s", reason)
        return render(request, "responding/no_pdf.html", context, status=503)
    page = HttpResponse(content, content_type="application/pdf")
    page["Content-Disposition"] = (
        f'attachment; filename="response-{context["response"].reference}.pdf"'
    )
    return page


@private
@require_POST
def amend(request: HttpRequest, token: str) -> HttpResponse:
    """Begin to change what was sent, or go on with that in this browser.

    What was sent counts until the changes are sent.
    """
    response = response_of(token)
    now = open_since(response)
    if now is None or response.act in OVER:
        return redirect("receipt", token)
    desk = sit_down(request, response.consultation.slug)
    page = redirect("tasks", response.consultation.slug)
    if desk.draft and desk.draft.amends_id == response.pk:
        return page
    _draft, draft_token = start_amending(response=response, started_at=now)
    keep_drafts(page, desk, [draft_token, *desk.tokens])
    return page


@private
def withdraw(request: HttpRequest, token: str) -> HttpResponse:
    """Ask once more, then take the response back."""
    response = response_of(token)
    now = open_since(response)
    if now is None or response.act in OVER:
        return redirect("receipt", token)
    if request.method != "POST":
        return render(
            request, "responding/withdraw.html", receipt_context(token) | {"key": uuid4()}
        )
    try:
        key = UUID(request.POST.get("submission_key", ""))
    except ValueError:
        return redirect("withdraw", token)
    try:
        submitted = withdraw_response(earlier=response, submission_key=key, started_at=now)
    except (ChangedMeanwhile, ConsultationClosed):
        # The receipt says how things stand now.
        return redirect("receipt", token)
    if submitted.first:
        nudge(send_due_confirmations)
    page = redirect("receipt", token)
    page.status_code = 303
    return page


@private
def equality(request: HttpRequest, token: str) -> HttpResponse:
    """The equality questions, each optional, once the response is safely there."""
    response = response_of(token)
    back = redirect("receipt", token)
    back.status_code = 303
    if equality_state(response, token) != "asked":
        return back
    edition = current_edition(response.consultation)
    plan = plan_of(edition)
    form = PartForm(
        plan=plan, part=plan.equality, data=request.POST if request.method == "POST" else None
    )
    if request.method != "POST" or not form.is_valid():
        context = {
            "consultation": response.consultation,
            "plan": plan,
            "token": token,
            "form": form,
            "response": response,
        }
        return render(request, "responding/equality.html", context)
    answers = read_equality_answers(plan, form.typed)
    # Nothing chosen, the time over or pressed twice: the receipt says how it stands now.
    with suppress(NothingAnswered, NotAskedNow, AnsweredBefore):
        give_equality_answers(
            consultation=response.consultation, edition=edition, token=token, answers=answers
        )
    return back


@private
@require_POST
def stop_equality(request: HttpRequest, token: str) -> HttpResponse:
    """Take the equality answers out of use. The response stays as it is."""
    response_of(token)
    stop_equality_use(token=token)
    page = redirect(reverse("receipt", args=[token]) + "?equality=stopped#equality")
    page.status_code = 303
    return page
