"""What a password may be, and what is kept of it."""

from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.test import Client
from django.urls import reverse

from consult import settings as real
from consult.models import User
from consult.staff.second_factor import RecoveryCode, make_recovery_codes
from consult.staff.signing_in import PasswordRefused, choose_password


@pytest.mark.parametrize(
    "password", ["ж" * 64, " a  b \t c 🙂 d  e ", "x" * 499 + "Y", "twelve lower", "0" * 11 + "é"]
)
def test_a_password_may_be_long_and_of_anything(reviewer: User, password: str) -> None:
    choose_password(user=reviewer, password=password)
    assert authenticate(username="rosa", password=password) == reviewer
    for other in (password[:-1], password.strip(), password.upper()):
        assert other == password or authenticate(username="rosa", password=other) is None
    assert (
        Client().post(reverse("sign-in"), {"username": "rosa", "password": password}).status_code
        == 302
    )


@pytest.mark.parametrize(
    "password", ["ConsultLondonMopac", "police-plan-2021", "admin-admin-admin", "cityhall-123456"]
)
def test_a_password_of_this_services_words_alone_is_refused(reviewer: User, password: str) -> None:
    with pytest.raises(PasswordRefused, match="words from this service"):
        choose_password(user=reviewer, password=password)


def test_passwords_and_recovery_codes_are_hashed_by_argon2(reviewer: User, settings: Any) -> None:
    settings.PASSWORD_HASHERS = real.PASSWORD_HASHERS
    choose_password(user=reviewer, password="four words that do not rhyme")
    make_recovery_codes(user=reviewer)
    kept = [User.objects.get().password, *RecoveryCode.objects.values_list("hashed", flat=True)]
    assert len(kept) == 9
    assert all(row.startswith("argon2$argon2id$") for row in kept)
