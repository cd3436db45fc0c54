"""Signing staff in, and their passwords. Every attempt is on the trail."""

import re

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from consult.auditing import record
from consult.models import Action, User
from consult.web.rate_limits import give_back_turn, take_turn

# Words that an attacker would try first here.
GUESSED_FIRST = re.compile(
    r"consult(ation)?s?|london|mopac|police|mayor|crime|plan|city|hall|respons(es?|ding)|"
    r"review(er)?|analyst|editor|admin(istrator)?"
)
LEFT_OVER = 8


class WrongPassword(Exception):
    """No active account has this name and password. Never say which of the two is wrong."""


class PasswordRefused(ValueError):
    """The new password is not acceptable; `problems` says why, in sentences."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


def due_first(user: User) -> str:
    """Return the name of the page this person has to visit first, or an empty string."""
    if user.must_change_password:
        return "new-password"
    return "second-factor" if settings.SECOND_FACTOR_NEEDED and not user.second_factor else ""


def check_password(*, username: str, password: str, address: str) -> User:
    """Return the account with this name and password, for a request from network `address`.

    Failures count for the account and the address together, so that nobody can lock out someone
    who signs in from elsewhere. An account with a phone is not signed in yet:
    `consult.staff.second_factor.check_code` comes next. Raises WrongPassword and OverLimit.
    """
    user = _prove(username=username, password=password, address=address)
    if not user.second_factor:
        record(action=Action.SIGNED_IN, actor=user, subject=user.get_username())
    return user


def confirm_identity(*, user: User, password: str, address: str) -> None:
    """Check the password of someone who is signed in. Raises WrongPassword and OverLimit."""
    _prove(username=user.get_username(), password=password, address=address)
    record(action=Action.IDENTITY_CONFIRMED, actor=user, subject=user.get_username())


def _prove(*, username: str, password: str, address: str) -> User:
    keys = {"sign_in": f"{username.lower()} {address}", "sign_in_address": address}
    # Counted before the password is looked at, so that many at once are no way round the limit.
    with transaction.atomic():
        turns = [take_turn(limit=limit, key=key) for limit, key in keys.items()]
    known = User.objects.filter(username=username).first()
    with transaction.atomic():
        user = authenticate(username=username, password=password)
        # Django stores its hash again where the settings of hashing have changed since.
        if isinstance(user, User) and known and user.password != known.password:
            record(action=Action.PASSWORD_HASHED_AGAIN, actor=user, subject=user.get_username())
    if isinstance(user, User):
        for turn in turns:
            give_back_turn(turn)
        return user
    # An unknown name may be a password typed into the wrong box, so it is not recorded.
    record(
        action=Action.SIGN_IN_FAILED,
        actor=None,
        subject=known.get_username() if known else "unknown",
    )
    raise WrongPassword


def choose_password(*, user: User, password: str) -> None:
    """Replace a password with one that only its owner knows. Raises PasswordRefused."""
    try:
        validate_password(password, user)
    except ValidationError as reason:
        raise PasswordRefused(list(reason.messages)) from reason
    if len(GUESSED_FIRST.sub("", password.lower())) < LEFT_OVER:
        raise PasswordRefused(["This password is mostly words from this service. Add others."])
    if user.check_password(password):
        raise PasswordRefused(["Choose a different password from the one you have."])
    with transaction.atomic():
        user.set_password(password)
        user.must_change_password = False
        user.save(update_fields=["password", "must_change_password"])
        record(action=Action.PASSWORD_CHANGED, actor=user, subject=user.get_username())
