"""The grid: all answers to one question, coded on one page."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from consult.models import Consultation, Right
from consult.plans.document import Question
from consult.shown import ChangedSinceShown
from consult.staff.access import StaffRequest, staff_only
from consult.staff.views.shown import CHANGED_WORDS
from responses.models import Code, Response
from responses.requests import numbers_in, reference_or_404
from responses.reviewing.answer_grid import (
    Wanted,
    answers_of,
    page_of_answers,
    read_wanted,
)
from responses.reviewing.codebooks import codes_of, part_titles
from responses.reviewing.codes_shown import CodesChanged, CodesShown
from responses.reviewing.coding import progress_of, say_codes
from responses.reviewing.grid_rows import codes_offered, grid_rows, labels
from responses.reviewing.reading import ChangedSinceOpened, as_shown, open_answers
from responses.reviewing.views.codebooks import asked_about
from responses.reviewing.views.filtering import pairs_of
from responses.reviewing.views.shown import CODES_CHANGED_WORDS, SAID_WORDS, versions_shown

COLUMNS = {
    "arrived": _("Answer"),
    "length": _("Length"),
    "codes": _("Codes"),
    "kind": _("Kind"),
    "borough": _("Borough"),
    "differ": _("Agreement"),
}
SHOWS = [
    ("", _("All answers")),
    ("left", _("That nobody has gone through")),
    ("mine", _("That I have not gone through")),
    ("differ", _("That people coded differently")),
]


@staff_only(Right.READ_RESPONSES)
def answer_grid(request: StaffRequest, consultation: str, question: str) -> HttpResponse:
    """All answers to a question, and what is ticked beside them saved at once."""
    found, asked = asked_about(consultation, question)
    wanted, bad = read_wanted(pairs_of(request))
    refused: dict[str, str | Promise] = {}
    if request.method == "POST":
        saved, refused = _save(request, found, question)
        if not refused:
            done = ngettext("%(saved)d answer is saved.", "%(saved)d answers are saved.", saved)
            messages.success(request, done % {"saved": saved})
            return redirect(request.get_full_path())
    page = page_of_answers(found, question, wanted=wanted, reader=request.user)
    # What could not be saved is shown again by itself, with what was ticked.
    responses = answers_of(found, question, list(refused)) if refused else list(page)
    open_answers(responses=responses, question=question, reader=request.user)
    rows = grid_rows(found, question, responses, reader=request.user)
    context = _around(found, asked, wanted) | {
        "bad": bad,
        "page": page,
        "rows": [(row, _ticked(request, row.response, refused)) for row in rows],
        "refused": [(reference, words) for reference, words in refused.items()],
        "kept": _in_words(request, found, question, refused),
    }
    return render(request, "reviewing/answer_grid.html", context, status=409 if refused else 200)


def _around(found: Consultation, asked: Question, wanted: Wanted) -> dict[str, Any]:
    def address(**changed: str | int) -> str:
        return "?" + urlencode(wanted.written(**changed))

    by = wanted.sort.removeprefix("-")
    falls = wanted.sort.startswith("-")
    return {
        "consultation": found,
        "question": asked,
        "part": part_titles(found)[asked.part],
        "progress": progress_of(found, asked.slug),
        "codes": codes_offered(found, asked.slug),
        "every_code": codes_of(found, asked.slug),
        "kinds": labels(found, "capacity"),
        "boroughs": labels(found, "borough"),
        "shows": SHOWS,
        "wanted": wanted,
        "columns": [
            {
                "name": name,
                "label": label,
                "address": address(sort=name if falls or by != name else f"-{name}", page=1),
                "sorted": ("descending" if falls else "ascending") if by == name else "",
            }
            for name, label in COLUMNS.items()
        ],
        "before": address(page=max(wanted.page - 1, 1)),
        "after": address(page=wanted.page + 1),
    }


def _ticked(
    request: StaffRequest, response: Response, refused: dict[str, str | Promise]
) -> dict[str, Any] | None:
    """What was chosen beside an answer that could not be saved, or None for what it has."""
    if response.reference not in refused:
        return None
    chosen = request.POST.getlist(f"code-{response.reference}")
    return {
        "codes": set(numbers_in(chosen)),
        "none": f"none-{response.reference}" in request.POST,
        "words": refused[response.reference],
    }


def _in_words(
    request: StaffRequest,
    consultation: Consultation,
    question: str,
    refused: dict[str, str | Promise],
) -> dict[str, str]:
    """By reference the names of the codes that were chosen and not saved."""
    names = dict(
        Code.objects.filter(consultation=consultation, question=question).values_list("pk", "name")
    )
    return {
        one: ", ".join(
            names[pk] for pk in numbers_in(request.POST.getlist(f"code-{one}")) if pk in names
        )
        for one in refused
    }


def _save(
    request: StaffRequest, consultation: Consultation, question: str
) -> tuple[int, dict[str, str | Promise]]:
    """Save each answer beside which something was changed. Returns how many, and by reference why
    the others could not be.
    """
    versions = versions_shown(request)
    saved = 0
    refused: dict[str, str | Promise] = {}
    for posted in request.POST.getlist("row"):
        reference = reference_or_404(posted)
        chosen = sorted({*request.POST.getlist(f"code-{reference}")})
        none_fits = f"none-{reference}" in request.POST
        if " ".join([*chosen, *(["none"] if none_fits else [])]) == _had(request, reference):
            continue
        codes = Code.objects.filter(
            consultation=consultation, question=question, pk__in=numbers_in(chosen)
        )
        said = CodesShown(versions, request.POST.get(f"said-{reference}", ""))
        try:
            response = as_shown(
                reference=reference, shown=request.POST.get(f"shown-{reference}", "")
            )
            say_codes(
                response=response,
                question=question,
                codes=list(codes),
                none_fits=none_fits,
                by=request.user,
                shown=said,
            )
        except (Response.DoesNotExist, ChangedSinceOpened):
            refused[reference] = CHANGED_WORDS
        except CodesChanged as reason:
            refused[reference] = CODES_CHANGED_WORDS % {"names": reason}
        except ChangedSinceShown:
            refused[reference] = SAID_WORDS
        else:
            saved += 1
    return saved, refused


def _had(request: StaffRequest, reference: str) -> str:
    return " ".join(sorted(request.POST.get(f"had-{reference}", "").split()))
