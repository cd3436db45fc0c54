"""Staff accounts: creating, changing and unlocking them, and one-time passwords."""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from consult.auditing import record
from consult.models import Action, TwoPersonAct, User
from consult.shown import fingerprint_of, refuse_changed
from consult.staff.second_person import confirms_anything, require_second_person
from consult.web.rate_limits import forgive, over_until, which_are_over

# People read it out and type it: no 0, 1, I, L or O.
PASSWORD_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz"  # noqa: S105
PASSWORD_LENGTH = 16


class UsernameTaken(Exception):
    """Someone has an account with that name."""


class BadUsername(ValueError):
    """This cannot be a user name; the message says why."""


class UnknownRole(ValueError):
    """There is no such role; the message lists the roles."""


class NotLocked(Exception):
    """The account is not locked."""


class ContactsNotGranted(Exception):
    """Only an analyst can be granted contact details: other roles have them already, or never
    need them.
    """


class LastAdministrator(Exception):
    """There would be no account left that can manage accounts."""


def make_one_time_password() -> str:
    """Return a random password of about 92 bits, to be replaced at first sign-in."""
    return "".join(secrets.choice(PASSWORD_ALPHABET) for _ in range(PASSWORD_LENGTH))


def check_username(username: str) -> None:
    """Raise BadUsername or UsernameTaken if no new account can have this name.

    Names that differ only in case count as one.
    """
    # A name of this length fits everywhere on the audit trail.
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.@+_-]{1,99}", username):
        raise BadUsername(
            "A user name has 2 to 100 letters, digits and . @ + _ - and starts with a letter or "
            "digit."
        )
    if User.objects.filter(username__iexact=username).exists():
        raise UsernameTaken(username)


def create_staff(*, username: str, role: str, actor: User | None) -> tuple[User, str]:
    """Create a staff account with a one-time password, which is stored only as a hash.

    Raises BadUsername, UnknownRole, UsernameTaken or SecondPersonNeeded.
    """
    check_username(username)
    if role not in User.Role.values:
        raise UnknownRole(
            f"There is no role “{role}”. The roles are {', '.join(User.Role.values)}."
        )
    password = make_one_time_password()
    user = User(username=username, role=role, is_staff=True, must_change_password=True)
    user.set_password(password)
    try:
        with transaction.atomic():
            require_second_person(
                act=TwoPersonAct.CHANGE_RIGHTS,
                actor=actor,
                subject=username,
                details={"new account": True, "role": role},
            )
            user.save(force_insert=True)
            record(action=Action.STAFF_CREATED, actor=actor, subject=username, role=role)
    except IntegrityError as reason:
        raise UsernameTaken(username) from reason
    return user, password


def account_shown(user: User) -> str:
    """The fingerprint of what the page of an account says about it."""
    # The password is in it too, so that nobody gives out a second one-time password unknowingly.
    return fingerprint_of(user.role, user.is_active, user.takes_contacts, user.password)


def reset_password(
    *, user: User, actor: User | None, phone_too: bool = False, shown: str | None = None
) -> str:
    """Give an account a new one-time password and return it.

    The old password and every session stop working at once. `phone_too` also forgets the phone and
    the recovery codes, for someone who has lost them. Raises ChangedSinceShown if `shown` is not
    what the account is now, and SecondPersonNeeded if it can confirm what others do: otherwise one
    person could act as the second one too.
    """
    password = make_one_time_password()
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        refuse_changed(shown=shown, now=account_shown(user))
        if confirms_anything(user):
            require_second_person(
                act=TwoPersonAct.CHANGE_RIGHTS,
                actor=actor,
                subject=user.get_username(),
                details={"new one-time password": True, "forget the phone": phone_too},
            )
        if phone_too:
            user.second_factor = ""
            user.save(update_fields=["second_factor"])
            user.recovery_codes.all().delete()
        user.set_password(password)
        user.must_change_password = True
        user.save(update_fields=["password", "must_change_password"])
        record(
            action=Action.STAFF_CHANGED,
            actor=actor,
            subject=user.get_username(),
            what="new one-time password" + ", phone forgotten" * phone_too,
        )
    return password


def change_staff(
    *,
    user: User,
    role: str,
    is_active: bool,
    actor: User,
    takes_contacts: bool = False,
    shown: str | None = None,
) -> bool:
    """Change an account's role, its right to contact details, or whether it is active.

    Returns False if nothing changes. Accounts are never deleted, because the audit trail names
    them. One person can close an account, because a stolen one has to be closed at once; anything
    else raises SecondPersonNeeded. Raises ContactsNotGranted, LastAdministrator, and
    ChangedSinceShown if `shown` is not what the account is now.
    """
    if takes_contacts and role != User.Role.ANALYST:
        raise ContactsNotGranted
    with transaction.atomic():
        # Locks all administrators, so that two cannot deactivate each other at once.
        others = (
            User.objects.select_for_update(no_key=True)
            .filter(role=User.Role.ADMINISTRATOR, is_active=True)
            .order_by("pk")
        )
        someone_left = any(other.pk != user.pk for other in others)
        kept = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        refuse_changed(shown=shown, now=account_shown(kept))
        names = ("role", "is_active", "takes_contacts")
        before = {name: getattr(kept, name) for name in names}
        after = dict(zip(names, (role, is_active, takes_contacts), strict=True))
        if before == after:
            return False
        was_administrator = kept.role == User.Role.ADMINISTRATOR and kept.is_active
        if (
            was_administrator
            and not someone_left
            and not (role == User.Role.ADMINISTRATOR and is_active)
        ):
            raise LastAdministrator
        if after != before | {"is_active": False}:
            require_second_person(
                act=TwoPersonAct.CHANGE_RIGHTS,
                actor=actor,
                subject=kept.get_username(),
                # What it was is part of what is confirmed.
                details=after | {"instead of": ", ".join(f"{one}: {before[one]}" for one in names)},
            )
        record(
            action=Action.STAFF_CHANGED,
            actor=actor,
            subject=kept.get_username(),
            before=before,
            after=after,
        )
        kept.role, kept.is_active, kept.takes_contacts = role, is_active, takes_contacts
        kept.save(update_fields=names)
    return True


def locked_until(user: User) -> datetime | None:
    """Return until when the account's codes are refused after too many wrong ones, or None.

    Only codes are counted for the account alone, and only someone who knows its password can enter
    one. Wrong passwords are counted together with the network address they come from, so that a
    stranger who tries them locks out nobody else.
    """
    return over_until(limit="sign_in_code", key=user.get_username())


def locked_among(users: Sequence[User]) -> set[int]:
    """Return the ids of those `users` that are locked."""
    over = which_are_over(limit="sign_in_code", keys=[user.get_username() for user in users])
    return {user.pk for user in users if user.get_username() in over}


def unlock(*, user: User, actor: User) -> None:
    """Accept codes from this account's phone again at once. Raises NotLocked."""
    with transaction.atomic():
        if locked_until(user) is None:
            raise NotLocked
        forgive(limit="sign_in_code", key=user.get_username())
        record(
            action=Action.STAFF_CHANGED,
            actor=actor,
            subject=user.get_username(),
            what="codes accepted again",
        )
