"""The pages of accounts: an administrator creates, changes and closes them, each time on the trail
and after entering their own password again.
"""

import re
import time
from collections.abc import Callable

import pytest
from django.contrib.auth import authenticate
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from consult.models import AuditEntry, User
from consult.staff.accounts import ContactsNotGranted, account_shown, change_staff, locked_among
from consult.staff.second_factor import WrongCode, check_code, make_seed
from consult.web.rate_limits import OverLimit
from tests.conftest import make_person

SignIn = Callable[[User], Client]


@pytest.fixture
def chief(administrator: User, sign_in: SignIn) -> Client:
    """An administrator at her desk, who has just given her password again."""
    return confirmed(sign_in(administrator))


def confirmed(client: Client, *, ago: int = 0) -> Client:
    session = client.session
    session["confirmed_at"] = int(time.time()) - ago
    session.save()
    return client


def words_of(page: object) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page.content.decode()).split())


def password_in(page: object) -> str:
    found = re.search(r"<strong[^>]*>(\w{16})</strong>", page.content.decode())
    assert found
    return found[1]


def press(client: Client, person: User, do: str, **typed: str) -> object:
    shown = account_shown(User.objects.get(pk=person.pk))
    filled = {"do": do, "shown": shown, **typed}
    return client.post(reverse("account", args=[person.pk]), filled, follow=True)


def trail() -> list[tuple[str, str, str]]:
    """What was done to accounts."""
    return list(
        AuditEntry.objects.filter(action__startswith="staff_")
        .order_by("id")
        .values_list("action", "subject", "actor_name")
    )


def test_a_new_accounts_password_is_shown_once_and_stored_nowhere(chief: Client) -> None:
    page = chief.post(reverse("account-new"), {"username": "nora", "role": "analyst"})
    password = password_in(page)
    assert page["Cache-Control"] == "no-store"
    made = authenticate(username="nora", password=password)
    assert isinstance(made, User)
    assert (made.role, made.must_change_password) == ("analyst", True)
    for address in (
        reverse("account-list"),
        reverse("account", args=[made.pk]),
        reverse("account-new"),
        reverse("trail"),
    ):
        assert password not in chief.get(address).content.decode()
    assert password not in str(list(Session.objects.values_list("session_data", flat=True)))
    assert trail()[0] == ("staff_created", "nora", "ada")
    assert "One-time password" in words_of(chief.get(reverse("account-list")))


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"username": "ROSA", "role": "analyst"}, "There is already an account with this name."),
        ({"username": "a b", "role": "analyst"}, "A user name has 2 to 100"),
        ({"username": "n" * 101, "role": "analyst"}, "at most 100 characters"),
        ({"username": "", "role": "analyst"}, "Enter a user name."),
        ({"username": "nora"}, "Choose a role."),
        ({"username": "nora", "role": "boss"}, "Choose a role."),
    ],
)
def test_an_impossible_account_is_refused_with_the_reason(
    chief: Client, reviewer: User, typed: dict[str, str], words: str
) -> None:
    page = words_of(chief.post(reverse("account-new"), typed))
    assert words in page
    assert User.objects.count() == 2


def test_the_longest_name_fits_on_the_trail(chief: Client) -> None:
    name = "n" * 100
    chief.post(reverse("account-new"), {"username": name, "role": "analyst"})
    press(chief, User.objects.get(username=name), "end")
    assert trail() == [("staff_created", name, "ada"), ("staff_changed", name, "ada")]


def test_a_role_and_access_to_contacts_are_granted_and_revoked(
    chief: Client, analyst: User
) -> None:
    press(chief, analyst, "change", role="analyst", takes_contacts="yes")
    assert User.objects.get(pk=analyst.pk).takes_contacts
    assert "It already was." in words_of(
        press(chief, analyst, "change", role="analyst", takes_contacts="yes")
    )
    press(chief, analyst, "change", role="reviewer")
    changed = User.objects.get(pk=analyst.pk)
    assert (changed.role, changed.takes_contacts) == ("reviewer", False)
    assert trail() == [("staff_changed", "anil", "ada")] * 2
    last = AuditEntry.objects.first()
    assert last
    assert last.details == {
        "before": {"role": "analyst", "is_active": True, "takes_contacts": True},
        "after": {"role": "reviewer", "is_active": True, "takes_contacts": False},
    }
    assert "Choose a role." in words_of(press(chief, analyst, "change", role="boss"))


@pytest.mark.parametrize("role", ["reviewer", "editor", "administrator"])
def test_contact_details_are_granted_to_analysts_alone(
    chief: Client, analyst: User, administrator: User, role: str
) -> None:
    with pytest.raises(ContactsNotGranted):
        change_staff(
            user=analyst, role=role, is_active=True, takes_contacts=True, actor=administrator
        )
    page = press(chief, analyst, "change", role=role, takes_contacts="yes")
    assert "Only an analyst can be granted contact details." in words_of(page)
    assert re.search(r'name="takes_contacts"[^>]*checked', page.content.decode())
    analyst.refresh_from_db()
    assert (analyst.role, analyst.takes_contacts) == ("analyst", False)


def test_an_ended_account_is_signed_out_at_once_and_never_deleted(
    chief: Client, reviewer: User, sign_in: SignIn
) -> None:
    hers = sign_in(reviewer)
    assert hers.get(reverse("review-list")).status_code == 200
    assert "Closed" in words_of(press(chief, reviewer, "end"))
    assert hers.get(reverse("review-list")).status_code == 302
    assert authenticate(username="rosa", password="rosa has a long password") is None
    assert User.objects.filter(username="rosa").exists()
    press(chief, reviewer, "begin")
    assert authenticate(username="rosa", password="rosa has a long password")
    assert trail() == [("staff_changed", "rosa", "ada")] * 2


def test_a_new_one_time_password_ends_the_old_one_and_all_sessions(
    chief: Client, reviewer: User, sign_in: SignIn
) -> None:
    User.objects.filter(pk=reviewer.pk).update(second_factor=make_seed())
    hers = sign_in(User.objects.get(pk=reviewer.pk))
    assert hers.get(reverse("review-list")).status_code == 200
    one_time = password_in(press(chief, reviewer, "password"))
    assert hers.get(reverse("review-list")).status_code == 302
    assert authenticate(username="rosa", password="rosa has a long password") is None
    assert authenticate(username="rosa", password=one_time)
    assert User.objects.get(pk=reviewer.pk).second_factor
    assert password_in(press(chief, reviewer, "phone")) != one_time
    assert not User.objects.get(pk=reviewer.pk).second_factor
    assert [
        entry.details["what"]
        for entry in AuditEntry.objects.filter(action="staff_changed").order_by("id")
    ] == [
        "new one-time password",
        "new one-time password, phone forgotten",
    ]


def test_nobody_gives_themselves_a_one_time_password(chief: Client, administrator: User) -> None:
    for do in ("password", "phone"):
        assert "under “Password” and “Phone” in the navigation" in words_of(
            press(chief, administrator, do)
        )
    assert User.objects.get().check_password("ada has a long password")
    assert trail() == []


@pytest.mark.parametrize("typed", [{"do": "end"}, {"do": "change", "role": "reviewer"}])
def test_the_last_administrator_cannot_be_ended_or_given_another_role(
    chief: Client, administrator: User, typed: dict[str, str]
) -> None:
    assert "this is the last administrator" in words_of(press(chief, administrator, **typed))
    assert (User.objects.get().role, User.objects.get().is_active) == ("administrator", True)
    make_person("ben", "administrator")
    press(chief, administrator, **typed)
    kept = User.objects.get(pk=administrator.pk)
    assert not (kept.is_active and kept.role == "administrator")


def test_a_locked_account_says_until_when_and_can_be_unlocked(
    chief: Client, reviewer: User, settings: Settings
) -> None:
    settings.LIMITS = {**settings.LIMITS, "sign_in_code": (3, 3600)}
    User.objects.filter(pk=reviewer.pk).update(second_factor=make_seed())
    reviewer.refresh_from_db()
    assert "It already was." in words_of(press(chief, reviewer, "unlock"))
    for _ in range(3):
        assert "Locked" not in words_of(chief.get(reverse("account-list"))) + words_of(
            chief.get(reverse("account", args=[reviewer.pk]))
        )
        assert locked_among([reviewer]) == set()
        with pytest.raises(WrongCode):
            check_code(user=reviewer, code="000000", address="192.0.2.1")
    assert locked_among([reviewer]) == {reviewer.pk}
    with pytest.raises(OverLimit):
        check_code(user=reviewer, code="000000", address="192.0.2.2")
    assert "Locked until" in words_of(chief.get(reverse("account-list")))
    assert "no code from the phone is accepted until" in words_of(
        chief.get(reverse("account", args=[reviewer.pk]))
    )
    press(chief, reviewer, "unlock")
    with pytest.raises(WrongCode):
        check_code(user=reviewer, code="000000", address="192.0.2.2")
    entry = AuditEntry.objects.get(action="staff_changed")
    assert (entry.subject, entry.actor_name, entry.details) == (
        "rosa",
        "ada",
        {"what": "codes accepted again"},
    )


@pytest.mark.parametrize("people", [1, 3])
def test_the_list_of_accounts_takes_a_constant_number_of_queries(
    chief: Client, people: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(people):
        make_person(f"person{number}", "reviewer")
    # Session, user; accounts, who is locked.
    with django_assert_num_queries(4):
        assert words_of(chief.get(reverse("account-list"))).count("person") == people


def test_accounts_open_only_after_the_password_is_given_again(
    administrator: User, reviewer: User, sign_in: SignIn
) -> None:
    client = sign_in(administrator)
    for client_at in (client, confirmed(client, ago=16 * 60)):
        for address, typed in (
            (reverse("account-new"), {"username": "nora", "role": "administrator"}),
            (reverse("account", args=[reviewer.pk]), {"do": "end"}),
            (reverse("account", args=[reviewer.pk]), {"do": "password"}),
        ):
            asked = client_at.post(address, typed)
            assert asked.status_code == 302
            assert asked["Location"].startswith(reverse("confirm"))
    assert User.objects.count() == 2
    assert (User.objects.get(username="rosa").is_active, trail()) == (True, [])
    asked = client.get(reverse("account", args=[reviewer.pk]))
    assert client.post(asked["Location"], {"password": "ada has a long password"})[
        "Location"
    ] == reverse("account", args=[reviewer.pk])


@pytest.mark.parametrize("person", ["reviewer", "analyst", "editor"])
def test_nobody_else_makes_changes_or_sees_accounts(
    person: str, administrator: User, sign_in: SignIn, request: pytest.FixtureRequest
) -> None:
    client = confirmed(sign_in(request.getfixturevalue(person)))
    for page in (
        client.get(reverse("account-list")),
        client.post(reverse("account-new"), {"username": "nora", "role": "administrator"}),
        press(client, administrator, "end"),
        press(client, administrator, "password"),
        press(client, request.getfixturevalue(person), "change", role="administrator"),
    ):
        assert page.status_code == 403
        assert "ada" not in words_of(page).split()
    assert {user.role for user in User.objects.all()} == {"administrator", person}
    assert User.objects.get(username="ada").check_password("ada has a long password")
    assert trail() == []


def test_an_account_with_an_unknown_role_has_no_right_and_stops_no_page(
    chief: Client, reviewer: User, sign_in: SignIn
) -> None:
    User.objects.filter(pk=reviewer.pk).update(role="wizard")
    for address in (
        reverse("account-list"),
        reverse("account", args=[reviewer.pk]),
        reverse("second-person"),
    ):
        assert chief.get(address).status_code == 200, address
    assert sign_in(User.objects.get(pk=reviewer.pk)).get("/staff/responses/").status_code == 403
