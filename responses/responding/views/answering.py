"""What a respondent does: answer part by part, check, and send."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from consult.clock import day_in_words, time_in_words
from consult.clock import in_words as clock_in_words
from consult.nudging import nudge
from consult.plans.document import Part, Plan
from consult.views.errors import too_often
from consult.web.client_address import address_of
from consult.web.private import private
from consult.web.rate_limits import OverLimit, count_hit, count_refusal, refuse_over_limit
from responses.answers import AnswersRefused, read_answers
from responses.contacts import likely_meant, read_contact
from responses.models import Draft
from responses.receipt_tokens import receipt_token
from responses.responding.amending import ChangedMeanwhile, amend_response, version_to_replace
from responses.responding.drafting import (
    Saved,
    discard_draft,
    expire_at,
    fingerprint,
    mark_of,
    save_part,
    start_draft,
)
from responses.responding.flagging import FIELD, flags_of
from responses.responding.forms import PartForm
from responses.responding.submitting import (
    ConsultationClosed,
    NothingToSend,
    SentDifferently,
    Submitted,
    find_submitted,
    submit_response,
)
from responses.responding.tasks import send_due_confirmations
from responses.responding.views.session import (
    Desk,
    keep_drafts,
    remember_opening,
    said_so_far,
    sit_down,
)
from responses.wording import in_words


def closed_page(
    request: HttpRequest, desk: Desk, *, typed: dict[str, Any] | None = None
) -> HttpResponse:
    """That it is not open, with everything this person has written, to read and keep."""
    fresh = {name: value for name, value in (typed or {}).items() if value}
    worded = [
        part for part in in_words(desk.context["plan"], desk.answers | fresh) if part.answered
    ]
    kept_until = day_in_words(expire_at(desk.consultation))
    context = {
        "worded": worded,
        "begun": bool(desk.draft),
        "kept_until": kept_until,
        "fields": field_pairs(fresh),
    }
    return render(request, "responding/closed.html", desk.context | context)


def gone_page(request: HttpRequest, desk: Desk, form: PartForm | None = None) -> HttpResponse:
    """That the answers in hand are not there to be changed any more, mostly since somebody sent
    them, with what was typed now.
    """
    typed = {name: value for name, value in form.typed.items() if value} if form else {}
    context = {
        "sent": desk.sent,
        "sent_at": clock_in_words(desk.sent.received_at) if desk.sent else "",
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
        request, "responding/gone.html", desk.context | context, status=409 if form else 200
    )


def field_pairs(typed: dict[str, Any]) -> list[tuple[str, str]]:
    """What was typed as a form's hidden fields carry it: a name and a value for each choice."""
    return [
        (name, one)
        for name, value in typed.items()
        for one in (value if isinstance(value, list) else [value])
    ]


@private
@require_POST
def another(request: HttpRequest, consultation: str) -> HttpResponse:
    """Begin one more response on this device, for somebody else at it.

    What was begun before stays behind it.
    """
    desk = sit_down(request, consultation)
    if not desk.context["window"].takes_responses:
        return closed_page(request, desk)
    tokens = desk.tokens
    desk.draft = None
    try:
        _draft, token = take_draft(request, desk)
    except OverLimit as over:
        return too_often(request, seconds=over.seconds)
    page = redirect("tasks", desk.consultation.slug)
    page.status_code = 303
    keep_drafts(page, desk, [token, *tokens])
    return page


@private
@require_safe
def tasks(request: HttpRequest, consultation: str) -> HttpResponse:
    """The parts of the response, in any order, and how far each has got."""
    desk = sit_down(request, consultation)
    if desk.sent:
        return gone_page(request, desk)
    if not desk.may_answer:
        return closed_page(request, desk)
    rows = [{"part": part, "state": state_of(part, desk)} for part in desk.context["plan"].parts]
    groups = [
        (heading, [row for row in rows if row["part"].kind in kinds])
        for heading, kinds in (
            (_("Parts of the plan"), {"section"}),
            (_("Recommended changes"), {"recommendation"}),
            (_("The whole plan, and you"), {"general", "about-you"}),
        )
    ]
    kept_until = day_in_words(expire_at(desk.consultation))
    page = render(
        request,
        "responding/tasks.html",
        desk.context | {"groups": groups, "begun": bool(desk.draft), "kept_until": kept_until},
    )
    return remember_opening(page, desk)


def state_of(part: Part, desk: Desk) -> str:
    """ "done", "in-progress" or "not-started"."""
    if desk.draft and part.slug in desk.draft.parts_done:
        return "done"
    form = PartForm(plan=desk.context["plan"], part=part)
    return "in-progress" if any(desk.answers.get(name) for name in form.names) else "not-started"


@private
def part(request: HttpRequest, consultation: str, part: str) -> HttpResponse:
    """The questions of one part. Continue keeps what was typed, right or wrong."""
    desk = sit_down(request, consultation)
    plan = desk.context["plan"]
    this = find_part(plan, part)
    returning = request.GET.get("return") == "check"
    if request.method == "POST":
        form = PartForm(plan=plan, part=this, data=request.POST)
        if not is_in_hand(request, desk):
            return gone_page(request, desk, form)
        if not desk.may_answer and not desk.draft:
            return closed_page(request, desk, typed=form.typed)
        try:
            draft, token = take_draft(request, desk)
        except OverLimit as over:
            return too_often(request, seconds=over.seconds)
        question_email(request, form)
        try:
            saved = keep_typed(
                request, draft, form, done=form.is_valid() and "later" not in request.POST
            )
        except Draft.DoesNotExist:
            return gone_page(request, desk, form)
        desk.draft = saved.draft
        if not desk.may_answer:
            return closed_page(request, desk)
        if saved.elsewhere:
            page = render_part(request, desk, this, form, returning=returning, saved=saved)
        elif "later" in request.POST:
            page = redirect("later", desk.consultation.slug)
            page.status_code = 303
        elif form.is_valid():
            page = redirect(address_after(this, desk, returning=returning))
            page.status_code = 303
        else:
            page = render_part(request, desk, this, form, returning=returning)
        if token:
            keep_drafts(page, desk, [token, *desk.tokens])
        return page
    if desk.sent:
        return gone_page(request, desk)
    if not desk.may_answer:
        return closed_page(request, desk)
    form = PartForm(plan=plan, part=this, initial=desk.answers)
    return remember_opening(render_part(request, desk, this, form, returning=returning), desk)


@private
@require_POST
def save(request: HttpRequest, consultation: str, part: str) -> HttpResponse:
    """Keep what is being typed, for the script of a part's page.

    Says when, and what the page now knows of each field.
    """
    desk = sit_down(request, consultation)
    plan = desk.context["plan"]
    this = find_part(plan, part)
    form = PartForm(plan=plan, part=this, data=request.POST)
    # Continue then says what happened, and keeps what was typed.
    if not is_in_hand(request, desk) or (not desk.may_answer and not desk.draft):
        return JsonResponse({}, status=409)
    try:
        draft, token = take_draft(request, desk)
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
            "at": time_in_words(desk.consultation.now),
            "seen": write_seen(now_seen),
            "draft": mark_of(saved.draft),
            "elsewhere": time_in_words(saved.changed_at) if saved.elsewhere else "",
        }
    )
    if token:
        keep_drafts(page, desk, [token, *desk.tokens])
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


def find_part(plan: Plan, slug: str) -> Part:
    """The part of that name. Raises Http404."""
    found = next((known for known in plan.parts if known.slug == slug), None)
    if found is None:
        raise Http404
    return found


def take_draft(request: HttpRequest, desk: Desk) -> tuple[Draft, str]:
    """The draft in hand and "", or, where this browser has none, a new one and its token.

    Raises OverLimit.
    """
    if desk.draft is not None:
        return desk.draft, ""
    refuse_over_limit(limit="draft", key=address_of(request))
    count_hit(limit="draft", key=address_of(request))
    desk.draft, token = start_draft(consultation=desk.consultation, started_at=desk.opened_at)
    return desk.draft, token


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


def is_in_hand(request: HttpRequest, desk: Desk) -> bool:
    """Whether what was typed belongs to the answers that this browser has in hand, by the mark of
    them that its page carries.

    Not where they were sent meanwhile, by a colleague or in another tab, or where the page was one
    of other answers.
    """
    mark = request.POST.get("draft", "")
    return mark in {"", mark_of(None), mark_of(desk.draft)}


def read_seen(request: HttpRequest) -> dict[str, str]:
    """What the page knew of each field, by the hidden field that it carries."""
    return {
        name: shown
        for name, colon, shown in (
            pair.rpartition(":") for pair in request.POST.get("seen", "").split(" ")
        )
        if colon
    }


def write_seen(fingerprints: dict[str, str]) -> str:
    return " ".join(f"{name}:{shown}" for name, shown in fingerprints.items())


def render_part(
    request: HttpRequest,
    desk: Desk,
    this: Part,
    form: PartForm,
    *,
    returning: bool,
    saved: Saved | None = None,
) -> HttpResponse:
    """A part's page.

    `saved` is a save that met what somebody else had changed: their words stand beside one's own.
    """
    plan = desk.context["plan"]
    reading = next(
        (row for row in (*plan.sections, *plan.recommendations) if row.slug == this.slug), None
    )
    place = plan.parts.index(this)
    back = reverse("check" if returning else "tasks", args=[desk.consultation.slug])
    shown: dict[str, Any] = {
        **(form.typed if form.is_bound else desk.answers),
        **(saved.elsewhere if saved else {}),
    }
    context = {
        "part": this,
        "form": form,
        "reading": reading,
        "back": back,
        "number": place + 1,
        "count": len(plan.parts),
        "seen": write_seen({name: fingerprint(shown.get(name)) for name in form.names}),
        "mark": mark_of(desk.draft),
        "elsewhere": [
            (form.fields[name].label, form.worded(name, value))
            for name, value in saved.elsewhere.items()
        ]
        if saved
        else [],
        "changed_at": time_in_words(saved.changed_at) if saved else "",
    }
    return render(
        request, "responding/part.html", desk.context | context, status=409 if saved else 200
    )


def address_after(this: Part, desk: Desk, *, returning: bool) -> str:
    """Where Continue leads: the next part, or the check after the last one and for whoever came
    from there.
    """
    parts = desk.context["plan"].parts
    place = parts.index(this)
    if returning or place + 1 == len(parts):
        return reverse("check", args=[desk.consultation.slug])
    return reverse("part", args=[desk.consultation.slug, parts[place + 1].slug])


@private
@require_safe
def check(request: HttpRequest, consultation: str) -> HttpResponse:
    """Everything that would be sent, to look over and change."""
    desk = sit_down(request, consultation)
    if desk.sent:
        return gone_page(request, desk)
    if not desk.may_answer:
        return closed_page(request, desk)
    return render_check(request, desk)


def render_check(request: HttpRequest, desk: Desk, *, empty: bool = False) -> HttpResponse:
    plan = desk.context["plan"]
    problems = []
    for this in plan.parts:
        form = PartForm(plan=plan, part=this, data=desk.answers)
        problems += [
            {"part": this, "name": name, "problem": errors[0]}
            for name, errors in form.errors.items()
        ]
    context = said_so_far(desk) | {
        "problems": problems,
        "empty": empty,
        "key": desk.draft.submission_key if desk.draft else "",
    }
    return render(request, "responding/check.html", desk.context | context)


@private
@require_POST
def send(request: HttpRequest, consultation: str) -> HttpResponse:
    """Send what was checked. Sending again leads to the same receipt."""
    desk = sit_down(request, consultation)
    try:
        key = UUID(request.POST.get("submission_key", ""))
    except ValueError:
        return (
            render_check(request, desk, empty=True)
            if desk.may_answer
            else closed_page(request, desk)
        )
    try:
        refuse_over_limit(limit="send", key=address_of(request))
        flags = flags_of(
            started_at=desk.started_at,
            now=desk.consultation.now,
            hidden_field=request.POST.get(FIELD, ""),
            address=address_of(request),
        )
        submitted = send_draft(desk, key, replacing=request.POST.get("replacing", ""), flags=flags)
    except OverLimit as over:
        count_refusal(reason="too-often")
        return too_often(request, seconds=over.seconds)
    except ConsultationClosed:
        count_refusal(reason="closed")
        return closed_page(request, desk)
    except NothingToSend:
        return render_check(request, desk, empty=True)
    except AnswersRefused:
        return render_check(request, desk)
    except ChangedMeanwhile as changed:
        context = desk.context | {
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
            desk.context | {"response": refused.response},
            status=409,
        )
    if submitted is None:
        return render(request, "responding/nothing_here.html", desk.context, status=404)
    was_in_hand = desk.draft is not None and desk.draft.submission_key == key
    if desk.draft and was_in_hand:
        discard_draft(draft=desk.draft)
    if submitted.first:
        count_hit(limit="send", key=address_of(request))
        nudge(send_due_confirmations)
    page = redirect("receipt", submitted.receipt_token)
    page.status_code = 303
    keep_drafts(page, desk, desk.tokens[1:] if was_in_hand else desk.tokens)
    return page


def send_draft(
    desk: Desk, key: UUID, *, replacing: str, flags: tuple[str, ...]
) -> Submitted | None:
    """Send the draft of that key, or find what it became.

    None where there is neither.

    `replacing` is the version that the sender has just seen, where it is newer than the one that
    they began to change.
    """
    draft = desk.draft
    if draft is None or draft.submission_key != key:
        return find_submitted(key)
    plan, answers, contact = (
        desk.context["plan"],
        read_answers(desk.context["plan"], draft.answers),
        read_contact(draft.answers),
    )
    if draft.amends:
        return amend_response(
            earlier=version_to_replace(earlier=draft.amends, seen=replacing),
            edition=desk.context["edition"],
            plan=plan,
            submission_key=key,
            answers=answers,
            contact=contact,
            started_at=draft.started_at,
            flags=flags,
        )
    return submit_response(
        consultation=desk.consultation,
        edition=desk.context["edition"],
        plan=plan,
        submission_key=key,
        answers=answers,
        started_at=draft.started_at,
        contact=contact,
        flags=flags,
    )


@private
@require_POST
def discard(request: HttpRequest, consultation: str) -> HttpResponse:
    """Stop changing a response that was sent: it stays as it is, and the changes go."""
    desk = sit_down(request, consultation)
    if desk.draft is None or desk.draft.amends is None:
        return redirect("tasks", desk.consultation.slug)
    page = redirect("receipt", receipt_token(desk.draft.amends))
    discard_draft(draft=desk.draft)
    keep_drafts(page, desk, desk.tokens[1:])
    return page
