"""From the receipt: changing a response, withdrawing it, and correcting an address."""

from datetime import datetime
from uuid import UUID, uuid4

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from consult.nudging import nudge
from consult.views.guessing import count_guesses
from consult.web.private import private
from consult.web.rate_limits import count_refusal
from responses.answers import AnswersRefused
from responses.responding.amending import OVER, ChangedMeanwhile, withdraw_response
from responses.responding.drafting import start_amending
from responses.responding.resending import NothingToCorrect, correct_address
from responses.responding.submitting import ConsultationClosed
from responses.responding.tasks import send_due_confirmations
from responses.responding.views.posting import posted_from
from responses.responding.views.receipts import open_since, receipt_context, response_of
from responses.responding.views.recognised import recognised
from responses.responding.views.refusals import full_page
from responses.responding.views.session import keep_drafts, open_session, see_other


@private
@count_guesses
@posted_from("receipt")
@recognised(response_of)
def correct(request: HttpRequest, token: str) -> HttpResponse:
    """Send the confirmation to another address, if it could not be delivered."""
    response = response_of(token)
    typed = request.POST.get("email", "")
    try:
        correct_address(response=response, email=typed)
    except AnswersRefused as refused:
        problem = {"typed": typed, "problem": refused.problems["email"]}
        return render(request, "responding/receipt.html", receipt_context(token) | problem)
    except NothingToCorrect:
        # Pressed twice, or sent meanwhile: the receipt says which.
        pass
    else:
        nudge(send_due_confirmations)
    return see_other(reverse("receipt", args=[token]))


@private
@count_guesses
@posted_from("receipt")
@recognised(response_of)
def amend(request: HttpRequest, token: str) -> HttpResponse:
    """Start or continue changing what was sent, in this browser.

    What was sent counts until the changes are sent.
    """
    response = response_of(token)
    now = open_since(response)
    if response.act in OVER:
        return redirect("receipt", token)
    if now is None:
        return redirect(reverse("receipt", args=[token]) + "?too-late=change")
    session = open_session(request, response.consultation.slug)
    page = redirect("tasks", response.consultation.slug)
    if session.draft and session.draft.amends_id == response.pk:
        return page
    if session.is_full:
        return full_page(request, session)
    _draft, draft_token = start_amending(response=response, started_at=now)
    keep_drafts(page, session, [draft_token, *session.tokens])
    return page


@private
@count_guesses
@recognised(response_of)
def withdraw(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for confirmation, then withdraw the response.

    The page carries the time it was opened: like a form, one opened before closing still works in
    the grace period.
    """
    response = response_of(token)
    if response.act in OVER:
        return redirect("receipt", token)
    too_late = redirect(reverse("receipt", args=[token]) + "?too-late=withdraw")
    if request.method != "POST":
        now = open_since(response)
        if now is None:
            return too_late
        asked = {"key": uuid4(), "opened": signing.dumps(now.isoformat(), salt=opened_salt(token))}
        return render(request, "responding/withdraw.html", receipt_context(token) | asked)
    try:
        key = UUID(request.POST.get("submission_key", ""))
    except ValueError:
        return redirect("withdraw", token)
    try:
        submitted = withdraw_response(
            earlier=response, submission_key=key, started_at=opened_at(request, token)
        )
    except ConsultationClosed:
        count_refusal(reason="closed")
        return too_late
    except ChangedMeanwhile:
        # The receipt shows the current state.
        return redirect("receipt", token)
    if submitted.first:
        nudge(send_due_confirmations)
    return see_other(reverse("receipt", args=[token]))


def opened_at(request: HttpRequest, token: str) -> datetime:
    """Return when the posted page was opened, from its signed field; now if it has none."""
    now = timezone.now()
    try:
        signed = signing.loads(request.POST.get("opened", ""), salt=opened_salt(token))
        return min(datetime.fromisoformat(signed), now)
    except (signing.BadSignature, ValueError, TypeError):
        return now


def opened_salt(token: str) -> str:
    return f"withdrawing {token}"
