"""Signing staff in, and their passwords. Every try is on the trail."""

from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from consult.auditing import record
from consult.limiting import count_hit, refuse_over_limit
from consult.models import Action, User


class WrongPassword(Exception):
    """No active account has this name and password. Which of the two is wrong is nobody's business."""


class PasswordRefused(ValueError):
    """The new password will not do; `problems` says why, in sentences."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


def check_password(*, username: str, password: str, address: str) -> User:
    """The account of that name and password, for whoever asks from a network `address`.

    Failures count for the account and the address together, so that nobody can lock out somebody who signs in from
    elsewhere. Raises WrongPassword and OverLimit.
    """
    keys = {"sign_in": f"{username.lower()} {address}", "sign_in_address": address}
    for limit, key in keys.items():
        refuse_over_limit(limit=limit, key=key)
    user = authenticate(username=username, password=password)
    if isinstance(user, User):
        record(action=Action.SIGNED_IN, actor=user, subject=user.get_username())
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
    if user.check_password(password):
        raise PasswordRefused(["Choose another password than the one you have."])
    with transaction.atomic():
        user.set_password(password)
        user.must_change_password = False
        user.save(update_fields=["password", "must_change_password"])
        record(action=Action.PASSWORD_CHANGED, actor=user, subject=user.get_username())
