"""One response: reading it, deciding on it, and what reviewers made of it."""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from consult import clock
from consult.models import Right
from consult.plans.editions import plan_of
from consult.staff.access import StaffRequest, staff_only
from consult.staff.forms.sign_in import MoveForm
from consult.staff.views.shown import CHANGED_WORDS
from responses.models import Response, Review
from responses.requests import number_in, reference_or_404
from responses.responding.amending import versions_of
from responses.responding.flagging import flags_in_words
from responses.reviewing.filters import read_filter, written
from responses.reviewing.matching import find
from responses.reviewing.reading import (
    ChangedSinceOpened,
    as_shown,
    open_response,
    opened_recently,
)
from responses.reviewing.reviews import (
    MOVES,
    NotAMove,
    ReasonMissing,
    ReviewMovedOn,
    add_note,
    move_review,
    neighbours,
)
from responses.reviewing.views.filtering import pairs_of
from responses.stored_files import attachments_of
from responses.wording import WordedPart, differences, in_words

NOTE_ONLY = "note"


@staff_only(Right.READ_RESPONSES)
def review_one(request: StaffRequest, reference: str) -> HttpResponse:
    """Everything that one response says, and what reviewers have made of it."""
    known = reference_or_404(reference)
    form = MoveForm(request.POST or None)
    trouble: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        try:
            _carry_out(form, known, request)
        except Response.DoesNotExist as reason:
            raise Http404 from reason
        except ChangedSinceOpened:
            trouble = {"changed": CHANGED_WORDS}
        except ReviewMovedOn as moved:
            trouble = {"conflict": moved.last}
        except NotAMove:
            form.add_error(None, _("That is not a possible move from here."))
        except ReasonMissing:
            form.add_error("note", _("Write why."))
        else:
            return redirect(request.get_full_path())
    try:
        response = open_response(
            reference=known,
            reader=request.user,
            version=number_in("" if request.method == "POST" else request.GET.get("version", ""))
            or None,
        )
    except Response.DoesNotExist as reason:
        raise Http404 from reason
    context = _one(request, response) | {"form": form} | trouble
    return render(request, "reviewing/one.html", context, status=409 if trouble else 200)


def _carry_out(form: MoveForm, reference: str, request: StaffRequest) -> None:
    note, to_state = form.cleaned_data["note"], form.cleaned_data["to_state"]
    review = as_shown(reference=reference, shown=request.POST.get("shown", "")).review
    if to_state == NOTE_ONLY:
        add_note(review=review, note=note, by=request.user)
    else:
        move_review(
            review=review,
            to_state=to_state,
            note=note,
            version=form.cleaned_data["version"],
            by=request.user,
        )


def _worded(response: Response) -> list[WordedPart]:
    return in_words(plan_of(response.edition), response.choices | response.texts)


def _one(request: StaffRequest, response: Response) -> dict[str, Any]:
    wanted, _bad = read_filter(pairs_of(request))
    newer, older = neighbours(find(wanted, reader=request.user), response)
    steps = [
        {"step": step, "at": clock.in_words(step.at)}
        for step in response.review.steps.select_related("by")
    ]
    ledger = [{"entry": entry, "at": clock.in_words(entry.at)} for entry in response.ledger.all()]
    every = versions_of(response)
    versions = [{"version": row, "received": clock.in_words(row.received_at)} for row in every]
    worded = _worded(response)
    before = next((row for row in every if row.version == response.version - 1), None)
    return {
        "response": response,
        "flags": flags_in_words(response.flags),
        "received": clock.in_words(response.received_at),
        "worded": [part for part in worded if part.answered],
        "files": attachments_of(Response.objects.filter(pk=response.pk)),
        "before": before,
        "others": [
            {"who": reading.by.username, "at": clock.in_words(reading.last_at)}
            for reading in opened_recently(response=response, reader=request.user)
        ],
        "differences": differences(_worded(before), worded)
        if before and response.act == Response.Act.AMENDED
        else [],
        "moves": [Review.State(state) for state in MOVES[Review.State(response.review.state)]],
        "steps": steps,
        "ledger": ledger,
        "versions": versions,
        "newer": newer,
        "older": older,
        "filters": urlencode(written(wanted)),
    }
