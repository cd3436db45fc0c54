"""Entering what came by post, email or telephone, keying it a second time, and working through a
mailbox.
"""

import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Count
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from consult.auditing import record
from consult.clock import in_words
from consult.models import Action, Consultation, Edition, Right, User
from consult.nudging import nudge
from consult.plans.document import Plan
from consult.plans.editions import current_edition, plan_of
from consult.staff.access import StaffRequest, staff_only
from responses.answers import read_answers
from responses.contacts import read_contact
from responses.models import Attachment, Message, Response, SecondKeying, Transcription
from responses.requests import reference_or_404
from responses.responding.amending import ChangedMeanwhile
from responses.responding.submitting import ConsultationClosed, NothingToSend, SentDifferently
from responses.responding.tasks import send_due_confirmations
from responses.reviewing.forms.transcribing import ArrivalForm, WholeForm
from responses.reviewing.mailboxes import Letter, NotAMailbox, load_mailbox, read_letter
from responses.reviewing.transcribing import (
    FileTooLarge,
    KeyedByTheSame,
    KeyedTwiceAlready,
    LateWithoutReason,
    MessageDecided,
    NotAFileWeTake,
    NotReceivedYet,
    ReasonMissing,
    attach_file,
    differing_answers,
    last_day_of,
    set_message_aside,
    settle_second_keying,
    transcribe_response,
)
from responses.wording import in_words as worded

SHOWN = 50
MAILBOX_MAX_BYTES = 50_000_000
# Where a message's words go, for whoever keys it to move to the questions that they answer.
LETTER_QUESTION = "anything-else"
CONTACT_WORDS = {
    "name": gettext_lazy("Name"),
    "email": gettext_lazy("Email"),
    "postcode_district": gettext_lazy("Postcode"),
}


def _consultation(slug: str) -> Consultation:
    return get_object_or_404(
        Consultation, slug=slug, published_at__isnull=False, withdrawn_at__isnull=True
    )


@staff_only(Right.READ_RESPONSES)
@require_safe
def entering(request: StaffRequest) -> HttpResponse:
    """What was entered lately, and what waits in the mailbox."""
    rows = []
    for consultation in Consultation.objects.filter(
        published_at__isnull=False, withdrawn_at__isnull=True
    ):
        states = dict(
            consultation.messages.order_by().values_list("state").annotate(count=Count("pk"))
        )
        entered = Transcription.objects.filter(response__consultation=consultation).select_related(
            "response", "keyed_by", "second_keying"
        )
        rows.append(
            {
                "consultation": consultation,
                "entered": entered.order_by("-id")[:SHOWN],
                "total": sum(states.values()),
                "states": [(state.label, states.get(state, 0)) for state in Message.State],
                "waiting": [
                    {
                        "message": one,
                        "at": in_words(one.received_at) if one.received_at else _("no date"),
                    }
                    for one in consultation.messages.filter(state=Message.State.WAITING)[:SHOWN]
                ],
                "set_aside": consultation.messages.filter(
                    state=Message.State.NOT_A_RESPONSE
                ).order_by("-decided_at")[:SHOWN],
            }
        )
    return render(request, "reviewing/entering.html", {"rows": rows})


@staff_only(Right.READ_RESPONSES)
def enter(request: StaffRequest, consultation: str) -> HttpResponse:
    """The whole form on one page, for one response that came by another way."""
    found = _consultation(consultation)
    message = _message(request, found)
    letter = _letter(message) if message else None
    edition = current_edition(found)
    plan = plan_of(edition)
    initial: dict[str, Any] = {"submission_key": uuid4(), "started_at": timezone.now().isoformat()}
    if message and letter:
        initial["channel"] = Response.Channel.EMAIL
        initial["received_on"] = (
            timezone.localtime(message.received_at).date().isoformat()
            if message.received_at
            else ""
        )
    arrival = ArrivalForm(request.POST or None, initial=initial)
    said = {LETTER_QUESTION: letter.words} if letter else None
    whole = WholeForm(plan=plan, data=request.POST or None, initial=said)
    if request.method == "POST":
        fits = whole.is_valid()
        if arrival.is_valid() and fits:
            entered = _transcribe(arrival, whole, found, edition, message, request.user)
            if entered is not None:
                nudge(send_due_confirmations)
                return redirect("entered", entered.reference)
    context = {
        "consultation": found,
        "arrival": arrival,
        "whole": whole,
        "message": message,
        "letter": letter,
        "last_day": last_day_of(found),
    }
    return render(request, "reviewing/enter.html", context | _problems(arrival, whole))


def _message(request: HttpRequest, consultation: Consultation) -> Message | None:
    number = request.GET.get("message", "")
    if not number:
        return None
    known = number.isascii() and number.isdigit() and len(number) < 18
    return get_object_or_404(
        Message,
        pk=int(number) if known else 0,
        consultation=consultation,
        state=Message.State.WAITING,
    )


def _letter(message: Message) -> Letter:
    try:
        return read_letter(message)
    except FileNotFoundError as reason:
        raise Http404 from reason


def _problems(arrival: ArrivalForm, whole: WholeForm) -> dict[str, Any]:
    found = [
        (arrival[name].id_for_label, errors[0])
        for name, errors in arrival.errors.items()
        if name in arrival.fields
    ]
    found += [
        (form[name].id_for_label, errors[0])
        for form in whole.parts
        for name, errors in form.errors.items()
        if name in form.fields
    ]
    return {"problems": found, "general": arrival.non_field_errors()}


def _transcribe(
    arrival: ArrivalForm,
    whole: WholeForm,
    consultation: Consultation,
    edition: Edition,
    message: Message | None,
    by: User,
) -> Response | None:
    """The response, or None where a problem was added to the form."""
    values = arrival.cleaned_data
    try:
        return transcribe_response(
            consultation=consultation,
            edition=edition,
            plan=plan_of(edition),
            submission_key=values["submission_key"],
            answers=read_answers(plan_of(edition), whole.typed),
            contact=read_contact(whole.typed),
            channel=Response.Channel(values["channel"]),
            received_on=values["received_on"],
            late_reason=values["late_reason"],
            started_at=values["started_at"],
            by=by,
            message=message,
        ).response
    except NotReceivedYet:
        arrival.add_error("received_on", _("This day has not come yet."))
    except LateWithoutReason:
        arrival.add_error(
            "late_reason", _("It came after closing. Write why it is accepted all the same.")
        )
    except NothingToSend:
        arrival.add_error(None, _("Nothing is answered yet. Enter what the letter says."))
    except SentDifferently as kept:
        words = _(
            "This page was sent before with other answers, as %(reference)s. Open a new page for "
            "another letter."
        )
        arrival.add_error(None, words % {"reference": kept.response.reference})
    except MessageDecided:
        arrival.add_error(None, _("Somebody else has dealt with this message meanwhile."))
    except ConsultationClosed:
        arrival.add_error(None, _("This consultation was withdrawn."))
    return None


@staff_only(Right.READ_RESPONSES)
def entered(request: StaffRequest, reference: str) -> HttpResponse:
    """What was entered: its reference to write on the letter, scans, and the way to key
    it again.
    """
    found = _transcription(reference)
    problem = ""
    if request.method == "POST":
        file = request.FILES.get("file")
        try:
            if isinstance(file, UploadedFile):
                attach_file(transcription=found, file=file, by=request.user)  # type: ignore[arg-type]  # reads like a file
                messages.success(request, _("The file is kept with the response."))
                return redirect("entered", reference)
            problem = _("Choose a file.")
        except NotAFileWeTake:
            problem = _(
                "This is not a PDF, PNG, JPEG or TIFF file. Scan the letter again, or save it as "
                "one of these."
            )
        except FileTooLarge:
            problem = _("The file is larger than 15 MB. Scan the letter with fewer dots per inch.")
    context = {
        "transcription": found,
        "keyed": in_words(found.keyed_at),
        "second": SecondKeying.objects.filter(transcription=found).select_related("by").first(),
        "mine": found.keyed_by_id == request.user.pk,
        "problem": problem,
    }
    return render(request, "reviewing/entered.html", context)


def _transcription(reference: str) -> Transcription:
    found = Transcription.objects.select_related(
        "response__consultation", "response__edition", "response__contact", "keyed_by", "message"
    )
    return get_object_or_404(found, response__reference=reference_or_404(reference))


@staff_only(Right.READ_RESPONSES)
@require_safe
def attached_file(request: StaffRequest, pk: int) -> HttpResponse:
    """A scan, always as a download and never run by a browser."""
    found = get_object_or_404(Attachment.objects.select_related("transcription__response"), pk=pk)
    record(
        action=Action.FILE_READ,
        actor=request.user,
        subject=found.transcription.response.reference,
        sha256=found.sha256,
    )
    try:
        file = default_storage.open(found.file)
    except FileNotFoundError as reason:
        raise Http404 from reason
    answer = FileResponse(
        file, as_attachment=True, filename=Path(found.file).name, content_type=found.kind
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer  # type: ignore[return-value]  # a stream, but with headers like any other page


@staff_only(Right.READ_RESPONSES)
def key_again(request: StaffRequest, reference: str) -> HttpResponse:
    """The same letter keyed by a second person, who does not see what the first made of it until
    both are done.
    """
    found = _transcription(reference)
    by, plan = request.user, plan_of(found.response.edition)
    if found.keyed_by_id == by.pk or SecondKeying.objects.filter(transcription=found).exists():
        messages.warning(request, _("Somebody who has not keyed it yet can do this, once."))
        return redirect("entered", reference)
    whole = WholeForm(plan=plan, data=request.POST or None)
    context: dict[str, Any] = {"transcription": found, "whole": whole, "problems": [], "typed": {}}
    if request.method == "POST" and whole.is_valid():
        answers = read_answers(plan, whole.typed)
        contact = read_contact(whole.typed)
        differing = differing_answers(found.response, answers, contact)
        decided = request.POST.get("take", "")
        if not differing or decided in {"first", "second"}:
            try:
                settle_second_keying(
                    transcription=found,
                    plan=plan,
                    answers=answers,
                    contact=contact,
                    take_second=decided == "second",
                    submission_key=_key(request.POST.get("submission_key", "")),
                    started_at=parse_datetime(request.POST.get("started_at", "")) or timezone.now(),
                    by=by,
                )
            except (KeyedByTheSame, KeyedTwiceAlready, ChangedMeanwhile):
                messages.error(
                    request,
                    _(
                        "Somebody else has changed it or keyed it again meanwhile. Nothing of "
                        "yours was used."
                    ),
                )
            except NothingToSend:
                messages.error(
                    request, _("Nothing is answered in the second keying, so the first stays.")
                )
            else:
                messages.success(
                    request,
                    _("Both keyings are the same.")
                    if not differing
                    else _("Your decision is on record."),
                )
            return redirect("entered", reference)
        context["differences"] = _side_by_side(
            found.response, plan, answers.choices | answers.texts | contact, differing
        )
    elif request.method == "POST":
        context["problems"] = [
            (form[name].id_for_label, errors[0])
            for form in whole.parts
            for name, errors in form.errors.items()
            if name in form.fields
        ]
    context |= {
        "submission_key": request.POST.get("submission_key") or uuid4(),
        "started_at": request.POST.get("started_at") or timezone.now().isoformat(),
    }
    return render(request, "reviewing/key_again.html", context)


def _key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


def _side_by_side(
    response: Response, plan: Plan, second: dict[str, Any], differing: list[str]
) -> list[dict[str, Any]]:
    contact = {name: getattr(response.contact, name) for name in CONTACT_WORDS}
    first = response.choices | response.texts | contact
    slugs = {name.partition("--")[0] for name in differing}
    readings = [
        {
            answer.question.slug: answer.lines
            for part in worded(plan, raw)
            for answer in part.answers
        }
        for raw in (first, second)
    ]
    rows = [
        {
            "question": question.text,
            "first": readings[0].get(question.slug, ()),
            "second": readings[1].get(question.slug, ()),
        }
        for question in plan.asked
        if question.slug in slugs
    ]
    return rows + [
        {
            "question": words,
            "first": [first[name]] if first[name] else [],
            "second": [second[name]] if second[name] else [],
        }
        for name, words in CONTACT_WORDS.items()
        if name in slugs
    ]


@staff_only(Right.READ_RESPONSES)
def message(request: StaffRequest, pk: int) -> HttpResponse:
    """One message of the mailbox: to be entered as a response, or set aside with the reason."""
    found = get_object_or_404(Message.objects.select_related("consultation", "decided_by"), pk=pk)
    problem = ""
    if request.method == "POST":
        try:
            set_message_aside(message=found, reason=request.POST.get("reason", ""), by=request.user)
        except ReasonMissing:
            problem = _("Write why it is not a response.")
        except MessageDecided:
            messages.error(request, _("Somebody else has dealt with this message meanwhile."))
            return redirect("message", pk)
        else:
            messages.success(request, _("The message is set aside. It stays on record."))
            return redirect("entering")
    record(action=Action.MESSAGE_READ, actor=request.user, subject=f"message {found.pk}")
    transcription = Transcription.objects.filter(message=found).select_related("response").first()
    context = {
        "message": found,
        "letter": _letter(found),
        "problem": problem,
        "typed": request.POST.get("reason", ""),
        "transcription": transcription,
    }
    return render(request, "reviewing/message.html", context)


@staff_only(Right.READ_RESPONSES)
@require_POST
def take_up_mailbox(request: StaffRequest, consultation: str) -> HttpResponse:
    """Load a mailbox file that was exported from the mail program."""
    found = _consultation(consultation)
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile) or not file.size:
        messages.error(request, _("Choose a mailbox file: mbox, or one message as .eml."))
    elif file.size > MAILBOX_MAX_BYTES:
        messages.error(
            request,
            _(
                "The file is larger than 50 MB. Somebody who runs this service can load it with "
                "manage.py load_mailbox."
            ),
        )
    else:
        ending = ".eml" if str(file.name).lower().endswith(".eml") else ".mbox"
        with tempfile.NamedTemporaryFile(suffix=ending) as copy:
            for chunk in file.chunks():
                copy.write(chunk)
            copy.flush()
            _load(request, found, Path(copy.name))
    return redirect("entering")


def _load(request: StaffRequest, consultation: Consultation, path: Path) -> None:
    try:
        loaded = load_mailbox(consultation=consultation, path=path, by=request.user)
    except NotAMailbox:
        messages.error(
            request,
            _(
                "No message was found in the file. Export the mailbox as mbox, or one message as "
                ".eml."
            ),
        )
    else:
        words = _("%(messages)s messages are in the file; %(known)s of them were loaded before.")
        messages.success(
            request, words % {"messages": f"{loaded.messages:,}", "known": f"{loaded.known:,}"}
        )
