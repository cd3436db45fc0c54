"""Staff accounts: who has one, what it may do, and ways back in. For administrators only."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from consult.clock import in_words
from consult.models import Right, User
from consult.shown import ChangedSinceShown
from consult.staff.access import StaffRequest, confirm_password_first, staff_only
from consult.staff.accounts import (
    BadUsername,
    ContactsNotGranted,
    LastAdministrator,
    NotLocked,
    UsernameTaken,
    account_shown,
    change_staff,
    create_staff,
    locked_among,
    locked_until,
    reset_password,
    unlock,
)
from consult.staff.forms.accounts import AccountForm, NewAccountForm
from consult.staff.views.shown import CHANGED_WORDS


def what_roles_may() -> dict[User.Role, str]:
    """Return each role with what it lets someone do. A test asks for all of them."""
    return {
        User.Role.REVIEWER: _(
            "reads responses with their contact details, codes and decides on them"
        ),
        User.Role.ANALYST: _(
            "sees figures and takes batches and extracts, without contact details unless granted"
        ),
        User.Role.EDITOR: _("changes what the consultation says, and its dates"),
        User.Role.ADMINISTRATOR: _("all of that, and accounts, the trail and people’s requests"),
        User.Role.DECISION_MAKER: _("reads decision packs and decides on each point"),
    }


def _roles() -> list[dict[str, str]]:
    return [
        {"value": str(role), "label": _(role.label), "may": words}
        for role, words in what_roles_may().items()
    ]


@staff_only(Right.MANAGE_STAFF)
@require_safe
def account_list(request: StaffRequest) -> HttpResponse:
    """Everyone who has, or had, an account."""
    users = list(User.objects.order_by("-is_active", "username"))
    locked = locked_among(users)
    rows = [
        {
            "account": user,
            "seen": in_words(user.last_login) if user.last_login else "",
            "locked": _locked(user) if user.pk in locked else "",
        }
        for user in users
    ]
    return render(request, "staff/account_list.html", {"rows": rows})


def _locked(user: User) -> str:
    until = locked_until(user)
    return in_words(until) if until else ""


@staff_only(Right.MANAGE_STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def account_new(request: StaffRequest) -> HttpResponse:
    """Create an account and show its one-time password, once."""
    if asked := confirm_password_first(request):
        return asked
    form = NewAccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made, password = create_staff(**form.cleaned_data, actor=request.user)
        except BadUsername as reason:
            form.add_error("username", str(reason))
        except UsernameTaken:
            form.add_error("username", _("There is already an account with this name."))
        else:
            return _show_once(request, made, password)
    return render(request, "staff/account_new.html", {"form": form, "roles": _roles()})


def _show_once(request: HttpRequest, account: User, password: str) -> HttpResponse:
    # Only on this page: no session, message or cache holds it.
    return render(
        request, "staff/account_password.html", {"account": account, "password": password}
    )


@staff_only(Right.MANAGE_STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: StaffRequest, pk: int) -> HttpResponse:
    """One account: its role and rights, switching it off, and ways back in for its owner."""
    found = get_object_or_404(User, pk=pk)
    if asked := confirm_password_first(request):
        return asked
    form = AccountForm(request.POST if request.POST.get("do") == "change" else None)
    changed = ""
    if request.method == "POST":
        try:
            answer = _carry_out(request, found, form)
        except ChangedSinceShown:
            found.refresh_from_db()
            changed = str(CHANGED_WORDS)
        else:
            if answer is not None:
                return answer
    context: dict[str, Any] = {
        "form": form,
        "account": found,
        "roles": _roles(),
        "role": request.POST.get("role", found.role),
        "takes_contacts": (
            "takes_contacts" in request.POST if form.is_bound else found.takes_contacts
        ),
        "seen": in_words(found.last_login) if found.last_login else "",
        "made": in_words(found.date_joined),
        "locked": _locked(found),
        "own": found == request.user,
        "shown": account_shown(found),
        "changed": changed,
    }
    return render(request, "staff/account.html", context, status=409 if changed else 200)


def _carry_out(request: StaffRequest, found: User, form: AccountForm) -> HttpResponse | None:
    """Do what the button asks for. Returns None if the form is not valid."""
    do, by, shown = request.POST.get("do", ""), request.user, request.POST.get("shown", "")
    if do in {"password", "phone"}:
        if found == by:
            messages.error(
                request,
                _(
                    "Change your own password and phone under “Password” and “Phone” in the "
                    "navigation."
                ),
            )
            return redirect("account", found.pk)
        return _show_once(
            request,
            found,
            reset_password(user=found, actor=by, phone_too=do == "phone", shown=shown),
        )
    if do == "change" and not form.is_valid():
        return None
    try:
        if do == "change":
            changed = change_staff(
                user=found, is_active=found.is_active, actor=by, shown=shown, **form.cleaned_data
            )
            _say(request, changed)
        elif do in {"end", "begin"}:
            changed = change_staff(
                user=found,
                role=found.role,
                is_active=do == "begin",
                takes_contacts=found.takes_contacts,
                actor=by,
                shown=shown,
            )
            _say(request, changed)
        elif do == "unlock":
            unlock(user=found, actor=by)
            _say(request, True)
    except ContactsNotGranted:
        form.add_error(
            "takes_contacts",
            _(
                "Only an analyst can be granted contact details. Untick this box, or choose the "
                "role Analyst."
            ),
        )
        return None
    except LastAdministrator:
        messages.error(
            request,
            _("Nothing changed: this is the last administrator. Create another one first."),
        )
    except NotLocked:
        _say(request, False)
    return redirect("account", found.pk)


def _say(request: HttpRequest, changed: bool) -> None:
    if changed:
        messages.success(request, _("Account changed."))
    else:
        messages.warning(request, _("It already was."))
