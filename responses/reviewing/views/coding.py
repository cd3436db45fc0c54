"""Codebooks, coding free text answer by answer, and how far two reviewers agree."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consult.clock import in_words
from consult.models import Consultation, Right
from consult.plans.document import Question
from consult.staff.access import StaffRequest, staff_only
from consult.text import with_symbols
from responses.models import Code, CodedAnswer, Coding, Response, SecondCoding
from responses.requests import number_in, numbers_in, reference_or_404
from responses.reviewing.code_suggestions import suggest_codes
from responses.reviewing.codebooks import (
    CodeChangedMeanwhile,
    CodeNameMissing,
    CodeNameTaken,
    change_code,
    codes_of,
    make_code,
    part_titles,
    questions_to_code,
)
from responses.reviewing.coding import (
    NoSuchPassage,
    answers_to,
    code_answer,
    code_passage,
    next_to_code,
    progress_of,
    take_off,
)
from responses.reviewing.reading import ChangedSinceOpened, as_shown, open_response
from responses.reviewing.second_coding import compare, draw_second_coding
from responses.reviewing.views.shown import CHANGED_WORDS

SAMPLES = [25, 50, 100, 200]


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
        size = number_in(request.POST.get("size", ""))
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
            "version": number_in(request.POST.get("version", "")),
        }
        try:
            change_code(code=one, by=request.user, **typed)
        except CodeNameMissing:
            problem = _("Give the code a name.")
        except CodeNameTaken:
            problem = _("Another code of this question has this name. Choose another one.")
        except CodeChangedMeanwhile:
            problem = _(
                "Someone else changed this code meanwhile: see “Earlier and now”. Save again to "
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
    number = number_in(request.GET.get("second", ""))
    second = (
        get_object_or_404(SecondCoding, pk=number, consultation=found, question=question, by=by)
        if number
        else None
    )
    if request.method == "POST":
        return _coded(request, found, asked, second)
    response = _wanted(request, found, question, second)
    if response is None:
        messages.success(request, _("Every answer here has been gone through."))
        return redirect("codebook", consultation, question)
    return _show(request, response, found, asked, second, {})


def _show(
    request: StaffRequest,
    response: Response,
    consultation: Consultation,
    asked: Question,
    second: SecondCoding | None,
    said: dict[str, Any],
) -> HttpResponse:
    response = open_response(reference=response.reference, reader=request.user, question=asked.slug)
    context = _answer(request, response, consultation, asked, second) | said
    status = 409 if "changed" in said else 200
    return render(request, "reviewing/code_answers.html", context, status=status)


def _wanted(
    request: StaffRequest, consultation: Consultation, question: str, second: SecondCoding | None
) -> Response | None:
    if reference := request.GET.get("reference", ""):
        return get_object_or_404(
            answers_to(consultation, question), reference=reference_or_404(reference)
        )
    return next_to_code(
        consultation,
        question,
        after=number_in(request.GET.get("after", "")),
        again=second,
        by=request.user,
    )


def _answer(
    request: StaffRequest,
    response: Response,
    consultation: Consultation,
    asked: Question,
    second: SecondCoding | None,
) -> dict[str, Any]:
    by, text = request.user, with_symbols(response.texts.get(asked.slug, ""))
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
        # Anyone who codes for the second time must not be led by the first.
        "others": [] if second else [coding for coding in codings if coding.by_id != by.pk],
        "suggestions": [] if second else suggest_codes(response=response, question=asked.slug),
        "second": second,
        "done": done,
        "progress": progress_of(consultation, asked.slug),
    }


def _coded(
    request: StaffRequest, consultation: Consultation, asked: Question, second: SecondCoding | None
) -> HttpResponse:
    """Carry out what a form says about the answer that it showed, or show that answer again."""
    reference = reference_or_404(request.POST.get("reference", ""))
    typed: dict[str, Any] = {
        "passage": request.POST.get("passage", ""),
        "chosen": set(numbers_in(request.POST.getlist("code"))),
    }
    beside = f"&second={second.pk}" if second else ""
    try:
        response = as_shown(reference=reference, shown=request.POST.get("shown", ""))
        response = get_object_or_404(answers_to(consultation, asked.slug), pk=response.pk)
        go_on = _carry_out(request, response, consultation, asked.slug)
    except Response.DoesNotExist as reason:
        raise Http404 from reason
    except ChangedSinceOpened as changed:
        if not answers_to(consultation, asked.slug).filter(pk=changed.newest.pk).exists():
            messages.error(
                request,
                _("%(reference)s was changed since you opened it, and answers this no more.")
                % {"reference": reference},
            )
            return redirect(f"{request.path}?after={changed.newest.pk}{beside}")
        said = typed | {"changed": CHANGED_WORDS}
        return _show(request, changed.newest, consultation, asked, second, said)
    except NoSuchPassage:
        problem = _("The answer does not hold these words. Copy them from it just as they are.")
        said = typed | {"problem": problem}
        return _show(request, response, consultation, asked, second, said)
    where = f"?after={response.pk}" if go_on else f"?reference={response.reference}"
    return redirect(f"{request.path}{where}{beside}")


def _carry_out(
    request: StaffRequest, response: Response, consultation: Consultation, question: str
) -> bool:
    """Whether that was all about this answer."""
    by, do = request.user, request.POST.get("do", "")
    known = Code.objects.filter(consultation=consultation, question=question, retired=False)
    if do == "take-off":
        codings = Coding.objects.filter(response=response, by=by)
        take_off(
            coding=get_object_or_404(codings, pk=number_in(request.POST.get("coding", ""))), by=by
        )
        return False
    if do == "passage":
        code_passage(
            response=response,
            question=question,
            code=get_object_or_404(known, pk=number_in(request.POST.get("code", ""))),
            passage=request.POST.get("passage", ""),
            by=by,
        )
        return False
    wanted = known.filter(pk__in=numbers_in(request.POST.getlist("code")))
    code_answer(response=response, question=question, codes=list(wanted), by=by)
    return True
