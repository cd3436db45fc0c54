"""Codebooks: the codes of each question, what they mean and meant, and second codings."""

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
from consult.views.one_by_one import each_shown
from responses.models import Code, CodeVersion, SecondCoding
from responses.requests import number_in
from responses.reviewing.codebooks import (
    CodeChangedMeanwhile,
    CodeNameMissing,
    CodeNameTaken,
    change_code,
    codes_of,
    make_code,
    part_titles,
    questions_to_code,
    restore_code,
)
from responses.reviewing.coding import (
    progress_of,
)
from responses.reviewing.second_coding import compare, draw_second_coding

SAMPLES = [25, 50, 100, 200]


def asked_about(slug: str, question: str) -> tuple[Consultation, Question]:
    """Return a consultation and one of its questions that can be coded. Raises Http404."""
    consultation = get_object_or_404(Consultation, slug=slug, published_at__isnull=False)
    for one in questions_to_code(consultation):
        if one.slug == question:
            return consultation, one
    raise Http404


@staff_only(Right.READ_RESPONSES)
@require_safe
def code_questions(request: StaffRequest) -> HttpResponse:
    """List every question that is answered in words, and how much of it is coded."""
    rows = each_shown(
        request, Consultation.objects.filter(published_at__isnull=False), _questions_of
    )
    return render(request, "reviewing/code_questions.html", {"rows": rows})


def _questions_of(consultation: Consultation) -> dict[str, object]:
    titles = part_titles(consultation)
    questions = [
        {
            "question": one,
            "part": titles[one.part],
            "progress": progress_of(consultation, one.slug),
        }
        for one in questions_to_code(consultation)
    ]
    return {"consultation": consultation, "questions": questions}


@staff_only(Right.READ_RESPONSES)
def codebook(request: StaffRequest, consultation: str, question: str) -> HttpResponse:
    """A question's codes with how often each was found, a new code, and the second coding."""
    found, asked = asked_about(consultation, question)
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
                _("Nobody else has coded an answer that you have not. Ask a colleague to start."),
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
    found, asked = asked_about(consultation, question)
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
        version = number_in(request.POST.get("version", ""))
        words = {name: request.POST.get(name, "") for name in ("name", "group", "definition")}
        to = number_in(request.POST.get("restore", ""))
        if not to:
            typed = words | {"retired": "retired" in request.POST, "version": version}
        try:
            if to:
                restore_code(code=one, to=to, version=version, by=request.user)
            else:
                change_code(code=one, by=request.user, **typed)
        except CodeVersion.DoesNotExist as reason:
            raise Http404 from reason
        except CodeNameMissing:
            problem = _("Give the code a name.")
        except CodeNameTaken:
            problem = _("Another code of this question has this name. Choose another one.")
        except CodeChangedMeanwhile:
            problem = _(
                "Someone else has changed this code: see “Earlier and now”. Save again to "
                "replace it with yours."
            )
            typed["version"] = Code.objects.get(pk=pk).version
        else:
            messages.success(request, _("The code is changed. Answers that have it keep it."))
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
