"""What a second person confirms is done at once, as it was asked for, once, or not at all."""

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from consult.models import AuditEntry, Consultation, SecondPersonRequest, User
from consult.staff.accounts import change_staff, create_staff, reset_password
from consult.staff.second_person import (
    DecidedAlready,
    NotYoursToDecide,
    SecondPersonNeeded,
    ask_second_person,
)
from responses.governance.carrying_out import (
    CARRY_OUT,
    ChangedSinceAsked,
    confirm_request,
    make_password,
)
from responses.governance.erasing import erase_response
from responses.governance.erasing_unsent import erase_unsent
from responses.governance.subject_access import held_under, make_pack
from responses.models import Draft, PublishedSet, Response
from responses.responding.amending import withdraw_response
from responses.responding.drafting import start_amending
from responses.reviewing.petitions import forget_organisers
from responses.reviewing.publication import publish_set
from tests.conftest import make_person

SignIn = Callable[[User], Client]
Asked = Callable[[Callable[[], object]], SecondPersonRequest]


@pytest.fixture(autouse=True)
def two_people(settings: Settings) -> None:
    settings.SECOND_PERSON = True


@pytest.fixture
def ben(db: None) -> User:
    """The other administrator."""
    return make_person("ben", User.Role.ADMINISTRATOR)


@pytest.fixture
def asked(administrator: User) -> Asked:
    """The request that comes of what the first administrator tries."""

    def ask(act: Callable[[], object]) -> SecondPersonRequest:
        with pytest.raises(SecondPersonNeeded) as needed:
            act()
        return ask_second_person(needed=needed.value, actor=administrator)

    return ask


def at_the_desk(client: Client) -> Client:
    session = client.session
    session["confirmed_at"] = int(time.time())
    session.save()
    return client


def told_of(subject: str) -> list[tuple[str, str]]:
    rows = AuditEntry.objects.filter(subject=subject).order_by("id")
    return [(row.action, row.actor_name) for row in rows]


def test_confirming_a_change_of_rights_makes_it_and_names_both(
    administrator: User, analyst: User, ben: User, asked: Asked
) -> None:
    request = asked(
        lambda: change_staff(user=analyst, role="editor", is_active=True, actor=administrator)
    )
    done = confirm_request(pk=request.pk, actor=ben)
    analyst.refresh_from_db()
    assert (analyst.role, done.state) == ("editor", "used")
    assert told_of(analyst.username) == [
        ("second_person_asked", "ada"),
        ("second_person_confirmed", "ben"),
        ("staff_changed", "ada"),
    ]
    with pytest.raises(DecidedAlready):
        confirm_request(pk=request.pk, actor=ben)


def test_confirming_an_erasure_erases_with_the_reason_that_was_typed(
    send: Callable[..., Response], administrator: User, ben: User, asked: Asked, exports: object
) -> None:
    response = send({"missing": "A secret."})
    request = asked(
        lambda: erase_response(
            reference=response.reference, actor=administrator, why="asked by letter", shown=1
        )
    )
    confirm_request(pk=request.pk, actor=ben)
    newest = Response.objects.latest("version")
    assert (newest.act, newest.texts) == ("erased", {})
    erased = AuditEntry.objects.get(action="response_erased")
    assert (erased.actor, erased.details["why"]) == (administrator, "asked by letter")


def test_confirming_erases_drafts_too(
    send: Callable[..., Response], administrator: User, ben: User, asked: Asked, files: object
) -> None:
    draft, _token = start_amending(response=send(), started_at=timezone.now())
    request = asked(
        lambda: erase_unsent(drafts=[draft.pk], letters=[], why="asked", actor=administrator)
    )
    confirm_request(pk=request.pk, actor=ben)
    assert not Draft.objects.exists()


def test_confirming_removes_a_petitions_organiser(
    consultation: Consultation, administrator: User, ben: User, asked: Asked
) -> None:
    petition = consultation.petitions.create(
        number=1,
        title="Lights",
        text="Light them.",
        signatures=2,
        channel="post",
        organiser_name="Olga Organiser",
        received_on=timezone.localdate(),
        by=administrator,
    )
    request = asked(
        lambda: forget_organisers([petition.pk], actor=administrator, why="asked for it")
    )
    petition.refresh_from_db()
    assert petition.organiser_name == "Olga Organiser"
    assert "Olga" not in str(request.details)
    confirm_request(pk=request.pk, actor=ben)
    petition.refresh_from_db()
    assert petition.organiser_name == ""


def test_confirming_publishes(
    send: Callable[..., Response], administrator: User, ben: User, asked: Asked
) -> None:
    consultation = send().consultation
    request = asked(lambda: publish_set(consultation=consultation, by=administrator))
    confirm_request(pk=request.pk, actor=ben)
    assert PublishedSet.objects.get().by == administrator


def of_version(response: Response, analyst: User, draft: Draft) -> None:
    withdraw_response(earlier=response, submission_key=uuid4(), started_at=timezone.now())


def of_rights(response: Response, analyst: User, draft: Draft) -> None:
    User.objects.filter(pk=analyst.pk).update(role="reviewer")


def of_draft(response: Response, analyst: User, draft: Draft) -> None:
    Draft.objects.filter(pk=draft.pk).update(revision=5)


def of_publication(response: Response, analyst: User, draft: Draft) -> None:
    PublishedSet.objects.create(consultation=response.consultation, by=analyst)


@pytest.mark.parametrize(
    ("name", "meanwhile"),
    [
        ("erase", of_version),
        ("rights", of_rights),
        ("unsent", of_draft),
        ("publish", of_publication),
    ],
)
def test_what_was_changed_since_it_was_asked_for_is_not_done(
    send: Callable[..., Response],
    administrator: User,
    analyst: User,
    ben: User,
    asked: Asked,
    name: str,
    meanwhile: Callable[[Response, User, Draft], None],
) -> None:
    response = send()
    draft, _token = start_amending(response=response, started_at=timezone.now())
    by: dict[str, Any] = {"actor": administrator}
    acts: dict[str, Callable[[], object]] = {
        "erase": lambda: erase_response(reference=response.reference, why="asked", **by),
        "rights": lambda: change_staff(user=analyst, role="editor", is_active=True, **by),
        "unsent": lambda: erase_unsent(drafts=[draft.pk], letters=[], why="asked", **by),
        "publish": lambda: publish_set(consultation=response.consultation, by=administrator),
    }
    request = asked(acts[name])
    meanwhile(response, analyst, draft)
    with pytest.raises(ChangedSinceAsked):
        confirm_request(pk=request.pk, actor=ben)
    request.refresh_from_db()
    assert (request.state, request.decided_by) == ("refused", ben)
    refused = AuditEntry.objects.latest("id")
    assert refused.details["because"] == "changed since it was asked for"
    assert not AuditEntry.objects.filter(action="second_person_confirmed").exists()
    assert not Response.objects.filter(act="erased").exists()
    assert not User.objects.filter(role="editor").exists()
    assert Draft.objects.exists()


def test_who_lost_the_right_since_asking_gets_nothing_done(
    administrator: User, analyst: User, ben: User, asked: Asked
) -> None:
    request = asked(
        lambda: change_staff(user=analyst, role="editor", is_active=True, actor=administrator)
    )
    User.objects.filter(pk=administrator.pk).update(is_active=False)
    with pytest.raises(ChangedSinceAsked):
        confirm_request(pk=request.pk, actor=ben)
    analyst.refresh_from_db()
    assert analyst.role == "analyst"


def test_one_person_confirms_nothing_of_their_own(
    administrator: User, analyst: User, asked: Asked
) -> None:
    request = asked(
        lambda: change_staff(user=analyst, role="editor", is_active=True, actor=administrator)
    )
    with pytest.raises(NotYoursToDecide):
        confirm_request(pk=request.pk, actor=administrator)
    analyst.refresh_from_db()
    assert analyst.role == "analyst"


def test_a_one_time_password_is_shown_to_the_one_who_asked_alone(
    administrator: User, ben: User, asked: Asked, sign_in: SignIn
) -> None:
    request = asked(lambda: create_staff(username="nora", role="reviewer", actor=administrator))
    ada, other = at_the_desk(sign_in(administrator)), at_the_desk(sign_in(ben))
    here = reverse("second-person")
    page = other.post(here, {"request": request.pk, "do": "confirm"}, follow=True)
    assert "Confirmed. ada can do it now." in page.content.decode()
    assert not User.objects.filter(username="nora").exists()
    show = {"request": request.pk, "do": "password"}
    assert "One-time password" not in other.post(here, show, follow=True).content.decode()
    assert "Show the one-time password" in ada.get(here).content.decode()
    assert "One-time password" in ada.post(here, show).content.decode()
    assert User.objects.get(username="nora").must_change_password
    # Not a second time: it would be another password.
    assert "One-time password" not in ada.post(here, show, follow=True).content.decode()


def test_a_new_password_for_an_administrator_waits_for_the_one_who_asked(
    administrator: User, ben: User, asked: Asked
) -> None:
    other = make_person("carol", User.Role.ADMINISTRATOR)
    request = asked(lambda: reset_password(user=other, actor=administrator, phone_too=True))
    confirm_request(pk=request.pk, actor=ben)
    before = User.objects.get(pk=other.pk).password
    account, password = make_password(pk=request.pk, actor=administrator)
    assert account == other
    after = User.objects.get(pk=other.pk)
    assert (after.password != before, after.check_password(password)) == (True, True)
    with pytest.raises(NotYoursToDecide):
        make_password(pk=request.pk, actor=administrator)


def test_a_pack_that_was_confirmed_is_one_link_away(
    send: Callable[..., Response], administrator: User, ben: User, asked: Asked, sign_in: SignIn
) -> None:
    held = held_under(references=[send().reference], drafts=[], letters=[])
    request = asked(lambda: make_pack(held=held, actor=administrator))
    ada = at_the_desk(sign_in(administrator))
    other = at_the_desk(sign_in(ben))
    other.post(reverse("second-person"), {"request": request.pk, "do": "confirm"})
    page = ada.get(reverse("second-person")).content.decode()
    there = page.partition("Download it now")[0].rpartition('href="')[2].partition('"')[0]
    assert ada.get(there)["Content-Type"] == "application/zip"


def test_confirming_on_the_page_does_it_and_says_so(
    administrator: User, analyst: User, ben: User, asked: Asked, sign_in: SignIn
) -> None:
    first = asked(
        lambda: change_staff(user=analyst, role="editor", is_active=True, actor=administrator)
    )
    here, other = reverse("second-person"), at_the_desk(sign_in(ben))
    page = other.post(here, {"request": first.pk, "do": "confirm"}, follow=True)
    assert "Confirmed and done." in page.content.decode()
    second = asked(
        lambda: change_staff(user=analyst, role="reviewer", is_active=True, actor=administrator)
    )
    User.objects.filter(pk=analyst.pk).update(role="analyst")
    page = other.post(here, {"request": second.pk, "do": "confirm"}, follow=True)
    assert "changed since it was asked for. It has to be asked again." in page.content.decode()


def test_every_act_for_two_people_is_carried_out_or_for_ones_own_eyes() -> None:
    assert {str(act) for act in CARRY_OUT} == {"change_rights", "erase", "publish"}
