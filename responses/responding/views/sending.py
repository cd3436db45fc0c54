"""The last two steps: checking everything, and sending it."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from consult.nudging import nudge
from consult.views.errors import too_often
from consult.web.client_address import address_of
from consult.web.private import private
from consult.web.rate_limits import OverLimit, count_hit, count_refusal, refuse_over_limit
from responses.answers import AnswersRefused, read_answers
from responses.contacts import read_contact
from responses.receipt_tokens import receipt_token
from responses.responding.amending import ChangedMeanwhile, amend_response, version_to_replace
from responses.responding.drafting import (
    discard_draft,
)
from responses.responding.flagging import FIELD, flags_of
from responses.responding.forms import PartForm
from responses.responding.submitting import (
    ConsultationClosed,
    NothingToSend,
    SentDifferently,
    Submission,
    Submitted,
    find_submitted,
    submit_response,
)
from responses.responding.tasks import send_due_confirmations
from responses.responding.views.refusals import closed_page, gone_page
from responses.responding.views.session import (
    RespondentSession,
    keep_drafts,
    open_session,
    said_so_far,
)


@private
@require_safe
def check(request: HttpRequest, consultation: str) -> HttpResponse:
    """Everything that would be sent, to look over and change."""
    session = open_session(request, consultation)
    if session.sent:
        return gone_page(request, session)
    if not session.may_answer:
        return closed_page(request, session)
    return render_check(request, session)


def render_check(
    request: HttpRequest, session: RespondentSession, *, empty: bool = False
) -> HttpResponse:
    plan = session.context["plan"]
    problems = []
    for this in plan.parts:
        form = PartForm(plan=plan, part=this, data=session.answers)
        problems += [
            {"part": this, "name": name, "problem": errors[0]}
            for name, errors in form.errors.items()
        ]
    context = said_so_far(session) | {
        "problems": problems,
        "empty": empty,
        "key": session.draft.submission_key if session.draft else "",
    }
    return render(request, "responding/check.html", session.context | context)


@private
@require_POST
def send(request: HttpRequest, consultation: str) -> HttpResponse:
    """Send what was checked. Sending again leads to the same receipt."""
    session = open_session(request, consultation)
    try:
        key = UUID(request.POST.get("submission_key", ""))
    except ValueError:
        return (
            render_check(request, session, empty=True)
            if session.may_answer
            else closed_page(request, session)
        )
    try:
        refuse_over_limit(limit="send", key=address_of(request))
        flags = flags_of(
            started_at=session.started_at,
            now=session.consultation.now,
            hidden_field=request.POST.get(FIELD, ""),
            address=address_of(request),
        )
        submitted = send_draft(
            session, key, replacing=request.POST.get("replacing", ""), flags=flags
        )
    except OverLimit as over:
        count_refusal(reason="too-often")
        return too_often(request, seconds=over.seconds)
    except ConsultationClosed:
        count_refusal(reason="closed")
        return closed_page(request, session)
    except NothingToSend:
        return render_check(request, session, empty=True)
    except AnswersRefused:
        return render_check(request, session)
    except ChangedMeanwhile as changed:
        context = session.context | {
            "newest": changed.newest,
            "receipt_token": receipt_token(changed.newest),
            "key": key,
            "over": changed.over,
        }
        return render(request, "responding/changed_meanwhile.html", context, status=409)
    except SentDifferently as refused:
        return render(
            request,
            "responding/sent_differently.html",
            session.context | {"response": refused.response},
            status=409,
        )
    if submitted is None:
        return render(request, "responding/nothing_here.html", session.context, status=404)
    was_in_hand = session.draft is not None and session.draft.submission_key == key
    if session.draft and was_in_hand:
        discard_draft(draft=session.draft)
    if submitted.first:
        count_hit(limit="send", key=address_of(request))
        nudge(send_due_confirmations)
    page = redirect("receipt", submitted.receipt_token)
    page.status_code = 303
    keep_drafts(page, session, session.tokens[1:] if was_in_hand else session.tokens)
    return page


def send_draft(
    session: RespondentSession, key: UUID, *, replacing: str, flags: tuple[str, ...]
) -> Submitted | None:
    """Send the draft of that key, or find what it became.

    None where there is neither.

    `replacing` is the version that the sender has just seen, where it is newer than the one that
    they began to change.
    """
    draft = session.draft
    if draft is None or draft.submission_key != key:
        return find_submitted(key)
    submission = Submission(
        edition=session.context["edition"],
        submission_key=key,
        answers=read_answers(session.context["plan"], draft.answers),
        contact=read_contact(draft.answers),
        started_at=draft.started_at,
        flags=flags,
    )
    if draft.amends:
        earlier = version_to_replace(earlier=draft.amends, seen=replacing)
        return amend_response(earlier=earlier, submission=submission)
    return submit_response(submission=submission)


@private
@require_POST
def discard(request: HttpRequest, consultation: str) -> HttpResponse:
    """Stop changing a response that was sent: it stays as it is, and the changes go."""
    session = open_session(request, consultation)
    if session.draft is None or session.draft.amends is None:
        return redirect("tasks", session.consultation.slug)
    page = redirect("receipt", receipt_token(session.draft.amends))
    discard_draft(draft=session.draft)
    keep_drafts(page, session, session.tokens[1:])
    return page
