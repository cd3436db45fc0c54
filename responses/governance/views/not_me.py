"""For someone who got another person's email: their address is removed."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from consult.plans.editions import plan_of
from consult.views.guessing import count_guesses
from consult.web.private import private
from consult.web.rate_limits import OverLimit
from responses.governance.removing_addresses import NotThisAddress, disown_address
from responses.models import Response
from responses.receipt_tokens import find_response


@private
@count_guesses
def not_me(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for the address that the email came to, then remove it.

    A look changes nothing, since mail programs look too.
    """
    try:
        response = find_response(token)
    except Response.DoesNotExist as reason:
        raise Http404 from reason
    typed, problem, removed = request.POST.get("email", "").strip(), "", False
    if request.method == "POST":
        try:
            if not typed:
                raise NotThisAddress
            disown_address(response=response, email=typed)
            removed = True
        except NotThisAddress:
            problem = _("Enter the address that the email came to.")
        except OverLimit:
            problem = _("We cannot check any more addresses for now. Try again in a few days.")
    context = {
        "consultation": response.consultation,
        "plan": plan_of(response.edition),
        "token": token,
        "typed": typed,
        "problem": problem,
        "removed": removed,
    }
    return render(request, "governance/not_me.html", context)
