"""The last two steps: checking everything, and sending it."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from consult.nudging import nudge
from consult.views.errors import too_often
from consult.views.guessing import count_guesses
from consult.web.client_address import address_of
from consult.web.private import private
from consult.web.rate_limits import OverLimit, count_refusal, give_back_turn, take_turn
from responses.answers import AnswersRefused
from responses.models import Draft
from responses.receipt_tokens import receipt_token
from responses.responding.amending import ChangedMeanwhile
from responses.responding.drafting import discard_draft, mark_of
from responses.responding.flagging import FIELD, flags_of
from responses.responding.forms import PartForm
from responses.responding.sending import AddedSince, Checked, QuestionsReworded, send_draft
from responses.responding.submitting import (
    ConsultationClosed,
    NothingToSend,
    SentDifferently,
    Submitted,
    find_submitted,
)
from responses.responding.tasks import send_due_confirmations
from responses.responding.views.posting import posted_from
from responses.responding.views.recognised import remember_sender
from responses.responding.views.refusals import closed_page, dropped_words, gone_page
from responses.responding.views.session import (
    RespondentSession,
    keep_drafts,
    keep_sent,
    open_session,
    said_so_far,
    see_other,
)


@private
@require_safe
def check(request: HttpRequest, consultation: str) -> HttpResponse:
    """Show everything that would be sent, to check and change."""
    session = open_session(request, consultation)
    if session.sent:
        return gone_page(request, session)
    if not session.may_answer:
        return closed_page(request, session)
    return render_check(request, session)


def render_check(
    request: HttpRequest,
    session: RespondentSession,
    *,
    empty: bool = False,
    added: set[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show the check page.

    `empty`: nothing was answered. `added` are the fields saved after the page that was sent.
    """
    plan = session.context["plan"]
    problems = []
    newer = []
    for this in plan.parts:
        form = PartForm(plan=plan, part=this, data=session.answers)
        problems += [
            {"part": this, "name": name, "problem": errors[0]}
            for name, errors in form.errors.items()
        ]
        newer += [
            {
                "part": this,
                "label": form.fields[name].label,
                "lines": form.worded(name, session.answers.get(name, "")),
            }
            for name in form.names
            if name in (added or ())
        ]
    context = said_so_far(session) | {
        "problems": problems,
        "empty": empty,
        "newer": newer,
        "added": added is not None,
        "key": session.draft.submission_key if session.draft else "",
        "revision": session.draft.revision if session.draft else "",
        "mark": mark_of(session.draft),
        "files": list(session.draft.files.all()) if session.draft else [],
    }
    context["skipped"] = [row.part for row in context["worded"] if not row.answered]
    page = session.context | dropped_words(session) | context
    return render(request, "responding/check.html", page, status=status)


@private
@count_guesses
@posted_from("check")
def send(request: HttpRequest, consultation: str) -> HttpResponse:
    """Send what was checked. Sending again leads to the same receipt."""
    session = open_session(request, consultation)
    key = key_of(request)
    if key is None:
        return (
            render_check(request, session, empty=True)
            if session.may_answer
            else closed_page(request, session)
        )
    try:
        submitted = received_or_sent(request, session, key)
    except OverLimit as over:
        count_refusal(reason="too-often")
        return too_often(request, seconds=over.seconds)
    except ConsultationClosed:
        count_refusal(reason="closed")
        return closed_page(request, session)
    except (
        NothingToSend,
        AnswersRefused,
        AddedSince,
        QuestionsReworded,
        ChangedMeanwhile,
        SentDifferently,
    ) as refused:
        # Read again, to show what was saved since.
        session = open_session(request, consultation)
        if session.may_answer or isinstance(refused, SentDifferently):
            return ask_again(request, session, key, refused)
        return closed_page(request, session)
    if submitted is None:
        return render(request, "responding/nothing_here.html", session.context, status=404)
    page = see_other(reverse("receipt", args=[submitted.receipt_token]))
    remember_sender(page, request, submitted.response)
    if submitted.first:
        nudge(send_due_confirmations)
    if session.draft is not None and session.draft.submission_key == key:
        keep_sent(page, session)
    return page


def key_of(request: HttpRequest) -> UUID | None:
    """Return the key of the posted form; None if it has no valid one."""
    try:
        return UUID(request.POST.get("submission_key", ""))
    except ValueError:
        return None


def received_or_sent(
    request: HttpRequest, session: RespondentSession, key: UUID
) -> Submitted | None:
    """Return what was received under `key`, or the result of sending the draft with that key.

    None if there is neither. What was already received is shown even over a limit. Raises
    OverLimit, and what `send_draft` raises.
    """
    draft = session.draft if session.draft and session.draft.submission_key == key else None
    received = find_submitted(key)
    if draft is None:
        return received
    flags = flags_of(
        started_at=session.started_at,
        now=session.consultation.now,
        hidden_field=request.POST.get(FIELD, ""),
        address=address_of(request),
    )
    turn = None if received else take_turn(limit="send", key=address_of(request))
    submitted = None
    try:
        submitted = send_draft(
            draft=draft, checked=checked_on(request), flags=flags, language=get_language()
        )
    except Draft.DoesNotExist:
        return find_submitted(key)
    finally:
        # Only what was received counts towards the limit.
        if turn is not None and not (submitted and submitted.first):
            give_back_turn(turn)
    return submitted


def checked_on(request: HttpRequest) -> Checked:
    """Return what the page that sent this had shown."""
    revision = request.POST.get("revision", "")
    known = revision.isascii() and revision.isdigit() and len(revision) < 10
    return Checked(
        revision=int(revision) if known else None,
        edition=request.POST.get("seen_edition", ""),
        replacing=request.POST.get("replacing", ""),
    )


def ask_again(
    request: HttpRequest, session: RespondentSession, key: UUID, refused: Exception
) -> HttpResponse:
    """Explain why nothing was sent, and how to go on."""
    # What they have already been shown stays seen.
    context: dict[str, Any] = {
        "key": key,
        "mark": mark_of(session.draft),
        "revision": request.POST.get("revision", ""),
        "seen_edition": request.POST.get("seen_edition", ""),
        "replacing": request.POST.get("replacing", ""),
    }
    match refused:
        case AddedSince():
            return render_check(request, session, added=refused.names, status=409)
        case QuestionsReworded():
            name = "responding/reworded.html"
            context |= dropped_words(session) | {"seen_edition": refused.edition}
        case ChangedMeanwhile():
            name = "responding/changed_meanwhile.html"
            context |= {
                "replacing": refused.newest.version,
                "receipt_token": receipt_token(refused.newest),
                "over": refused.over,
            }
        case SentDifferently():
            name = "responding/sent_differently.html"
            context |= {"response": refused.response}
        case _:
            return render_check(request, session, empty=isinstance(refused, NothingToSend))
    return render(request, name, session.context | context, status=409)


@private
@posted_from("tasks")
def discard(request: HttpRequest, consultation: str) -> HttpResponse:
    """Cancel the changes to a response that was sent: it stays as it is."""
    session = open_session(request, consultation)
    if session.draft is None or session.draft.amends is None:
        return redirect("tasks", session.consultation.slug)
    page = redirect("receipt", receipt_token(session.draft.amends))
    discard_draft(draft=session.draft)
    keep_drafts(page, session, session.tokens[1:])
    return page
