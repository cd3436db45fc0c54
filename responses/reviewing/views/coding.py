"""Coding free text, one answer after the other."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from consult.models import Consultation, Right, User
from consult.plans.document import Question
from consult.shown import ChangedSinceShown
from consult.staff.access import StaffRequest, staff_only
from consult.staff.views.shown import CHANGED_WORDS
from consult.text import with_symbols
from responses.models import Code, CodedAnswer, Coding, Response, SecondCoding
from responses.requests import number_in, numbers_in, reference_or_404
from responses.reviewing.claims import held_by, take, who_has
from responses.reviewing.code_suggestions import suggest_codes
from responses.reviewing.codebooks import (
    codes_of,
    part_titles,
)
from responses.reviewing.codes_shown import CodesChanged, said_of
from responses.reviewing.coding import (
    answers_to,
    code_answer,
    left_to_code,
    next_to_code,
    next_to_code_again,
    progress_of,
)
from responses.reviewing.coding_passages import NoSuchPassage, code_passage, take_off
from responses.reviewing.reading import ChangedSinceOpened, as_shown, open_response
from responses.reviewing.views.codebooks import asked_about
from responses.reviewing.views.shown import CODES_CHANGED_WORDS, SAID_WORDS, codes_shown


@staff_only(Right.READ_RESPONSES)
def code_answers(request: StaffRequest, consultation: str, question: str) -> HttpResponse:
    """One answer after another, with the codes to choose from."""
    found, asked = asked_about(consultation, question)
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
        _say_done(request, found, question, second)
        return redirect("codebook", consultation, question)
    return _show(request, response, found, asked, second, {})


def _say_done(
    request: StaffRequest, consultation: Consultation, question: str, second: SecondCoding | None
) -> None:
    left = left_to_code(consultation, question)
    others = [] if second else who_has(left, but=request.user)
    if others:
        messages.success(
            request,
            _("What is left here is in hand: %(who)s.") % {"who": ", ".join(map(str, others))},
        )
    else:
        messages.success(request, _("You have gone through every answer here."))


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
    after = number_in(request.GET.get("after", ""))
    if second:
        return next_to_code_again(second, after=after)
    return next_to_code(consultation, question, by=request.user, after=after)


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
            {"coding": one, "words": text[one.start : one.end] if one.end else ""}
            for one in mine
            if one.start is not None or one.code.retired
        ],
        "said": said_of(response=response, question=asked.slug, by=by),
        # Someone coding for the second time must not be led by the first.
        "others": [] if second else [coding for coding in codings if coding.by_id != by.pk],
        "suggestions": [] if second else suggest_codes(response=response, question=asked.slug),
        "second": second,
        "in_hand": None if second else _someone_else(response, asked.slug, by),
        "done": done,
        "progress": progress_of(consultation, asked.slug),
    }


def _someone_else(response: Response, question: str, by: User) -> User | None:
    """Who else has it in hand. If nobody has, `by` takes it, for as long again with every page."""
    return None if take(response=response, question=question, by=by) else held_by(response)


def _coded(
    request: StaffRequest, consultation: Consultation, asked: Question, second: SecondCoding | None
) -> HttpResponse:
    """Do what a form says about the answer that it showed, or show that answer again."""
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
                _("%(reference)s was changed since you opened it, and no longer answers this.")
                % {"reference": reference},
            )
            return redirect(f"{request.path}?after={changed.newest.pk}{beside}")
        said = typed | {"changed": CHANGED_WORDS}
        return _show(request, changed.newest, consultation, asked, second, said)
    except CodesChanged as changed:
        said = typed | {"changed": CODES_CHANGED_WORDS % {"names": changed}}
        return _show(request, response, consultation, asked, second, said)
    except ChangedSinceShown:
        said = typed | {"changed": SAID_WORDS}
        return _show(request, response, consultation, asked, second, said)
    except NoSuchPassage:
        problem = _("The answer does not contain these words. Copy them exactly.")
        said = typed | {"problem": problem}
        return _show(request, response, consultation, asked, second, said)
    where = f"?after={response.pk}" if go_on else f"?reference={response.reference}"
    return redirect(f"{request.path}{where}{beside}")


def _carry_out(
    request: StaffRequest, response: Response, consultation: Consultation, question: str
) -> bool:
    """Tell whether this answer is finished."""
    by, do = request.user, request.POST.get("do", "")
    # Also those that are not offered any more: the rule says so, and nothing goes unsaid.
    known = Code.objects.filter(consultation=consultation, question=question)
    shown = codes_shown(request)
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
            shown=shown,
        )
        return False
    wanted = known.filter(pk__in=numbers_in(request.POST.getlist("code")))
    code_answer(response=response, question=question, codes=list(wanted), by=by, shown=shown)
    return True
