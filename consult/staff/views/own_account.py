"""How staff change their own sign-in: their phone and their password."""

import segno
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import redirect, render

from consult.staff.access import StaffRequest, confirm_password_first, staff_only
from consult.staff.forms.sign_in import NewPasswordForm, PhoneForm
from consult.staff.second_factor import (
    WrongCode,
    key_address,
    key_in_letters,
    make_recovery_codes,
    make_seed,
    set_up,
)
from consult.staff.signing_in import (
    PasswordRefused,
    WrongPassword,
    choose_password,
    confirm_identity,
    due_first,
)
from consult.staff.views.sign_in import refuse, start_page_of
from consult.web.client_address import address_of
from consult.web.rate_limits import OverLimit

SEED_SECONDS = 3600


@staff_only(None)
def second_factor(request: StaffRequest) -> HttpResponse:
    """Set up a phone to sign in with, replace it, or get new recovery codes."""
    user = request.user
    asked = confirm_password_first(request) if user.second_factor else None
    if asked:
        return asked
    if request.method == "POST" and user.second_factor and "codes" in request.POST:
        return render(
            request,
            "staff/recovery_codes.html",
            {"codes": make_recovery_codes(user=user), "desk": start_page_of(user)},
        )
    if user.second_factor and "another" not in request.GET:
        return render(
            request, "staff/second_factor.html", {"left": user.recovery_codes.count(), "form": None}
        )
    form = PhoneForm(request.POST or None)
    # The seed travels in the page, signed for this person only: viewing the page changes nothing.
    salt = f"seed of {user.pk}"
    try:
        seed = signing.loads(request.POST.get("seed", ""), salt=salt, max_age=SEED_SECONDS)
    except signing.BadSignature:
        seed = make_seed()
    if request.method == "POST" and form.is_valid():
        try:
            codes = set_up(user=user, seed=seed, code=form.cleaned_data["code"])
        except WrongCode as problem:
            refuse(form, problem)
        else:
            update_session_auth_hash(request, user)
            return render(
                request, "staff/recovery_codes.html", {"codes": codes, "desk": start_page_of(user)}
            )
    letters = key_in_letters(seed)
    shown = {
        "picture": segno.make(key_address(user, seed), error="m", micro=False).svg_data_uri(
            scale=5, border=4, light="#fff"
        ),
        "letters": " ".join(letters[start : start + 4] for start in range(0, len(letters), 4)),
        "seed": signing.dumps(seed, salt=salt),
        "needed": settings.SECOND_FACTOR_NEEDED and not user.second_factor,
    }
    return render(request, "staff/second_factor.html", {"form": form, **shown})


@staff_only(None)
def new_password(request: StaffRequest) -> HttpResponse:
    """Choose a password, after a one-time password or at any time."""
    user = request.user
    form = NewPasswordForm(request.POST or None)
    if user.must_change_password:
        # They entered the one-time password a moment ago, and it has no other use.
        del form.fields["password"]
    if request.method == "POST" and form.is_valid():
        try:
            if not user.must_change_password:
                confirm_identity(
                    user=user, password=form.cleaned_data["password"], address=address_of(request)
                )
            choose_password(user=user, password=form.cleaned_data["new_password"])
        except (OverLimit, WrongPassword) as problem:
            refuse(form, problem)
        except PasswordRefused as refused:
            for words in refused.problems:
                form.add_error("new_password", words)
        else:
            update_session_auth_hash(request, user)
            return redirect(due_first(user) or start_page_of(user))
    return render(request, "staff/new_password.html", {"form": form})
