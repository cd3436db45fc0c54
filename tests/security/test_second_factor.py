"""Signing in with a phone: the codes of the standard, each taken once, and ways back in that are
not ways in for others.
"""

import base64
import re
import time
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from consult.models import AuditEntry, RecoveryCode, User
from consult.staff.second_factor import (
    DIGITS,
    STEP_SECONDS,
    WrongCode,
    check_code,
    code_at,
    key_of,
    make_seed,
    set_up,
)
from tests.support.pressing import press

PASSWORD = "rosa has a long password"
SignIn = Callable[[User], Client]


def now() -> int:
    return int(time.time()) // STEP_SECONDS


def code_of(user: User, settings: Any, *, later: int = 0) -> str:
    user.refresh_from_db()
    return code_at(key_of(user.second_factor, secret=settings.SECRET_KEY), now() + later)


def with_phone(user: User, settings: Any) -> list[str]:
    """A phone for `user`, whose last code lies a while back; the recovery codes."""
    seed = make_seed()
    codes = set_up(
        user=user, seed=seed, code=code_at(key_of(seed, secret=settings.SECRET_KEY), now() - 1)
    )
    User.objects.filter(pk=user.pk).update(second_factor_step=0)
    return codes


def half_in(
    client: Client, username: str = "rosa", password: str = PASSWORD, wanted: str = ""
) -> Any:
    query = f"?next={wanted}" if wanted else ""
    return client.post(reverse("sign-in") + query, {"username": username, "password": password})


def trail() -> list[tuple[str, str, Any]]:
    return list(AuditEntry.objects.order_by("id").values_list("action", "subject", "details"))


# RFC 6238, appendix B, the rows of SHA-1.
@pytest.mark.parametrize(
    ("at", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
    ],
)
def test_codes_match_the_vectors_of_rfc_6238(at: int, code: str) -> None:
    assert code_at(b"12345678901234567890", at // STEP_SECONDS, digits=8) == code


def test_someone_with_a_phone_is_signed_in_only_after_the_code(
    reviewer: User, settings: Any
) -> None:
    with_phone(reviewer, settings)
    client = Client()
    page = half_in(client)
    assert page["Location"].startswith(reverse("sign-in-code"))
    assert client.get(reverse("review-list")).status_code == 302
    wrong = client.post(
        reverse("sign-in-code"),
        {"code": "000000" if code_of(reviewer, settings) != "000000" else "111111"},
    )
    assert "This code is wrong" in wrong.content.decode()
    assert client.get(reverse("review-list")).status_code == 302
    assert client.post(reverse("sign-in-code"), {"code": code_of(reviewer, settings)})[
        "Location"
    ] == reverse("review-list")
    assert client.get(reverse("review-list")).status_code == 200
    assert trail()[1:] == [
        ("sign_in_failed", "rosa", {"what": "code"}),
        ("signed_in", "rosa", {"by": "code"}),
        trail()[-1],
    ]


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_the_code_page_never_redirects_to_another_site(
    reviewer: User, settings: Any, wanted: str
) -> None:
    with_phone(reviewer, settings)
    client = Client()
    page = half_in(client, wanted=wanted)
    assert "evil" not in page["Location"]
    assert client.post(
        f"{reverse('sign-in-code')}?next={wanted}", {"code": code_of(reviewer, settings)}
    )["Location"] == reverse("review-list")


def test_the_code_page_returns_to_the_page_first_asked_for(reviewer: User, settings: Any) -> None:
    with_phone(reviewer, settings)
    client = Client()
    going = client.post(
        half_in(client, wanted=reverse("campaign-list"))["Location"],
        {"code": code_of(reviewer, settings)},
    )
    assert going["Location"] == reverse("campaign-list")


def test_the_code_page_lets_nobody_in_without_the_password(reviewer: User, settings: Any) -> None:
    with_phone(reviewer, settings)
    for client in (Client(), planted(reviewer), stale(reviewer)):
        page = client.post(reverse("sign-in-code"), {"code": code_of(reviewer, settings)})
        assert page["Location"].startswith(reverse("sign-in") + "?")
        assert client.get(reverse("review-list")).status_code == 302


def planted(user: User) -> Client:
    """Someone who got as far as the code before the password was changed."""
    client = Client()
    half_in(client)
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return client


def stale(user: User) -> Client:
    client = Client()
    half_in(client)
    session = client.session
    session["half_in"] = session["half_in"] | {"at": session["half_in"]["at"] - 601}
    session.save()
    return client


def test_a_code_works_once(reviewer: User, settings: Any) -> None:
    with_phone(reviewer, settings)
    code = code_of(reviewer, settings)
    check_code(user=reviewer, code=f"{code[:3]} {code[3:]}", address="192.0.2.1")
    for again in (
        code,
        code_at(key_of(reviewer.second_factor, secret=settings.SECRET_KEY), now() - 1),
    ):
        with pytest.raises(WrongCode):
            check_code(user=reviewer, code=again, address="192.0.2.1")


@pytest.mark.parametrize("later", [-30, -2, 3, 30])
def test_a_code_of_another_time_is_refused(reviewer: User, settings: Any, later: int) -> None:
    with_phone(reviewer, settings)
    with pytest.raises(WrongCode):
        check_code(
            user=reviewer, code=code_of(reviewer, settings, later=later), address="192.0.2.1"
        )


def test_guessing_codes_locks_from_any_address_but_not_the_recovery_codes(
    reviewer: User, settings: Any
) -> None:
    codes = with_phone(reviewer, settings)
    settings.LIMITS = {**settings.LIMITS, "sign_in_code": (3, 900)}
    right = code_of(reviewer, settings)
    for number in range(3):
        client = Client(REMOTE_ADDR=f"192.0.2.{number}")
        half_in(client)
        client.post(reverse("sign-in-code"), {"code": "000000" if right != "000000" else "111111"})
    client = Client(REMOTE_ADDR="192.0.2.99")
    half_in(client)
    assert (
        "Too many attempts. Wait 15 minutes"
        in client.post(reverse("sign-in-code"), {"code": right}).content.decode()
    )
    assert client.post(reverse("sign-in-code"), {"code": codes[0]}).status_code == 302
    assert client.get(reverse("review-list")).status_code == 200


def test_a_recovery_code_works_once_and_is_nowhere_in_the_database(
    reviewer: User, settings: Any
) -> None:
    codes = with_phone(reviewer, settings)
    assert len(set(codes)) == 8
    kept = list(RecoveryCode.objects.values_list("hashed", flat=True))
    assert not any(code.replace("-", "") in row for code in codes for row in kept)
    check_code(
        user=reviewer,
        code=codes[3].lower() if codes[3].islower() else codes[3],
        address="192.0.2.1",
    )
    with pytest.raises(WrongCode):
        check_code(user=reviewer, code=codes[3], address="192.0.2.1")
    assert reviewer.recovery_codes.count() == 7
    assert trail()[-2][2] == {"by": "recovery code"}


def test_someone_elses_recovery_code_does_not_work(
    reviewer: User, analyst: User, settings: Any
) -> None:
    with_phone(reviewer, settings)
    theirs = with_phone(analyst, settings)
    with pytest.raises(WrongCode):
        check_code(user=reviewer, code=theirs[0], address="192.0.2.1")


def test_the_database_alone_is_not_enough_to_make_codes(reviewer: User, settings: Any) -> None:
    with_phone(reviewer, settings)
    right = code_of(reviewer, settings)
    seed = reviewer.second_factor
    for key in (seed.encode(), bytes.fromhex(seed), key_of(seed, secret="another")):
        assert code_at(key, now()) != right


def test_a_new_secret_key_locks_nobody_out_while_the_old_one_is_kept(
    reviewer: User, settings: Any
) -> None:
    with_phone(reviewer, settings)
    code = code_of(reviewer, settings)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new key, fifty characters long or longer than that, yes"
    check_code(user=reviewer, code=code, address="192.0.2.1")


def test_nothing_opens_before_a_required_phone_is_set_up(
    reviewer: User, editor: User, settings: Any
) -> None:
    settings.SECOND_FACTOR_NEEDED = True
    client = Client()
    assert half_in(client)["Location"] == reverse("second-factor")
    for name in ("review-list", "campaign-list", "confirm"):
        assert client.get(reverse(name))["Location"] == reverse("second-factor")
    office = Client()
    half_in(office, "edith", "edith has a long password")
    assert office.get(reverse("admin:index"), follow=True).redirect_chain[-1][0] == reverse(
        "second-factor"
    )


def test_a_phone_set_up_on_its_page_can_be_used_to_sign_in(reviewer: User, settings: Any) -> None:
    settings.SECOND_FACTOR_NEEDED = True
    client = Client()
    half_in(client)
    elsewhere = Client()
    half_in(elsewhere)
    page = client.get(reverse("second-factor")).content.decode()
    assert 'src="data:image/svg+xml' in page
    letters = re.search(r"Key: <strong[^>]*>([A-Z2-7 ]+)</strong>", page)
    signed = re.search(r'name="seed" value="([^"]+)"', page)
    assert letters
    assert signed
    assert User.objects.get().second_factor == ""  # looking changes nothing
    key = base32(letters[1])
    refused = client.post(
        reverse("second-factor"), {"seed": signed[1], "code": "12345x"}
    ).content.decode()
    assert "This code is wrong" in refused
    assert letters[1] in refused  # the phone that scanned it does not have to scan again
    shown = client.post(
        reverse("second-factor"), {"seed": signed[1], "code": code_at(key, now())}
    ).content.decode()
    codes = re.findall(r"<strong>(\w{4}-\w{4}-\w{4})</strong>", shown)
    assert len(codes) == 8
    assert client.get(reverse("review-list")).status_code == 200
    assert elsewhere.get(reverse("second-factor"))["Location"].startswith(
        reverse("sign-in")
    )  # sessions from before it ended
    again = Client()
    assert half_in(again)["Location"].startswith(reverse("sign-in-code"))
    assert again.post(reverse("sign-in-code"), {"code": codes[0]}).status_code == 302
    assert again.get(reverse("review-list")).status_code == 200
    assert letters[1] not in again.get(reverse("second-factor")).content.decode()


def base32(letters: str) -> bytes:
    return base64.b32decode(letters.replace(" ", ""))


def test_a_secret_issued_to_someone_else_cannot_be_set_up(
    reviewer: User, analyst: User, sign_in: SignIn, settings: Any
) -> None:
    settings.SECOND_FACTOR_NEEDED = True
    mine, theirs = Client(), Client()
    half_in(mine)
    half_in(theirs, "anil", "anil has a long password")
    page = theirs.get(reverse("second-factor")).content.decode()
    signed, letters = (
        re.search(r'name="seed" value="([^"]+)"', page),
        re.search(r"Key: <strong[^>]*>([A-Z2-7 ]+)<", page),
    )
    assert letters
    assert signed
    mine.post(
        reverse("second-factor"), {"seed": signed[1], "code": code_at(base32(letters[1]), now())}
    )
    assert User.objects.get(username="rosa").second_factor == ""


def test_a_new_phone_or_recovery_codes_need_the_password_again(
    reviewer: User, settings: Any, sign_in: SignIn
) -> None:
    old = with_phone(reviewer, settings)
    client = sign_in(User.objects.get())
    asked = client.post(reverse("second-factor"), {"codes": "new"})
    assert asked["Location"].startswith(reverse("confirm"))
    assert (
        "The password is wrong."
        in client.post(asked["Location"], {"password": "wrong"}).content.decode()
    )
    assert client.post(reverse("second-factor"), {"codes": "new"}).status_code == 302
    assert client.post(asked["Location"], {"password": PASSWORD})["Location"] == reverse(
        "second-factor"
    )
    codes = re.findall(
        r"<strong>(\w{4}-\w{4}-\w{4})</strong>",
        client.post(reverse("second-factor"), {"codes": "new"}).content.decode(),
    )
    assert len(codes) == 8
    assert not set(codes) & set(old)
    with pytest.raises(WrongCode):
        check_code(user=reviewer, code=old[0], address="192.0.2.1")
    assert [row[0] for row in trail()] == [
        *[
            "second_factor_set_up",
            "sign_in_failed",
            "identity_confirmed",
            "recovery_codes_made",
            "sign_in_failed",
        ]
    ]


def test_an_administrator_can_reset_a_lost_phone(
    reviewer: User, administrator: User, settings: Any, sign_in: SignIn
) -> None:
    with_phone(reviewer, settings)
    hers = sign_in(User.objects.get(username="rosa"))
    chief = sign_in(administrator)
    session = chief.session
    session["confirmed_at"] = int(time.time())
    session.save()
    page = press(chief, reverse("account", args=[reviewer.pk]), {"do": "phone"})
    one_time = re.search(r"<strong[^>]*>(\w{16})</strong>", page.content.decode())
    assert one_time
    assert hers.get(reverse("review-list")).status_code == 302
    assert half_in(Client(), password=one_time[1])["Location"] == reverse("new-password")
    assert RecoveryCode.objects.count() == 0
    assert trail()[1][2] == {"what": "new one-time password, phone forgotten"}


def test_an_operator_can_reset_a_lost_phone_by_command(reviewer: User, settings: Any) -> None:
    with_phone(reviewer, settings)
    said = StringIO()
    call_command("reset_staff", "rosa", stdout=said)
    one_time = re.search(r"one-time password: (\w{16})", said.getvalue())
    assert one_time
    assert half_in(Client(), password=one_time[1])["Location"] == reverse("new-password")
    with pytest.raises(CommandError, match="There is no account named nobody"):
        call_command("reset_staff", "nobody")


def test_only_six_plain_digits_are_accepted_as_a_code(reviewer: User, settings: Any) -> None:
    with_phone(reviewer, settings)
    right = code_of(reviewer, settings)
    wide = "".join(chr(ord("０") + int(digit)) for digit in right)
    for odd in ("", " ", right[:-1], right + "0", wide, "\ud800" * DIGITS, "-" * 40, "None"):
        with pytest.raises(WrongCode):
            check_code(user=reviewer, code=odd, address=f"192.0.2.{len(odd)}")
