"""The second factor: six digits from a phone (RFC 6238), or a recovery code if the phone is lost.

The phone's key is computed from a random seed and SECRET_KEY, so the database alone is not enough
to make codes.
"""

import base64
import hmac
import secrets
import time
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from consult.auditing import record
from consult.models import Action, RecoveryCode, User
from consult.staff.accounts import PASSWORD_ALPHABET
from consult.web.rate_limits import give_back_turn, take_turn

STEP_SECONDS = 30
DIGITS = 6
# A phone's clock may be half a minute off, and typing takes a while.
STEPS_OFF = 1
SEED_BYTES = KEY_BYTES = 20  # 160 bits, as long as the hash (RFC 4226, section 4).
RECOVERY_CODES = 8
RECOVERY_LENGTH = 12


class WrongCode(Exception):
    """It is not a current code or a recovery code, or it has been used already."""


def make_seed() -> str:
    return secrets.token_hex(SEED_BYTES)


def key_of(seed: str, *, secret: str) -> bytes:
    """The secret that the phone stores."""
    return hmac.digest(secret.encode(), f"second factor of {seed}".encode(), "sha256")[:KEY_BYTES]


def key_in_letters(seed: str) -> str:
    """The key as people type it into a phone."""
    return base64.b32encode(key_of(seed, secret=settings.SECRET_KEY)).decode()


def key_address(user: User, seed: str) -> str:
    """The key as phones read it from a QR code: an otpauth URL."""
    issuer = urlsplit(settings.SITE_URL).hostname or "consult"
    asked = {
        "secret": key_in_letters(seed),
        "issuer": issuer,
        "algorithm": "SHA1",
        "digits": DIGITS,
        "period": STEP_SECONDS,
    }
    return f"otpauth://totp/{quote(f'{issuer}:{user.get_username()}')}?{urlencode(asked)}"


def code_at(key: bytes, step: int, *, digits: int = DIGITS) -> str:
    """The code of the half minute `step` (RFC 6238 on RFC 4226, section 5.3)."""
    mac = hmac.digest(key, step.to_bytes(8, "big"), "sha1")
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def set_up(*, user: User, seed: str, code: str) -> list[str]:
    """Make the phone with `seed` the one that `user` signs in with, and return new recovery codes.

    `code` proves that the phone works. The earlier phone and recovery codes stop working. Raises
    WrongCode.
    """
    step = _step_of(seed, code)
    with transaction.atomic():
        user.second_factor, user.second_factor_step = seed, step
        user.save(update_fields=["second_factor", "second_factor_step"])
        record(action=Action.SECOND_FACTOR_SET_UP, actor=user, subject=user.get_username())
        return _replace_recovery_codes(user)


def make_recovery_codes(*, user: User) -> list[str]:
    """Return new recovery codes, stored only as hashes; the earlier ones stop working."""
    with transaction.atomic():
        record(action=Action.RECOVERY_CODES_MADE, actor=user, subject=user.get_username())
        return _replace_recovery_codes(user)


def _replace_recovery_codes(user: User) -> list[str]:
    codes = [
        "".join(secrets.choice(PASSWORD_ALPHABET) for _ in range(RECOVERY_LENGTH))
        for _ in range(RECOVERY_CODES)
    ]
    user.recovery_codes.all().delete()
    RecoveryCode.objects.bulk_create(
        [RecoveryCode(user=user, hashed=make_password(code)) for code in codes]
    )
    return [
        "-".join(code[start : start + 4] for start in range(0, RECOVERY_LENGTH, 4))
        for code in codes
    ]


def check_code(*, user: User, code: str, address: str) -> None:
    """Accept `code` from a `user` who has given the right password. Each code works once.

    Wrong six-digit codes count for the account, wherever they come from, since there are only a
    million to try; you need the password to try one, and recovery codes still work. Raises
    WrongCode and OverLimit.
    """
    code = "".join(code.split()).replace("-", "")
    digits = len(code) == DIGITS and code.isascii() and code.isdigit()
    limit, key = (
        ("sign_in_code", user.get_username())
        if digits
        else ("sign_in", f"code of {user.get_username()} {address}")
    )
    # Counted before the code is looked at, so that many at once are no way round the limit.
    turn = take_turn(limit=limit, key=key)
    try:
        with transaction.atomic():
            if digits:
                _take_digits(user, code)
            else:
                _take_recovery_code(user, code)
            record(
                action=Action.SIGNED_IN,
                actor=user,
                subject=user.get_username(),
                by="code" if digits else "recovery code",
            )
    except WrongCode:
        record(action=Action.SIGN_IN_FAILED, actor=None, subject=user.get_username(), what="code")
        raise
    give_back_turn(turn)


def _take_digits(user: User, code: str) -> None:
    step = _step_of(user.second_factor, code)
    # Two requests with one code at the same moment: the database lets only the first have it.
    if not User.objects.filter(
        pk=user.pk, second_factor=user.second_factor, second_factor_step__lt=step
    ).update(second_factor_step=step):
        raise WrongCode


def _take_recovery_code(user: User, code: str) -> None:
    # Hashing is slow on purpose, so anything that cannot be a code is not hashed.
    possible = len(code) == RECOVERY_LENGTH and set(code) <= set(PASSWORD_ALPHABET)
    for kept in user.recovery_codes.all() if possible else ():
        # Only one request can delete the row, and that one has used it.
        if (
            check_password(code, kept.hashed)
            and RecoveryCode.objects.filter(pk=kept.pk).delete()[0]
        ):
            return
    raise WrongCode


def _step_of(seed: str, code: str) -> int:
    """Return the half minute that `code` belongs to, if it is close to now. Raises WrongCode."""
    now = int(time.time()) // STEP_SECONDS
    typed = "".join(code.split()).encode("utf-8", "surrogatepass")
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        key = key_of(seed, secret=secret)
        for step in range(now - STEPS_OFF, now + STEPS_OFF + 1):
            if hmac.compare_digest(code_at(key, step).encode(), typed):
                return step
    raise WrongCode
