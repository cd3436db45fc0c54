"""What the forms of the reading screen do: code, take off, make a code, decide."""

from collections.abc import Callable

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from consult.staff.access import StaffRequest
from responses.models import Code, Coding, Response, Review
from responses.requests import number_in, numbers_in
from responses.reviewing.codebooks import (
    CodeNameMissing,
    CodeNameTaken,
    make_code,
    questions_to_code,
)
from responses.reviewing.codes_shown import CodesShown
from responses.reviewing.coding import code_answer, say_codes
from responses.reviewing.coding_passages import NoSuchPassage, code_passage, code_span, take_off
from responses.reviewing.considering import decide
from responses.reviewing.reading import as_shown
from responses.reviewing.reviews import NotAMove, ReasonMissing, add_note
from responses.reviewing.same_answers import NothingToGive, code_together, take_back_together
from responses.reviewing.views.shown import codes_shown


class Refused(Exception):
    """What a form asked for cannot be done. `words` say why, `field` is the id to go to."""

    def __init__(self, words: str | Promise, field: str) -> None:
        super().__init__(str(words))
        self.words, self.field = str(words), field


def carry_out(request: StaffRequest, reference: str) -> int | None:
    """Do what a form says about the version that its page showed. Returns the response's primary
    key where the reader goes on to the next, and None where they stay.

    Raises Response.DoesNotExist, ChangedSinceOpened, CodesChanged, ChangedSinceShown, ReviewMovedOn
    and Refused.
    """
    response = as_shown(reference=reference, shown=request.POST.get("shown", ""))
    act = ACTS.get(request.POST.get("do", ""))
    if act is None:
        raise Refused(_("Choose what to do."), "decide")
    return act(request, response)


def _question(request: StaffRequest, response: Response) -> str:
    """The question that a form is about. Raises Response.DoesNotExist if it has no answer that can
    be coded.
    """
    slug = request.POST.get("question", "")
    slugs = {question.slug for question in questions_to_code(response.consultation)}
    if slug not in slugs or slug not in response.texts:
        raise Response.DoesNotExist
    return slug


def _given(request: StaffRequest, response: Response, question: str) -> list[Code]:
    # Also those that are not offered any more: the rule says so, and nothing goes unsaid.
    known = Code.objects.filter(consultation=response.consultation_id, question=question)
    posted = request.POST.getlist("code")
    given = list(known.filter(pk__in=numbers_in(posted)))
    if len(given) != len({*posted} - {""}):
        words = _("One of these is no code of this question. Choose again.")
        raise Refused(words, f"answer-{question}")
    return given


def _codes(request: StaffRequest, response: Response) -> None:
    question = _question(request, response)
    codes = _given(request, response, question)
    say_codes(
        response=response,
        question=question,
        codes=codes,
        none_fits="none" in request.POST,
        by=request.user,
        shown=codes_shown(request),
    )


def _passage(request: StaffRequest, response: Response) -> None:
    question = _question(request, response)
    codes = _given(request, response, question)
    if not codes:
        raise Refused(_("Choose a code for the passage."), f"passage-code-{question}")
    try:
        if end := number_in(request.POST.get("end", "")):
            start = number_in(request.POST.get("start", ""))
            code_span(
                response=response,
                question=question,
                code=codes[0],
                start=start,
                end=end,
                by=request.user,
                shown=codes_shown(request),
            )
        else:
            code_passage(
                response=response,
                question=question,
                code=codes[0],
                passage=request.POST.get("passage", ""),
                by=request.user,
                shown=codes_shown(request),
            )
    except NoSuchPassage as reason:
        words = _("The answer does not contain these words. Copy them exactly.")
        raise Refused(words, f"passage-{question}") from reason


def _take_off(request: StaffRequest, response: Response) -> None:
    mine = Coding.objects.filter(response=response, by=request.user)
    coding = get_object_or_404(mine, pk=number_in(request.POST.get("coding", "")))
    take_off(coding=coding, by=request.user)


def _new_code(request: StaffRequest, response: Response) -> None:
    question = _question(request, response)
    words = {name: request.POST.get(name, "") for name in ("name", "group", "definition")}
    try:
        _make_and_give(request, response, question, words)
    except CodeNameMissing as reason:
        raise Refused(_("Give the code a name."), f"name-{question}") from reason
    except CodeNameTaken as reason:
        raise Refused(
            _("Another code of this question has this name. Choose another one."),
            f"name-{question}",
        ) from reason


def _make_and_give(
    request: StaffRequest, response: Response, question: str, words: dict[str, str]
) -> None:
    """Both or neither: a code that cannot be given is not made."""
    by, shown = request.user, codes_shown(request)
    with transaction.atomic():
        mine = Coding.objects.filter(
            response=response, question=question, by=by, removed_at=None, start=None
        )
        had = Code.objects.filter(pk__in=mine.values("code"), retired=False)
        made = make_code(consultation=response.consultation, question=question, by=by, **words)
        versions = {**shown.versions, made.pk: made.version}
        code_answer(
            response=response,
            question=question,
            codes=[made, *had],
            by=by,
            shown=CodesShown(versions, shown.said),
        )


def _together(request: StaffRequest, response: Response) -> None:
    question = _question(request, response)
    try:
        code_together(
            response=response, question=question, by=request.user, shown=codes_shown(request)
        )
    except NothingToGive as reason:
        words = _("Code this answer first: the others get the codes that it has.")
        raise Refused(words, f"answer-{question}") from reason


def _apart(request: StaffRequest, response: Response) -> None:
    question = _question(request, response)
    take_back_together(response=response, question=question, by=request.user)


def _note(request: StaffRequest, response: Response) -> None:
    try:
        add_note(review=response.review, note=request.POST.get("note", ""), by=request.user)
    except ReasonMissing as reason:
        raise Refused(_("Write a note."), "note") from reason


def _move(to_state: Review.State) -> Callable[[StaffRequest, Response], int | None]:
    def move(request: StaffRequest, response: Response) -> int | None:
        try:
            decide(
                review=response.review,
                to_state=to_state,
                note=request.POST.get("note", ""),
                version=number_in(request.POST.get("version", "")),
                by=request.user,
            )
        except ReasonMissing as reason:
            raise Refused(_("Write why it is set aside."), "reason") from reason
        except NotAMove as reason:
            raise Refused(_("That is not a possible move from here."), "decide") from reason
        return None if to_state == Review.State.READING else response.pk

    return move


ACTS: dict[str, Callable[[StaffRequest, Response], int | None]] = {
    "codes": _codes,
    "passage": _passage,
    "take-off": _take_off,
    "new-code": _new_code,
    "together": _together,
    "apart": _apart,
    "note": _note,
    "considered": _move(Review.State.CONSIDERED),
    "set-aside": _move(Review.State.SET_ASIDE),
    "reopen": _move(Review.State.READING),
}
