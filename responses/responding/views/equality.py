"""The equality questions, asked once the response has been received."""

from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from consult.plans.editions import current_edition, edition_shown, plan_of
from consult.views.guessing import count_guesses
from consult.web.private import private
from responses.answers import answers_for_an_organisation, read_equality_answers
from responses.responding.equality import (
    AnsweredBefore,
    NotAskedNow,
    NothingAnswered,
    give_equality_answers,
)
from responses.responding.forms import PartForm
from responses.responding.views.receipts import equality_state, response_of
from responses.responding.views.recognised import recognised
from responses.responding.views.session import see_other
from responses.wording import RewordedAnswer, reworded_answers


@private
@count_guesses
@recognised(response_of)
def equality(request: HttpRequest, token: str) -> HttpResponse:
    """Ask the equality questions, each optional, after the response is received."""
    response = response_of(token)
    back = see_other(reverse("receipt", args=[token]))
    if equality_state(response, token) != "asked":
        return back
    edition = current_edition(response.consultation)
    plan = plan_of(edition)
    organisation = answers_for_an_organisation(response.choices)
    asked = plan.equality_for(organisation=organisation)
    form = PartForm(plan=plan, part=asked, data=request.POST if request.method == "POST" else None)
    reworded: list[RewordedAnswer] = []
    if request.method == "POST":
        shown = edition_shown(number=request.POST.get("edition", ""), current=edition)
        then = plan_of(shown)
        asked_then = then.equality_for(organisation=organisation)
        typed = PartForm(plan=then, part=asked_then, data=request.POST).typed
        reworded = reworded_answers(given_to=then, asked_now=plan, raw=typed)
    if request.method != "POST" or reworded or not form.is_valid():
        context = {
            "consultation": response.consultation,
            "plan": plan,
            "edition": edition,
            "token": token,
            "form": form,
            "response": response,
            "reworded": [answer for answer in reworded if answer.new],
            "dropped": [answer for answer in reworded if not answer.new],
        }
        status = 409 if reworded else 200
        return render(request, "responding/equality.html", context, status=status)
    answers = read_equality_answers(plan, form.typed, organisation=organisation)
    # Nothing chosen, too late, or pressed twice: the receipt shows the current state.
    with suppress(NothingAnswered, NotAskedNow, AnsweredBefore):
        give_equality_answers(
            consultation=response.consultation, edition=edition, token=token, answers=answers
        )
    return back
