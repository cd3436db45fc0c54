"""Codebooks, coding free text answer by answer, and how far two reviewers agree."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consult.auditing import record
from consult.clock import in_words
from consult.models import Action, Consultation, Right
from consult.plans.document import Question
from consult.staff.access import StaffRequest, staff_only
from responses.models import Code, CodedAnswer, Coding, Response, SecondCoding
from responses.requests import reference_or_404
from responses.reviewing.coding import (
    CodeChangedMeanwhile,
    CodeNameMissing,
    CodeNameTaken,
    NoSuchPassage,
    answers_to,
    change_code,
    code_answer,
    code_passage,
    codes_of,
    compare,
    draw_second_coding,
    make_code,
    next_to_code,
    part_titles,
    progress_of,
    questions_to_code,
    suggest_codes,
    take_off,
)

SAMPLES = [25, 50, 100, 200]


def _number(data: QueryDict, name: str) -> int:
    value = data.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 18 else 0


def _asked(slug: str, question: str) -> tuple[Consultation, Question]:
    consultation = get_object_or_404(Consultation, slug=slug, published_at__isnull=False)
    for one in questions_to_code(consultation):
        if one.slug == question:
            return consultation, one
    raise Http404


@staff_only(Right.READ_RESPONSES)
@require_safe
def code_questions(request: StaffRequest) -> HttpResponse:
    """Every question that is answered in words, and how much of it is coded."""
    rows = []
    for consultation in Consultation.objects.filter(published_at__isnull=False):
        titles = part_titles(consultation)
        questions = [
            {
                "question": one,
                "part": titles[one.part],
                "progress": progress_of(consultation, one.slug),
            }
            for one in questions_to_code(consultation)
        ]
        rows.append({"consultation": consultation, "questions": questions})
    return render(request, "reviewing/code_questions.html", {"rows": rows})


@staff_only(Right.READ_RESPONSES)
def codebook(request: StaffRequest, consultation: str, question: str) -> HttpResponse:
    """A question's codes with how often each was found, a new code, and the second coding."""
    found, asked = _asked(consultation, question)
    by, problem = request.user, ""
    if request.method == "POST" and request.POST.get("do") == "draw":
        size = _number(request.POST, "size")
        drawn = draw_second_coding(
            consultation=found,
            question=question,
            size=size if size in SAMPLES else SAMPLES[0],
            by=by,
        )
        if drawn is None:
            messages.warning(
                request,
                _("Nobody else has coded an answer that you have not. Ask a colleague to begin."),
            )
            return redirect("codebook", consultation, question)
        return redirect(
            f"{reverse('code-answers', args=[consultation, question])}?second={drawn.pk}"
        )
    if request.method == "POST":
        words = {name: request.POST.get(name, "") for name in ("name", "group", "definition")}
        try:
            made = make_code(consultation=found, question=question, by=by, **words)
        except CodeNameMissing:
            problem = _("Give the code a name.")
        except CodeNameTaken:
            problem = _("Another code of this question has this name. Choose another one.")
        else:
            messages.success(
                request, _("The code “%(name)s” is in the codebook.") % {"name": made.name}
            )
            return redirect("codebook", consultation, question)
    seconds = SecondCoding.objects.filter(consultation=found, question=question).select_related(
        "by"
    )
    context = {
        "consultation": found,
        "question": asked,
        "part": part_titles(found)[asked.part],
        "codes": codes_of(found, question),
        "progress": progress_of(found, question),
        "seconds": [
            {
                "second": one,
                "at": in_words(one.drawn_at),
                "rows": compare(one),
                "size": len(one.responses),
            }
            for one in seconds[:5]
        ],
        "samples": SAMPLES,
        "problem": problem,
        "typed": request.POST,
    }
    return render(request, "reviewing/codebook.html", context)


@staff_only(Right.READ_RESPONSES)
def code(request: StaffRequest, consultation: str, question: str, pk: int) -> HttpResponse:
    """One code: its meaning, changing it, and what it meant before."""
    found, asked = _asked(consultation, question)
    one = get_object_or_404(Code, pk=pk, consultation=found, question=question)
    typed: dict[str, Any] = {
        "name": one.name,
        "group": one.group,
        "definition": one.definition,
        "retired": one.retired,
        "version": one.version,
    }
    problem = ""
    if request.method == "POST":
        words = {name: request.POST.get(name, "") for name in ("name", "group", "definition")}
        typed = words | {
            "retired": "retired" in request.POST,
            "version": _number(request.POST, "version"),
        }
        try:
            change_code(code=one, by=request.user, **typed)
        except CodeNameMissing:
            problem = _("Give the code a name.")
        except CodeNameTaken:
            problem = _("Another code of this question has this name. Choose another one.")
        except CodeChangedMeanwhile:
            problem = _(
                "Somebody else changed this code meanwhile: see “Earlier and now”. Save again to "
                "put yours in its place."
            )
            typed["version"] = Code.objects.get(pk=pk).version
        else:
            messages.success(request, _("The code is changed. Where it was given, it stays given."))
            return redirect("codebook", consultation, question)
    versions = [
        {"version": row, "at": in_words(row.at)} for row in one.versions.select_related("by")
    ]
    context = {
        "consultation": found,
        "question": asked,
        "code": one,
        "typed": typed,
        "problem": problem,
        "versions": versions,
    }
    return render(request, "reviewing/code.html", context)


@staff_only(Right.READ_RESPONSES)
def code_answers(request: StaffRequest, consultation: str, question: str) -> HttpResponse:
    """One answer after the other, with the codes to choose from."""
    found, asked = _asked(consultation, question)
    by = request.user
    number = _number(request.GET, "second")
    second = (
        get_object_or_404(SecondCoding, pk=number, consultation=found, question=question, by=by)
        if number
        else None
    )
    if request.method == "POST":
        return _carry_out(request, found, question, second)
    response = _wanted(request, found, question, second)
    if response is None:
        messages.success(request, _("Every answer here has been gone through."))
        return redirect("codebook", consultation, question)
    record(action=Action.RESPONSE_READ, actor=by, subject=response.reference, question=question)
    return render(
        request, "reviewing/code_answers.html", _answer(request, response, found, asked, second)
    )


def _wanted(
    request: StaffRequest, consultation: Consultation, question: str, second: SecondCoding | None
) -> Response | None:
    if reference := request.GET.get("reference", ""):
        return get_object_or_404(
            answers_to(consultation, question), reference=reference_or_404(reference)
        )
    return next_to_code(
        consultation, question, after=_number(request.GET, "after"), again=second, by=request.user
    )


def _answer(
    request: StaffRequest,
    response: Response,
    consultation: Consultation,
    asked: Question,
    second: SecondCoding | None,
) -> dict[str, Any]:
    by, text = request.user, response.texts.get(asked.slug, "")
    codings = Coding.objects.filter(
        response=response, question=asked.slug, removed_at=None
    ).select_related("code", "by")
    mine = [coding for coding in codings if coding.by_id == by.pk]
    whole = {coding.code_id for coding in mine if coding.start is None}
    done = (
        CodedAnswer.objects.filter(
            response__in=second.responses, question=asked.slug, by=by
        ).count()
        if second
        else 0
    )
    return {
        "response": response,
        "consultation": consultation,
        "question": asked,
        "part": part_titles(consultation)[asked.part],
        "text": text,
        "codes": [
            {"code": code, "given": code.pk in whole}
            for code in codes_of(consultation, asked.slug).filter(retired=False)
        ],
        "passages": [
            {"coding": one, "words": text[one.start : one.end]}
            for one in mine
            if one.start is not None
        ],
        # Whoever codes for the second time must not be led by the first.
        "others": [] if second else [coding for coding in codings if coding.by_id != by.pk],
        "suggestions": [] if second else suggest_codes(response=response, question=asked.slug),
        "second": second,
        "done": done,
        "progress": progress_of(consultation, asked.slug),
    }


def _carry_out(
    request: StaffRequest, consultation: Consultation, question: str, second: SecondCoding | None
) -> HttpResponse:
    by, do = request.user, request.POST.get("do", "")
    response = get_object_or_404(
        answers_to(consultation, question),
        reference=reference_or_404(request.POST.get("reference", "")),
    )
    known = Code.objects.filter(consultation=consultation, question=question, retired=False)
    here = f"{request.path}?reference={response.reference}" + (
        f"&second={second.pk}" if second else ""
    )
    if do == "take-off":
        take_off(
            coding=get_object_or_404(
                Coding, pk=_number(request.POST, "coding"), response=response, by=by
            ),
            by=by,
        )
        return redirect(here)
    if do == "passage":
        chosen = get_object_or_404(known, pk=_number(request.POST, "code"))
        try:
            code_passage(
                response=response,
                question=question,
                code=chosen,
                passage=request.POST.get("passage", ""),
                by=by,
            )
        except NoSuchPassage:
            context = _answer(
                request, response, consultation, _asked(consultation.slug, question)[1], second
            )
            problem = _("The answer does not hold these words. Copy them from it just as they are.")
            return render(
                request,
                "reviewing/code_answers.html",
                context | {"problem": problem, "passage": request.POST.get("passage", "")},
            )
        return redirect(here)
    wanted = [
        int(value)
        for value in request.POST.getlist("code")
        if value.isascii() and value.isdigit() and len(value) < 18
    ]
    code_answer(
        response=response, question=question, codes=list(known.filter(pk__in=wanted)), by=by
    )
    return redirect(
        f"{request.path}?after={response.pk}" + (f"&second={second.pk}" if second else "")
    )
