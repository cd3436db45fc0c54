"""Where someone is signed in, for themselves and for administrators."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from consult.clock import in_words
from consult.models import Right, User
from consult.staff.access import StaffRequest, confirm_password_first, staff_only
from consult.staff.sessions import NoSuchSession, end_session, end_sessions, sessions_of


@staff_only(None)
@require_http_methods(["GET", "HEAD", "POST"])
def own_sessions(request: StaffRequest) -> HttpResponse:
    """Show where I am signed in, after I enter my password again."""
    return _sessions(request, request.user, reverse("sessions"))


@staff_only(Right.MANAGE_STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def account_sessions(request: StaffRequest, pk: int) -> HttpResponse:
    """Show where the owner of an account is signed in."""
    return _sessions(
        request, get_object_or_404(User, pk=pk), reverse("account-sessions", args=[pk])
    )


def _sessions(request: StaffRequest, owner: User, here: str) -> HttpResponse:
    if asked := confirm_password_first(request):
        return asked
    this_one = request.session.session_key
    if request.method == "POST" and "all" in request.POST:
        ended = end_sessions(user=owner, actor=request.user, but=this_one)
        words = ngettext("%(ended)s session ended.", "%(ended)s sessions ended.", ended)
        messages.success(request, words % {"ended": ended})
        return redirect(here)
    if request.method == "POST":
        try:
            end_session(user=owner, name=request.POST.get("session", ""), actor=request.user)
        except NoSuchSession:
            messages.warning(request, _("That session had ended already."))
        else:
            messages.success(request, _("Session ended."))
        return redirect(here)
    rows = [
        {"session": one, "began": in_words(one.began_at), "seen": in_words(one.seen_at)}
        for one in sessions_of(owner, current=this_one)
    ]
    context = {"rows": rows, "account": owner, "own": owner == request.user}
    return render(request, "staff/sessions.html", context)
