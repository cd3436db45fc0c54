"""Acts that are waiting for a second person: what others ask, and what became
of your own requests.
"""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from consult.clock import in_words
from consult.models import SecondPersonRequest, TwoPersonAct
from consult.nudging import nudge
from consult.staff.access import StaffRequest, confirm_password_first, staff_only
from consult.staff.second_person import (
    DecidedAlready,
    NotYoursToDecide,
    SecondPersonNeeded,
    asked_by,
    decide,
    to_decide,
)
from responses.governance.carrying_out import (
    ChangedSinceAsked,
    confirm_request,
    for_their_eyes,
    make_password,
    makes_password,
)
from responses.requests import number_in
from responses.reviewing.tasks import make_public_files


@staff_only(None)
@require_http_methods(["GET", "HEAD", "POST"])
def second_person(request: StaffRequest) -> HttpResponse:
    """Confirm or refuse what others ask, after entering the password again. What is confirmed is
    carried out at once.
    """
    if asked := confirm_password_first(request):
        return asked
    if request.method == "POST":
        return _carry_out(request) or redirect("second-person")
    context = {
        "waiting": [_row(one) for one in to_decide(request.user)],
        "own": [_row(one) for one in asked_by(request.user)],
    }
    return render(request, "staff/second_person.html", context)


def _carry_out(request: StaffRequest) -> HttpResponse | None:
    number, do = number_in(request.POST.get("request", "")), request.POST.get("do", "")
    try:
        if do == "password":
            account, password = make_password(pk=number, actor=request.user)
            # Only in this response: no session, message or cache holds it.
            shown_once = {"account": account, "password": password}
            return render(request, "staff/account_password.html", shown_once)
        if do == "confirm":
            done = confirm_request(pk=number, actor=request.user)
            nudge(make_public_files)
            messages.success(
                request,
                _("Confirmed. %(name)s can do it now.") % {"name": done.asked_by.username}
                if for_their_eyes(done)
                else _("Confirmed and done."),
            )
        else:
            decide(pk=number, confirm=False, actor=request.user)
            messages.success(request, _("Refused."))
    except DecidedAlready:
        messages.warning(request, _("Someone else decided it first, or it waited too long."))
    except NotYoursToDecide:
        messages.error(request, _("You cannot decide this one: another person has to."))
    except (ChangedSinceAsked, SecondPersonNeeded):
        messages.error(
            request,
            _("Nothing was done: it was changed since it was asked for. It has to be asked again."),
        )
    return None


def _row(one: SecondPersonRequest) -> dict[str, object]:
    return {
        "request": one,
        "details": [
            (
                name.replace("_", " "),
                ", ".join(map(str, value)) if isinstance(value, list) else value,
            )
            for name, value in one.details.items()
        ],
        "asked": in_words(one.asked_at),
        "page": _where(one),
        "password": makes_password(one),
    }


def _where(one: SecondPersonRequest) -> str:
    """Where the one who asked gets the file that was confirmed."""
    if one.act == TwoPersonAct.HAND_OVER:
        names = {"references": "reference", "drafts": "draft", "emails": "letter"}
        pairs = [(names[name], value) for name, values in one.details.items() for value in values]
        return f"{reverse('person-pack')}?{urlencode(pairs)}"
    if one.act == TwoPersonAct.TAKE_CONTACTS:
        return reverse("extract-list" if "/extract-" in one.subject else "batch-list")
    return ""
