"""The reading screen: one response, its answers in words with their codes beside them, and the
decision, without leaving the page.

A script sends the same forms without loading the page again.
"""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from consult import clock
from consult.models import Right
from consult.shown import ChangedSinceShown
from consult.staff.access import StaffRequest, staff_only
from consult.staff.views.shown import CHANGED_WORDS
from responses.models import Response, Review
from responses.requests import number_in, numbers_in, reference_or_404
from responses.reviewing.claims import held_by, in_hand, take, who_has
from responses.reviewing.codes_shown import CodesChanged
from responses.reviewing.considering import SAYS_SOMETHING, left_to_read, take_next
from responses.reviewing.filters import read_filter, written
from responses.reviewing.matching import find
from responses.reviewing.on_screen import closed_answers, shown_answers
from responses.reviewing.reading import ChangedSinceOpened, open_response, opened_recently
from responses.reviewing.reviews import MOVES, ReviewMovedOn, neighbours
from responses.reviewing.views.filtering import pairs_of
from responses.reviewing.views.reading_acts import Refused, carry_out
from responses.reviewing.views.shown import CODES_CHANGED_WORDS, SAID_WORDS

# Counting all that is left of very many would cost more than it tells.
COUNT_CAP = 1000


@staff_only(Right.READ_RESPONSES)
@require_safe
def read_next(request: StaffRequest) -> HttpResponse:
    """Go to the next response that matches the filters and that nobody else has in hand."""
    wanted, _bad = read_filter(pairs_of(request))
    filters = urlencode(written(wanted))
    after = number_in(request.GET.get("after", ""))
    found = take_next(wanted, reader=request.user, after=after)
    if found is None:
        left = left_to_read(wanted, reader=request.user)
        who = [person.username for person in who_has(left, but=request.user)]
        return render(request, "reviewing/read_done.html", {"who": who, "filters": filters})
    return redirect(_address(found.reference, filters))


def _address(reference: str, filters: str) -> str:
    return f"{reverse('read-one', args=[reference])}{'?' if filters else ''}{filters}"


@staff_only(Right.READ_RESPONSES)
@require_safe
def who_is_here(request: StaffRequest) -> HttpResponse:
    """Who reads what at this moment, for a page that asks again and again."""
    return render(request, "reviewing/_here.html", {"here": _here(request)})


def _here(request: StaffRequest) -> list[tuple[str, str]]:
    claims = in_hand().exclude(by=request.user)
    return [(claim.by.username, claim.response.reference) for claim in claims]


@staff_only(Right.READ_RESPONSES)
def read_one(request: StaffRequest, reference: str) -> HttpResponse:
    """One response to read, code and decide on."""
    known = reference_or_404(reference)
    wanted, _bad = read_filter(pairs_of(request))
    filters = urlencode(written(wanted))
    said: dict[str, Any] = {}
    status = 200
    if request.method == "POST":
        try:
            gone_on = carry_out(request, known)
        except Response.DoesNotExist as reason:
            raise Http404 from reason
        except ChangedSinceOpened:
            said, status = {"changed": CHANGED_WORDS}, 409
        except CodesChanged as reason:
            said, status = {"changed": CODES_CHANGED_WORDS % {"names": reason}}, 409
        except ChangedSinceShown:
            said, status = {"changed": SAID_WORDS}, 409
        except ReviewMovedOn as moved:
            said, status = {"conflict": moved.last}, 409
        except Refused as refused:
            said, status = {"problem": refused.words, "field": refused.field}, 422
        else:
            if gone_on is None:
                return redirect(_address(known, filters))
            beside = f"&{filters}" if filters else ""
            return redirect(f"{reverse('read-next')}?after={gone_on}{beside}")
    try:
        response = open_response(reference=known, reader=request.user)
    except Response.DoesNotExist as reason:
        raise Http404 from reason
    typed = {"typed": request.POST, "chosen": set(numbers_in(request.POST.getlist("code")))}
    context = _shown(request, response) | {"filters": filters} | typed | said
    return render(request, "reviewing/read.html", context, status=status)


def _shown(request: StaffRequest, response: Response) -> dict[str, Any]:
    wanted, _bad = read_filter(pairs_of(request))
    newer, older = neighbours(find(wanted, reader=request.user), response)
    open_now = response.act in SAYS_SOMETHING
    mine = open_now and take(response=response, by=request.user)
    left = left_to_read(wanted, reader=request.user)[: COUNT_CAP + 1].count()
    moves = MOVES[Review.State(response.review.state)]
    return {
        "response": response,
        "received": clock.in_words(response.received_at),
        "closed": closed_answers(response),
        "answers": shown_answers(response, reader=request.user),
        "in_hand": None if mine else held_by(response),
        "opened": [
            (reading.by.username, clock.in_words(reading.last_at))
            for reading in opened_recently(response=response, reader=request.user)
        ],
        "here": _here(request),
        "newer": newer,
        "older": older,
        "left": left,
        "capped": left > COUNT_CAP,
        "cap": COUNT_CAP,
        "may_consider": Review.State.CONSIDERED in moves and open_now,
        "may_reopen": Review.State.READING in moves
        and response.review.state != Review.State.UNREAD,
        "steps": [
            {"step": step, "at": clock.in_words(step.at)}
            for step in response.review.steps.select_related("by")
        ],
    }
