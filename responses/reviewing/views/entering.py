"""Entering what came by post, email or telephone, and the overview of what was entered."""

from typing import Any
from uuid import uuid4

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from consult.clock import in_words
from consult.models import Consultation, Edition, Right, User
from consult.nudging import nudge
from consult.plans.editions import current_edition
from consult.staff.access import StaffRequest, staff_only
from consult.staff.drafts import Place, note_opened
from consult.views.one_by_one import each_shown
from responses.answers import read_answers
from responses.contacts import read_contact
from responses.models import MailboxReading, Message, Response, Transcription
from responses.requests import number_in
from responses.responding.submitting import (
    Submission,
)
from responses.responding.tasks import send_due_confirmations
from responses.reviewing.bundles.rows import place_of_letter
from responses.reviewing.forms.transcribing import ArrivalForm, WholeForm
from responses.reviewing.mailboxes import Letter, read_letter
from responses.reviewing.transcribing import (
    last_day_of,
    plan_to_key,
    transcribe_response,
)
from responses.reviewing.views.refused_entry import REFUSALS, why_refused
from responses.wording import RewordedAnswer, reworded_answers

SHOWN = 50
FIRST = 10


def taking_entries(slug: str) -> Consultation:
    """A consultation for which responses can be entered: published, and not withdrawn."""
    return get_object_or_404(
        Consultation, slug=slug, published_at__isnull=False, withdrawn_at__isnull=True
    )


@staff_only(Right.READ_RESPONSES)
@require_safe
def entering(request: StaffRequest) -> HttpResponse:
    """What was entered recently, and what is waiting in the mailbox."""
    readings = {one.consultation_id: one for one in MailboxReading.objects.all()}
    found = Consultation.objects.filter(published_at__isnull=False, withdrawn_at__isnull=True)
    rows = each_shown(request, found, lambda one: _arrived(one, readings.get(one.pk)))
    return render(request, "reviewing/entering.html", {"rows": rows})


def _arrived(consultation: Consultation, reading: MailboxReading | None) -> dict[str, object]:
    states = dict(consultation.messages.order_by().values_list("state").annotate(count=Count("pk")))
    entered = Transcription.objects.filter(response__consultation=consultation).select_related(
        "response", "keyed_by", "second_keying"
    )
    waiting = consultation.messages.filter(state=Message.State.WAITING)[:FIRST]
    return {
        "consultation": consultation,
        "reading": reading,
        "read_at": in_words(reading.at) if reading else "",
        "entered": entered.order_by("-id")[:SHOWN],
        "total": sum(states.values()),
        "states": [(state.label, states.get(state, 0)) for state in Message.State],
        "waiting": [
            {"message": one, "at": in_words(one.received_at) if one.received_at else ""}
            for one in waiting
        ],
    }


@staff_only(Right.READ_RESPONSES)
def enter(request: StaffRequest, consultation: str) -> HttpResponse:
    """The whole form on one page, for one response that came by another way."""
    found = taking_entries(consultation)
    message = message_to_enter(request, found)
    if message and request.method != "POST" and message.state != Message.State.WAITING:
        # Its page says who decided, and what.
        return redirect("message", message.pk)
    if message and request.method == "GET":
        here = request.get_full_path()
        note_opened(place=Place(request.user.pk, here, "entry", here))
    letter = letter_of(message) if message and message.file else None
    edition = newest = current_edition(found)
    if request.method == "POST":
        edition = edition_shown(found, request.POST.get("edition", "")) or newest
    plan = plan_to_key(edition)
    initial: dict[str, Any] = {"submission_key": uuid4(), "started_at": timezone.now().isoformat()}
    if message and letter:
        initial["channel"] = Response.Channel.EMAIL
        initial["received_on"] = (
            timezone.localtime(message.received_at).date().isoformat()
            if message.received_at
            else ""
        )
    arrival = ArrivalForm(request.POST or None, initial=initial)
    said = (
        {
            # Its words go here first, to be moved to the questions that they answer.
            place_of_letter(plan): letter.words,
            "name": letter.sender_name,
            "email": letter.sender_email,
        }
        if letter
        else None
    )
    whole = WholeForm(plan=plan, data=request.POST or None, initial=said)
    reworded: list[RewordedAnswer] = []
    if request.method == "POST":
        fits = whole.is_valid()
        reworded = reworded_answers(given_to=plan, asked_now=plan_to_key(newest), raw=whole.typed)
        if reworded:
            # The page now has today's wording; sending it again answers that.
            edition = newest
            whole = WholeForm(plan=plan_to_key(newest), data=request.POST)
        elif arrival.is_valid() and fits:
            entered = _transcribe(arrival, whole, edition, message, request.user)
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
        "edition": edition,
        "reworded": reworded,
    }
    return render(request, "reviewing/enter.html", context | _problems(arrival, whole))


def edition_shown(consultation: Consultation, number: str) -> Edition | None:
    """The edition that a page showed, by the number in its form."""
    return consultation.editions.filter(number=number_in(number)).first()


def message_to_enter(request: HttpRequest, consultation: Consultation) -> Message | None:
    """The message that the address names, also where someone has decided on it since: what was
    typed meanwhile is not lost for that.
    """
    number = request.GET.get("message", "")
    if not number:
        return None
    return get_object_or_404(Message, pk=number_in(number), consultation=consultation)


def letter_of(message: Message) -> Letter:
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
    found += whole.problems()
    return {"problems": found, "general": arrival.non_field_errors()}


def _transcribe(
    arrival: ArrivalForm,
    whole: WholeForm,
    edition: Edition,
    message: Message | None,
    by: User,
) -> Response | None:
    """Return the response, or None if a problem was added to the form."""
    values = arrival.cleaned_data
    try:
        submission = Submission(
            edition=edition,
            submission_key=values["submission_key"],
            answers=read_answers(plan_to_key(edition), whole.typed),
            contact=read_contact(whole.typed),
            started_at=values["started_at"],
            channel=Response.Channel(values["channel"]),
        )
        return transcribe_response(
            submission=submission,
            received_on=values["received_on"],
            late_reason=values["late_reason"],
            by=by,
            message=message,
        ).response
    except REFUSALS as refusal:
        arrival.add_error(*why_refused(refusal))
    return None
