"""The reviewers' list, and one response."""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from consult import clock
from consult.editions import plan_of
from consult.models import Consultation, Right
from responses.amending import versions_of
from responses.forms.staff import FilterForm, MoveForm
from responses.models import Response, Review
from responses.references import NotAReference, normalise_reference
from responses.reviewing import (
    MOVES,
    NotAMove,
    ReasonMissing,
    ReviewMovedOn,
    add_note,
    find_responses,
    move_review,
    neighbours,
    note_list_read,
    open_response,
    turn_page,
)
from responses.views.staff import staff_only
from responses.wording import WordedPart, differences, in_words

NOTE_ONLY = "note"


def _id(request: HttpRequest, name: str) -> int | None:
    value = request.GET.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 18 else None


def _filters_in_address(data: QueryDict) -> str:
    """The filters of this page, for the addresses of its links."""
    return urlencode([(name, value) for name, value in data.items() if name in FilterForm.base_fields and value])


@staff_only(Right.READ_RESPONSES)
def review_list(request: HttpRequest) -> HttpResponse:
    """Newest first, through filters that stand in the address."""
    form = FilterForm(request.GET)
    wanted = form.wanted
    page = turn_page(find_responses(**wanted), before=_id(request, "before"), after=_id(request, "after"))
    note_list_read(reader=request.user, filters=wanted)  # type: ignore[arg-type]
    rows = [
        {
            "response": row,
            "received": clock.in_words(row.received_at),
            "kind": {"organisation": _("Organisation"), "individual": _("Individual")}.get(row.choices.get("capacity", ""), ""),
            "words": next(iter(row.texts.values()), ""),
        }
        for row in page.rows
    ]
    context = {
        "form": form,
        "page": page,
        "rows": rows,
        "filters": _filters_in_address(request.GET),
        "filtered": bool(wanted),
        "several": Consultation.objects.count() > 1,
    }
    return render(request, "review/list.html", context)


@staff_only(Right.READ_RESPONSES)
def review_one(request: HttpRequest, reference: str) -> HttpResponse:
    """Everything one response said, and what has been made of it."""
    try:
        known = normalise_reference(reference)
        response = open_response(reference=known, reader=request.user, version=_id(request, "version"))  # type: ignore[arg-type]
    except (NotAReference, Response.DoesNotExist) as reason:
        raise Http404 from reason
    form = MoveForm(request.POST or None, initial={"version": response.review.version})
    conflict = None
    if request.method == "POST" and form.is_valid():
        try:
            _carry_out(form, response.review, request)
        except ReviewMovedOn as moved:
            conflict = moved.last
            response.review.refresh_from_db()
            # What was typed stays in the box; sending it again is now a choice made with open eyes.
            form.data = {**form.data.dict(), "version": str(response.review.version)}  # type: ignore[attr-defined]  # a QueryDict
        except NotAMove:
            form.add_error(None, _("That is not a possible move from here."))
        except ReasonMissing:
            form.add_error("note", _("Write why."))
        else:
            return redirect(request.get_full_path())
    return render(request, "review/one.html", _one(request, response) | {"form": form, "conflict": conflict})


def _carry_out(form: MoveForm, review: Review, request: HttpRequest) -> None:
    note, to_state = form.cleaned_data["note"], form.cleaned_data["to_state"]
    if to_state == NOTE_ONLY:
        add_note(review=review, note=note, by=request.user)  # type: ignore[arg-type]
    else:
        move_review(review=review, to_state=to_state, note=note, version=form.cleaned_data["version"], by=request.user)  # type: ignore[arg-type]


def _worded(response: Response) -> list[WordedPart]:
    return in_words(plan_of(response.edition), response.choices | response.texts)


def _one(request: HttpRequest, response: Response) -> dict[str, Any]:
    filters = FilterForm(request.GET)
    newer, older = neighbours(find_responses(**filters.wanted), response)
    steps = [{"step": step, "at": clock.in_words(step.at)} for step in response.review.steps.select_related("by")]
    ledger = [{"entry": entry, "at": clock.in_words(entry.at)} for entry in response.ledger.all()]
    every = versions_of(response)
    versions = [{"version": row, "received": clock.in_words(row.received_at)} for row in every]
    worded = _worded(response)
    before = next((row for row in every if row.version == response.version - 1), None)
    return {
        "response": response,
        "received": clock.in_words(response.received_at),
        "worded": [part for part in worded if part.answered],
        "before": before,
        "differences": differences(_worded(before), worded) if before and response.act == Response.Act.AMENDED else [],
        "moves": [Review.State(state) for state in MOVES[Review.State(response.review.state)]],
        "steps": steps,
        "ledger": ledger,
        "versions": versions,
        "newer": newer,
        "older": older,
        "filters": _filters_in_address(request.GET),
    }
