"""The equality questions, asked once the response has been received."""

from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from consult.plans.editions import current_edition, plan_of
from consult.web.private import private
from responses.answers import read_equality_answers
from responses.responding.equality import (
    AnsweredBefore,
    NotAskedNow,
    NothingAnswered,
    give_equality_answers,
    stop_equality_use,
)
from responses.responding.forms import PartForm
from responses.responding.views.receipts import equality_state, response_of


@private
def equality(request: HttpRequest, token: str) -> HttpResponse:
    """The equality questions, each optional, once the response is safely there."""
    response = response_of(token)
    back = redirect("receipt", token)
    back.status_code = 303
    if equality_state(response, token) != "asked":
        return back
    edition = current_edition(response.consultation)
    plan = plan_of(edition)
    form = PartForm(
        plan=plan, part=plan.equality, data=request.POST if request.method == "POST" else None
    )
    if request.method != "POST" or not form.is_valid():
        context = {
            "consultation": response.consultation,
            "plan": plan,
            "token": token,
            "form": form,
            "response": response,
        }
        return render(request, "responding/equality.html", context)
    answers = read_equality_answers(plan, form.typed)
    # Nothing chosen, the time over or pressed twice: the receipt says how it stands now.
    with suppress(NothingAnswered, NotAskedNow, AnsweredBefore):
        give_equality_answers(
            consultation=response.consultation, edition=edition, token=token, answers=answers
        )
    return back


@private
@require_POST
def stop_equality(request: HttpRequest, token: str) -> HttpResponse:
    """Take the equality answers out of use. The response stays as it is."""
    response_of(token)
    stop_equality_use(token=token)
    page = redirect(reverse("receipt", args=[token]) + "?equality=stopped#equality")
    page.status_code = 303
    return page
