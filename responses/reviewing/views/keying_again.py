"""Keying a letter a second time, and deciding between the two."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consult.models import Right
from consult.plans.document import Plan
from consult.staff.access import StaffRequest, staff_only
from consult.staff.drafts import Place, note_opened
from consult.staff.views.shown import CHANGED_WORDS
from responses.answers import read_answers
from responses.contacts import read_contact
from responses.models import Response, SecondKeying, Transcription
from responses.requests import reference_or_404
from responses.responding.amending import ChangedMeanwhile
from responses.responding.submitting import NothingToSend
from responses.reviewing.forms.transcribing import WholeForm
from responses.reviewing.reading import (
    ChangedSinceOpened,
    as_shown,
    newest_version,
    open_response,
)
from responses.reviewing.second_keying import (
    KeyedTwiceAlready,
    differing_answers,
    settle_second_keying,
)
from responses.reviewing.transcribing import plan_to_key
from responses.reviewing.views.entered import transcription_of
from responses.wording import in_words as worded
from responses.wording import titles_of_questions

A_MONTH = timedelta(days=31)
CONTACT_WORDS = {
    "name": gettext_lazy("Name"),
    "email": gettext_lazy("Email"),
    "postcode_district": gettext_lazy("Postcode"),
}


@staff_only(Right.READ_RESPONSES)
def key_again(request: StaffRequest, reference: str) -> HttpResponse:
    """The same letter keyed by a second person, who does not see the first one's work until both
    are done.
    """
    known = reference_or_404(reference)
    found = transcription_of(known)
    settled = SecondKeying.objects.filter(transcription=found).exists()
    # Someone who has typed it meanwhile gets their words back, below.
    if found.keyed_by_id == request.user.pk or (settled and request.method != "POST"):
        messages.warning(
            request, _("Only someone who has not keyed it yet can do this, and only once.")
        )
        return redirect("entered", reference)
    if request.method == "GET":
        note_opened(place=Place(request.user.pk, request.path, "entry", request.path))
    whole = WholeForm(plan=plan_to_key(found.response.edition), data=request.POST or None)
    context: dict[str, Any] = {"problems": [], "typed": {}}
    if request.method == "POST" and whole.is_valid():
        try:
            if settled:
                raise KeyedTwiceAlready
            shown = as_shown(reference=known, shown=request.POST.get("shown", ""))
            differences = _compare(request, found, shown, whole)
        except (ChangedSinceOpened, ChangedMeanwhile):
            context["changed"] = CHANGED_WORDS
        except KeyedTwiceAlready:
            context["changed"] = _(
                "Someone else has keyed it again already. Nothing of yours was used. What you "
                "typed is still here: compare it with the response."
            )
        else:
            if not differences:
                return redirect("entered", reference)
            context["differences"] = differences
    elif request.method == "POST":
        context["problems"] = whole.problems()
    context |= {
        "transcription": found,
        "whole": whole,
        "response": newest_version(known),
        "submission_key": request.POST.get("submission_key") or uuid4(),
        "started_at": request.POST.get("started_at") or timezone.now().isoformat(),
    }
    status = 409 if "changed" in context else 200
    return render(request, "reviewing/key_again.html", context, status=status)


def _compare(
    request: StaffRequest, found: Transcription, shown: Response, whole: WholeForm
) -> list[dict[str, Any]]:
    """The differences between the two keyings, for the second person to decide; empty once that is
    settled.
    """
    plan = plan_to_key(found.response.edition)
    answers, contact = read_answers(plan, whole.typed), read_contact(whole.typed)
    differing = differing_answers(found.response, answers, contact)
    decided = request.POST.get("take", "")
    if differing and decided not in {"first", "second"}:
        # From here on the first person's words are on the screen.
        open_response(
            reference=shown.reference, reader=request.user, version=found.response.version
        )
        second = answers.choices | answers.texts | contact
        return _side_by_side(found.response, plan, second, differing)
    try:
        settle_second_keying(
            transcription=found,
            shown=shown,
            plan=plan,
            answers=answers,
            contact=contact,
            take_second=decided == "second",
            submission_key=_key(request.POST.get("submission_key", "")),
            started_at=_started(request.POST.get("started_at", "")),
            by=request.user,
        )
    except NothingToSend:
        messages.error(request, _("The second keying has no answers, so the first one stays."))
    else:
        same = _("Both keyings are the same.")
        messages.success(request, _("Your decision is recorded.") if differing else same)
    return []


def _key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


def _started(text: str) -> datetime:
    """When keying began, from the page; now, if the page has lost it."""
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    now = timezone.now()
    return found if found and found.tzinfo and now - A_MONTH < found <= now else now


def _side_by_side(
    response: Response, plan: Plan, second: dict[str, Any], differing: list[str]
) -> list[dict[str, Any]]:
    contact = {name: getattr(response.contact, name) for name in CONTACT_WORDS}
    first = response.choices | response.texts | contact
    titles = titles_of_questions(plan)
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
            "question": titles[question.slug],
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
