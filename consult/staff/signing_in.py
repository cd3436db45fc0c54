"""Signing staff in, and their passwords. Every try is on the trail."""

import re

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from consult.auditing import record
from consult.models import Action, User
from consult.web.rate_limits import count_hit, refuse_over_limit

# The first words that somebody would guess here.
GUESSED_FIRST = re.compile(
    r"consult(ation)?s?|london|mopac|police|mayor|crime|plan|city|hall|respons(es?|ding)|review(er)?|analyst|editor|admin(istrator)?"
)
LEFT_OVER = 8


class WrongPassword(Exception):
    """No active account has this name and password.

    Which of the two is wrong is nobody's business.
    """


class PasswordRefused(ValueError):
    """The new password will not do; `problems` says why, in sentences."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


def due_first(user: User) -> str:
    """The name of the page that comes before all others for this person, or nothing."""
    if user.must_change_password:
        return "new-password"
    return "second-factor" if settings.SECOND_FACTOR_NEEDED and not user.second_factor else ""


def check_password(*, username: str, password: str, address: str) -> User:
    """The account of that name and password, for whoever asks from a network `address`.

    Failures count for the account and the address together, so that nobody can lock out somebody
    who signs in from elsewhere. Whoever has a phone to sign in with is not in yet:
    `consult.staff.second_factor.check_code` comes next. Raises WrongPassword and OverLimit.
    """
    user = _prove(username=username, password=password, address=address)
    if not user.second_factor:
        record(action=Action.SIGNED_IN, actor=user, subject=user.get_username())
    return user


def confirm_identity(*, user: User, password: str, address: str) -> None:
    """Somebody who is signed in proves that it is still them.

    Raises WrongPassword and OverLimit.
    """
    _prove(username=user.get_username(), password=password, address=address)
    record(action=Action.IDENTITY_CONFIRMED, actor=user, subject=user.get_username())


def _prove(*, username: str, password: str, address: str) -> User:
    keys = {"sign_in": f"{username.lower()} {address}", "sign_in_address": address}
    for limit, key in keys.items():
        refuse_over_limit(limit=limit, key=key)
    user = authenticate(username=username, password=password)
    if isinstance(user, User):
        return user
    for limit, key in keys.items():
        count_hit(limit=limit, key=key)
    # A name that is nobody's may be a password typed into the wrong box: it is not written down.
    known = User.objects.filter(username=username).values_list("username", flat=True).first()
    record(action=Action.SIGN_IN_FAILED, actor=None, subject=known or "unknown")
    raise WrongPassword


def choose_password(*, user: User, password: str) -> None:
    """Replace a one-time password by one that only its owner knows. Raises PasswordRefused."""
    try:
        validate_password(password, user)
    except ValidationError as reason:
        raise PasswordRefused(list(reason.messages)) from reason
    if len(GUESSED_FIRST.sub("", password.lower())) < LEFT_OVER:
        raise PasswordRefused(
            ["There is little in this password but words of this service. Add others."]
        )
    if user.check_password(password):
        raise PasswordRefused(["Choose another password than the one you have."])
    with transaction.atomic():
        user.set_password(password)
        user.must_change_password = False
        user.save(update_fields=["password", "must_change_password"])
        record(action=Action.PASSWORD_CHANGED, actor=user, subject=user.get_username())
