"""Signing in and out, and who may see which staff page."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import login, logout, update_session_auth_hash
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from consult.auditing import record
from consult.limiting import OverLimit
from consult.models import Action, Right, User
from consult.signing_in import PasswordRefused, WrongPassword, check_password, choose_password
from consult.visitors import address_of
from responses.forms.staff import NewPasswordForm, SignInForm

View = Callable[..., HttpResponse]


def staff_only(right: Right | None) -> Callable[[View], View]:
    """A page for staff with `right`, or for all staff: others are asked to sign in, or told that they may not."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
            user = request.user
            if not isinstance(user, User):
                return redirect(f"{reverse('sign-in')}?{urlencode({'next': request.get_full_path()})}")
            if user.must_change_password and right is not None:
                return redirect("new-password")
            if right is not None and not user.may(right):
                raise PermissionDenied
            page = view(request, *arguments, **named)
            page["Cache-Control"] = "no-store"
            page["X-Robots-Tag"] = "noindex"
            return page

        return wrapped

    return decorate


def desk_of(user: User) -> str:
    """The address where somebody's work begins."""
    if user.may(Right.READ_RESPONSES):
        return reverse("review-list")
    return reverse("batch-list") if user.may(Right.TAKE_BATCHES) else reverse("admin:index")


def sign_in(request: HttpRequest) -> HttpResponse:
    """User name and password."""
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = check_password(**form.cleaned_data, address=address_of(request))
        except OverLimit as over:
            minutes = max(over.seconds // 60, 1)
            form.add_error("username", _("There were too many tries. Wait %(minutes)s minutes, then try again.") % {"minutes": minutes})
        except WrongPassword:
            form.add_error("username", _("The user name or the password is wrong."))
        else:
            login(request, user)
            wanted = request.GET.get("next", "")
            safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure())
            return redirect("new-password" if user.must_change_password else wanted if safe else desk_of(user))
    return render(request, "review/sign_in.html", {"form": form})


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    if isinstance(request.user, User):
        record(action=Action.SIGNED_OUT, actor=request.user, subject=request.user.get_username())
        logout(request)
    return redirect("sign-in")


@staff_only(None)
def new_password(request: HttpRequest) -> HttpResponse:
    """Choose a password, after a one-time password or at any time."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101  # staff_only saw to it; this tells the type checker
    form = NewPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            choose_password(user=user, password=form.cleaned_data["new_password"])
        except PasswordRefused as refused:
            for problem in refused.problems:
                form.add_error("new_password", problem)
        else:
            update_session_auth_hash(request, user)
            return redirect(desk_of(user))
    return render(request, "review/new_password.html", {"form": form})
