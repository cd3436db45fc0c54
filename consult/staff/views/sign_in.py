"""Signing in and out, and entering the password again."""

import time
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from consult.auditing import record
from consult.models import Action, Right, User
from consult.staff.access import StaffRequest, staff_only
from consult.staff.forms.sign_in import (
    CodeForm,
    ConfirmForm,
    SignInForm,
    StaffForm,
)
from consult.staff.second_factor import WrongCode, check_code
from consult.staff.sessions import browser_in_words
from consult.staff.signing_in import (
    WrongPassword,
    check_password,
    confirm_identity,
    due_first,
)
from consult.web.client_address import address_of
from consult.web.private import private
from consult.web.rate_limits import OverLimit

# Between the password and the code.
HALF_IN_SECONDS = 10 * 60


def start_page_of(user: User) -> str:
    """Return the page where this person's work starts."""
    if user.may(Right.READ_RESPONSES):
        return reverse("review-list")
    if user.may(Right.TAKE_BATCHES):
        return reverse("batch-list")
    return reverse("admin:index" if user.may(Right.EDIT_PLAN) else "packs-to-decide")


def wanted_page(request: HttpRequest) -> str:
    """Return where the person wanted to go, if it is on this site; otherwise an empty string."""
    wanted = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else ""


def refuse(form: StaffForm, problem: OverLimit | WrongPassword | WrongCode) -> None:
    """Show on the form why sign-in was refused."""
    if isinstance(problem, OverLimit):
        minutes = max(problem.seconds // 60, 1)
        words = ngettext(
            "Too many attempts. Wait %(minutes)s minute, then try again.",
            "Too many attempts. Wait %(minutes)s minutes, then try again.",
            minutes,
        ) % {"minutes": minutes}
    elif isinstance(problem, WrongCode):
        words = _(
            "This code is wrong or has been used already. Wait for the next one, and check "
            "the time on your phone."
        )
    else:
        words = (
            _("The user name or the password is wrong.")
            if "username" in form.fields
            else _("The password is wrong.")
        )
    form.add_error(next(iter(form.fields)), words)


def start_session(request: HttpRequest, user: User) -> HttpResponse:
    """Start a new session for `user` and send them to their first page."""
    wanted = wanted_page(request)
    login(request, user)
    request.session.update(dict.fromkeys(("began_at", "seen_at", "confirmed_at"), int(time.time())))
    request.session["browser"] = browser_in_words(request.headers.get("User-Agent", ""))
    return redirect(due_first(user) or wanted or start_page_of(user))


@private
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for user name and password."""
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = check_password(**form.cleaned_data, address=address_of(request))
        except (OverLimit, WrongPassword) as problem:
            refuse(form, problem)
        else:
            if not user.second_factor:
                return start_session(request, user)
            # Not signed in yet: this only remembers who gave which password. Any older session ends
            # here.
            request.session.flush()
            request.session["half_in"] = {
                "user": user.pk,
                "hash": user.get_session_auth_hash(),
                "at": int(time.time()),
            }
            return redirect(
                f"{reverse('sign-in-code')}?{urlencode({'next': wanted_page(request)})}"
            )
    idle = settings.SESSION_IDLE_SECONDS // 60 if request.GET.get("ended") == "idle" else 0
    return render(request, "staff/sign_in.html", {"form": form, "idle_minutes": idle})


@private
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code from the phone, or a recovery code, after the right password."""
    half_in = request.session.get("half_in", {"user": 0, "hash": "", "at": 0})
    user = User.objects.filter(pk=half_in["user"], is_active=True).first()
    fresh = time.time() - half_in["at"] < HALF_IN_SECONDS
    if (
        user is None
        or not fresh
        or not constant_time_compare(half_in["hash"], user.get_session_auth_hash())
    ):
        return redirect(f"{reverse('sign-in')}?{urlencode({'next': wanted_page(request)})}")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            check_code(user=user, code=form.cleaned_data["code"], address=address_of(request))
        except (OverLimit, WrongCode) as problem:
            refuse(form, problem)
        else:
            request.session.flush()
            return start_session(request, user)
    return render(request, "staff/sign_in_code.html", {"form": form})


@staff_only(None)
def staff_home(request: StaffRequest) -> HttpResponse:
    """Redirect to the page where this person's work starts."""
    return redirect(start_page_of(request.user))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    if isinstance(request.user, User):
        record(action=Action.SIGNED_OUT, actor=request.user, subject=request.user.get_username())
        logout(request)
    page = redirect("sign-in")
    # What staff pages showed is removed from this browser too.
    page["Clear-Site-Data"] = '"cache"'
    return page


@staff_only(None)
def confirm(request: StaffRequest) -> HttpResponse:
    """Enter the password again, then continue."""
    user = request.user
    form = ConfirmForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            confirm_identity(
                user=user, password=form.cleaned_data["password"], address=address_of(request)
            )
        except (OverLimit, WrongPassword) as problem:
            refuse(form, problem)
        else:
            request.session.cycle_key()
            request.session["confirmed_at"] = int(time.time())
            return redirect(wanted_page(request) or start_page_of(user))
    return render(request, "staff/confirm.html", {"form": form})
