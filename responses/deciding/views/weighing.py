"""Answers that lead nowhere, and weighing them one after the other."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from consult.models import Consultation, Right
from consult.plans.editions import current_edition, plan_of
from consult.staff.access import StaffRequest, staff_only
from consult.staff.views.shown import CHANGED_WORDS
from consult.text import with_symbols
from responses.deciding.answers_in_words import ATTACHED, is_answer
from responses.deciding.feeding import feed_passage, make_point_of
from responses.deciding.places import NoSuchAnswer
from responses.deciding.points import parts_of
from responses.deciding.reasons import (
    NotTheSameLetter,
    name_reason,
    name_same_letters,
    take_reason_back,
)
from responses.deciding.unweighed import count_weighed, list_unweighed
from responses.deciding.views.register import consultation_or_404
from responses.deciding.views.weighing_problems import WEIGH_PROBLEMS
from responses.models import Campaign, NoPoint, Point, PointPassage, Response
from responses.references import NotAReference, normalise_reference
from responses.requests import number_in, reference_or_404
from responses.reviewing.reading import ChangedSinceOpened, as_shown, open_response
from responses.wording import titles_of_texts

PAGE = 50


@staff_only(Right.READ_RESPONSES)
@require_safe
def nowhere(request: StaffRequest, consultation: str) -> HttpResponse:
    """Every answer in words that leads nowhere, by reference alone; words are read one by one."""
    found = consultation_or_404(consultation)
    rows = list_unweighed(found, after=number_in(request.GET.get("after", "")), limit=PAGE)
    titles = titles_of_texts(plan_of(current_edition(found)))
    campaigns = Campaign.objects.filter(consultation=found, ended=False).exclude(question="")
    context = {
        "consultation": found,
        "weighing": count_weighed(found),
        "rows": [
            {
                "row": row,
                "title": title_of(titles, row.question),
                "address": _address(consultation, row.reference, row.question),
            }
            for row in rows
        ],
        "next": rows[-1].response if len({row.response for row in rows}) == PAGE else None,
        "campaigns": campaigns,
    }
    return render(request, "deciding/nowhere.html", context)


def title_of(titles: dict[str, str], question: str) -> str:
    """What to call an answer: its question, or that it came in a file."""
    return (
        _("What came in a file or an email")
        if question == ATTACHED
        else titles.get(question, question)
    )


def _address(consultation: str, reference: str, question: str) -> str:
    query = urlencode({"reference": reference, "question": question})
    return f"{reverse('weigh', args=[consultation])}?{query}"


@staff_only(Right.READ_RESPONSES)
@require_POST
def same_letters(request: StaffRequest, consultation: str, campaign: int) -> HttpResponse:
    """Let all who sent a campaign's letter word for word count for the points of its sample."""
    found = consultation_or_404(consultation)
    letters = get_object_or_404(Campaign, consultation=found, pk=campaign)
    try:
        named = name_same_letters(campaign=letters, by=request.user)
    except NotTheSameLetter:
        messages.error(
            request,
            _("The letter of “%(name)s” makes no point yet. Weigh %(reference)s first.")
            % {"name": letters.name, "reference": letters.sample.reference},
        )
    else:
        messages.success(
            request,
            _("Answers that count for that letter’s points too: %(named)s") % {"named": named},
        )
    return redirect("nowhere", consultation)


@staff_only(Right.READ_RESPONSES)
def weigh(request: StaffRequest, consultation: str) -> HttpResponse:
    """One answer: which points it makes, a point for it, or why it makes none; then the next."""
    found = consultation_or_404(consultation)
    if request.method == "POST":
        return _weighed(request, found)
    reference, question = request.GET.get("reference", ""), request.GET.get("question", "")
    if not reference:
        first = next(iter(list_unweighed(found, limit=1)), None)
        if first is None:
            messages.success(request, _("Every answer in words leads to a point or a reason."))
            return redirect("nowhere", consultation)
        return redirect(_address(consultation, first.reference, first.question))
    return _show(request, found, reference_or_404(reference), question, {})


def _show(
    request: StaffRequest,
    consultation: Consultation,
    reference: str,
    question: str,
    said: dict[str, Any],
) -> HttpResponse:
    try:
        response = open_response(reference=reference, reader=request.user, question=question[:120])
    except Response.DoesNotExist as reason:
        raise Http404 from reason
    if response.consultation_id != consultation.pk or not is_answer(response, question):
        raise Http404
    plan = plan_of(response.edition)
    asked = plan.by_slug.get(question.partition("--")[0])
    made_by_code = Point.objects.filter(
        codes__removed_at=None,
        codes__code__codings__response=response,
        codes__code__codings__question=question,
        codes__code__codings__removed_at=None,
    )
    context = {
        "consultation": consultation,
        "response": response,
        "question": question,
        "title": title_of(titles_of_texts(plan), question),
        "text": with_symbols(response.texts.get(question, "")),
        "part": asked.part if asked else "",
        "parts": parts_of(consultation),
        "points": consultation.points.exclude(status=Point.Status.MERGED),
        "made": made_by_code.distinct(),
        "passages": PointPassage.objects.filter(
            response=response, question=question, removed_at=None
        ).select_related("point"),
        "named": NoPoint.objects.filter(response=response, question=question, removed_at=None)
        .select_related("same_as", "by")
        .first(),
        "reasons": NoPoint.Reason.choices,
        "in_a_file": question == ATTACHED,
        "others": [
            *((one.slug, one.text) for one in plan.questions if one.prose),
            (ATTACHED, title_of({}, ATTACHED)),
        ],
        "typed": {},
    }
    status = 409 if "changed" in said else 200
    return render(request, "deciding/weigh.html", context | said, status=status)


def _weighed(request: StaffRequest, consultation: Consultation) -> HttpResponse:
    reference = reference_or_404(request.POST.get("reference", ""))
    question = request.POST.get("question", "")
    typed: dict[str, Any] = {"typed": request.POST, "same_as": request.POST.get("same-as", "")}
    typed["same_question"] = request.POST.get("same-question", "")
    try:
        response = as_shown(reference=reference, shown=request.POST.get("shown", ""))
        if response.consultation_id != consultation.pk:
            raise Http404
        go_on = _carry_out(request, consultation, response, question)
    except (Response.DoesNotExist, NoSuchAnswer) as reason:
        raise Http404 from reason
    except ChangedSinceOpened as changed:
        if not is_answer(changed.newest, question):
            messages.error(
                request,
                _("%(reference)s was changed since you opened it, and no longer answers this.")
                % {"reference": reference},
            )
            return redirect("nowhere", consultation.slug)
        said = typed | {"changed": CHANGED_WORDS}
        return _show(request, consultation, reference, question, said)
    except tuple(WEIGH_PROBLEMS) as problem:
        said = typed | {"problems": [WEIGH_PROBLEMS[type(problem)]]}
        return _show(request, consultation, reference, question, said)
    if go_on:
        messages.success(request, _("It is saved. Here is the next one."))
        return redirect("weigh", consultation.slug)
    return redirect(_address(consultation.slug, reference, question))


def _carry_out(
    request: StaffRequest, consultation: Consultation, response: Response, question: str
) -> bool:
    """Whether to go on with the next answer."""
    by, do, sent = request.user, request.POST.get("do", ""), request.POST
    if do == "take-back":
        named = NoPoint.objects.filter(response=response, question=question, removed_at=None)
        for one in named:
            take_reason_back(named=one, by=by)
        return False
    if do == "reason":
        same_question = sent.get("same-question", "") or question
        name_reason(
            response=response,
            question=question,
            reason=sent.get("reason", ""),
            same_as=_other(consultation, sent.get("same-as", "")),
            same_question=same_question,
            by=by,
        )
        return True
    passage: dict[str, Any] = {
        "response": response,
        "question": question,
        "passage": sent.get("passage", ""),
        "quote": sent.get("quote", "") == "yes",
        "by": by,
    }
    if number := number_in(sent.get("point", "")):
        chosen = get_object_or_404(Point, consultation=consultation, number=number)
        feed_passage(point=chosen, **passage)
    else:
        make_point_of(part=sent.get("part", ""), sentence=sent.get("sentence", ""), **passage)
    return do == "next"


def _other(consultation: Consultation, reference: str) -> Response | None:
    try:
        wanted = normalise_reference(reference)
    except NotAReference:
        return None
    found = Response.objects.filter(consultation=consultation, reference=wanted)
    return found.order_by("-version").first()
