"""Acts that are waiting for a second person: what others ask, and what became
of your own requests.
"""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from consult.clock import in_words
from consult.models import SecondPersonRequest, TwoPersonAct
from consult.staff.access import StaffRequest, confirm_password_first, staff_only
from consult.staff.second_person import (
    DecidedAlready,
    NotYoursToDecide,
    asked_by,
    decide,
    to_decide,
)

# The page where each act can be done once it is confirmed.
PAGES = {
    TwoPersonAct.CHANGE_RIGHTS: "account-list",
    TwoPersonAct.TAKE_CONTACTS: "batch-list",
    TwoPersonAct.HAND_OVER: "people",
    TwoPersonAct.ERASE: "people",
    TwoPersonAct.PUBLISH: "publication",
}


@staff_only(None)
@require_http_methods(["GET", "HEAD", "POST"])
def second_person(request: StaffRequest) -> HttpResponse:
    """Confirm or refuse what others ask, after entering the password again."""
    if asked := confirm_password_first(request):
        return asked
    if request.method == "POST":
        number = request.POST.get("request", "")
        valid = number.isascii() and number.isdigit() and len(number) < 18
        confirm = request.POST.get("do") == "confirm"
        try:
            decide(pk=int(number) if valid else 0, confirm=confirm, actor=request.user)
        except DecidedAlready:
            messages.warning(request, _("Someone else decided it first, or it waited too long."))
        except NotYoursToDecide:
            messages.error(request, _("You cannot decide this one: another person has to."))
        else:
            messages.success(request, _("Confirmed.") if confirm else _("Refused."))
        return redirect("second-person")
    context = {
        "waiting": [_row(one) for one in to_decide(request.user)],
        "own": [_row(one) for one in asked_by(request.user)],
    }
    return render(request, "staff/second_person.html", context)


def _row(one: SecondPersonRequest) -> dict[str, object]:
    return {
        "request": one,
        "details": [(name.replace("_", " "), value) for name, value in one.details.items()],
        "asked": in_words(one.asked_at),
        "page": PAGES[TwoPersonAct(one.act)],
    }
