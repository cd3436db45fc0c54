"""What staff are told about accounts, sessions and acts for two when something cannot be done."""

import time
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from consult.models import AuditEntry, SecondPersonRequest, TwoPersonAct, User
from consult.staff.second_person import SecondPersonNeeded, ask_second_person, decide
from tests.conftest import make_person

SignIn = Callable[[User], Client]


def confirmed(client: Client) -> Client:
    """Someone who has just given their password again."""
    session = client.session
    session["confirmed_at"] = int(time.time())
    session.save()
    return client


@pytest.fixture
def ada(administrator: User, sign_in: SignIn) -> Client:
    """Ada the administrator at her browser."""
    return confirmed(sign_in(administrator))


@pytest.fixture
def request_of_ada(administrator: User, settings: Settings) -> SecondPersonRequest:
    """Ada asks to erase a response, for which a second person is needed."""
    settings.SECOND_PERSON = True
    needed = SecondPersonNeeded(act=TwoPersonAct.ERASE, subject="PCP-1", details={})
    return ask_second_person(needed=needed, actor=administrator)


def told(client: Client, address: str, typed: dict[str, object]) -> str:
    return client.post(address, typed, follow=True).content.decode()


# Acts for two


def test_nobody_confirms_what_they_asked_for_themselves(
    request_of_ada: SecondPersonRequest, ada: Client
) -> None:
    typed = {"request": str(request_of_ada.pk), "do": "confirm"}
    page = told(ada, reverse("second-person"), typed)
    assert "You cannot decide this one: another person has to." in page
    request_of_ada.refresh_from_db()
    assert request_of_ada.state == SecondPersonRequest.State.WAITING


def test_nobody_confirms_an_act_that_they_may_not_do(
    request_of_ada: SecondPersonRequest, analyst: User, sign_in: SignIn
) -> None:
    anna = confirmed(sign_in(analyst))
    typed = {"request": str(request_of_ada.pk), "do": "confirm"}
    page = told(anna, reverse("second-person"), typed)
    assert "You cannot decide this one: another person has to." in page
    request_of_ada.refresh_from_db()
    assert request_of_ada.state == SecondPersonRequest.State.WAITING


def test_what_a_colleague_decided_first_stays_decided(
    request_of_ada: SecondPersonRequest, sign_in: SignIn
) -> None:
    amir, alex = (make_person(name, User.Role.ADMINISTRATOR) for name in ("amir", "alex"))
    client = confirmed(sign_in(alex))
    decide(pk=request_of_ada.pk, confirm=False, actor=amir)
    typed = {"request": str(request_of_ada.pk), "do": "confirm"}
    page = told(client, reverse("second-person"), typed)
    assert "Someone else decided it first, or it waited too long." in page
    request_of_ada.refresh_from_db()
    assert request_of_ada.decided_by == amir


# Sessions


def test_a_session_that_ended_meanwhile_is_said_to_have_ended(
    administrator: User, ada: Client
) -> None:
    address = reverse("account-sessions", args=[administrator.pk])
    page = told(ada, address, {"session": "no-such-session"})
    assert "That session had ended already." in page
    # Her own goes on.
    assert ada.get(reverse("account-list")).status_code == 200


def test_nobody_ends_another_persons_session_by_its_name(
    administrator: User, reviewer: User, ada: Client, sign_in: SignIn
) -> None:
    rosa = confirmed(sign_in(reviewer))
    other = make_person("rafe", User.Role.REVIEWER)
    rafe = sign_in(other)
    page = confirmed(ada).get(reverse("account-sessions", args=[other.pk]))
    (name,) = [row["session"].name for row in page.context["rows"]]
    told(rosa, reverse("sessions"), {"session": name})
    assert rafe.get(reverse("review-list")).status_code in {200, 302}
    assert "sign-in" not in rafe.get(reverse("review-list")).get("Location", "")
    told(ada, reverse("account-sessions", args=[other.pk]), {"session": name})
    assert "sign-in" in rafe.get(reverse("review-list"))["Location"]


# Accounts


@pytest.mark.parametrize("do", ["password", "phone"])
def test_an_administrator_resets_nothing_of_their_own_here(
    administrator: User, ada: Client, do: str
) -> None:
    before = administrator.password
    page = told(ada, reverse("account", args=[administrator.pk]), {"do": do})
    assert "Change your own password and phone under" in page
    administrator.refresh_from_db()
    assert administrator.password == before


def test_only_an_analyst_is_granted_contact_details(reviewer: User, ada: Client) -> None:
    typed = {"do": "change", "role": "reviewer", "takes_contacts": "on"}
    page = told(ada, reverse("account", args=[reviewer.pk]), typed)
    assert "Only an analyst can be granted contact details." in page
    reviewer.refresh_from_db()
    assert not reviewer.takes_contacts
    assert not AuditEntry.objects.filter(action="staff_changed").exists()


def test_an_account_that_is_not_locked_needs_no_unlocking(reviewer: User, ada: Client) -> None:
    page = told(ada, reverse("account", args=[reviewer.pk]), {"do": "unlock"})
    assert "It already was." in page
