"""Acts that need a second person, where the operator wants that."""

import time
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.checks import run_checks
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from consult.models import AuditEntry, SecondPersonRequest, User
from consult.staff.accounts import change_staff, create_staff, reset_password
from consult.staff.second_person import (
    DecidedAlready,
    NotYoursToDecide,
    SecondPersonNeeded,
    ask_second_person,
    decide,
    require_second_person,
)
from responses.exporting.batches import seal_batch
from responses.exporting.downloading import open_file
from responses.exporting.extracting import make_due_extracts
from responses.exporting.extracts import ask_for_extract, open_extract
from responses.exporting.writing import write_batch
from responses.governance.erasing import erase_response
from responses.governance.erasing_unsent import erase_unsent
from responses.governance.subject_access import held_under, make_pack
from responses.models import PublishedSet, Response
from responses.responding.amending import withdraw_response
from responses.responding.drafting import start_amending
from responses.reviewing.petitions import forget_organisers
from responses.reviewing.publication import publish_set, unpublish_set
from tests.conftest import make_person

SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def two_people(settings: Settings) -> None:
    settings.SECOND_PERSON = True


@pytest.fixture
def ben(db: None) -> User:
    """The other administrator."""
    return make_person("ben", User.Role.ADMINISTRATOR)


def confirmed(act: Callable[[], object], *, by: User, other: User) -> None:
    """`by` tries, and `other` confirms."""
    with pytest.raises(SecondPersonNeeded) as needed:
        act()
    request = ask_second_person(needed=needed.value, actor=by)
    decide(pk=request.pk, confirm=True, actor=other)


def everything(
    response: Response, administrator: User, analyst: User
) -> dict[str, Callable[[], object]]:
    """Each act that nobody does alone, as the administrator would do it."""
    consultation = response.consultation
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    extract = ask_for_extract(
        consultation=consultation, query=None, actor=administrator, with_contacts=True
    )
    make_due_extracts()
    extract.refresh_from_db()
    by = {"actor": administrator}
    draft, _token = start_amending(response=response, started_at=timezone.now())
    held = held_under(references=[response.reference], drafts=[], letters=[])
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
    return {
        "organiser": lambda: forget_organisers([petition.pk], why="asked", **by),
        "create": lambda: create_staff(username="nora", role="reviewer", **by),
        "role": lambda: change_staff(user=analyst, role="administrator", is_active=True, **by),
        "grant": lambda: change_staff(
            user=analyst, role="analyst", is_active=True, takes_contacts=True, **by
        ),
        "pack": lambda: open_file(batch=batch, name="pack.zip", reader=administrator),
        "contacts": lambda: open_file(batch=batch, name="contacts.csv", reader=administrator),
        "extract": lambda: open_extract(extract=extract, reader=administrator),
        "publish": lambda: publish_set(consultation=consultation, by=administrator),
        "hand over": lambda: make_pack(held=held, **by),
        "unsent": lambda: erase_unsent(drafts=[draft.pk], letters=[], why="asked", **by),
        "erase": lambda: erase_response(reference=response.reference, why="asked", **by),
    }


@pytest.mark.parametrize(
    "name",
    [
        *["create", "role", "grant", "pack", "contacts", "extract", "publish", "erase"],
        *["hand over", "unsent", "organiser"],
    ],
)
def test_nobody_does_it_alone_and_two_people_do(
    name: str,
    send: Callable[..., Response],
    administrator: User,
    analyst: User,
    ben: User,
    exports: object,
) -> None:
    response = send()
    response.consultation.batches_include_contacts = True
    response.consultation.save(update_fields=["batches_include_contacts"])
    act = everything(response, administrator, analyst)[name]
    confirmed(act, by=administrator, other=ben)
    act()


def test_an_erasure_is_confirmed_for_the_version_that_was_there(
    send: Callable[..., Response], administrator: User, ben: User, exports: object
) -> None:
    response = send()

    def erase() -> Response:
        return erase_response(reference=response.reference, actor=administrator, why="asked")

    confirmed(erase, by=administrator, other=ben)
    withdraw_response(earlier=response, submission_key=uuid4(), started_at=timezone.now())
    with pytest.raises(SecondPersonNeeded):
        erase()
    confirmed(erase, by=administrator, other=ben)
    erase()


def test_a_confirmation_is_good_for_one_act_of_one_person(
    administrator: User, analyst: User, ben: User
) -> None:
    def promote() -> bool:
        return change_staff(user=analyst, role="editor", is_active=True, actor=administrator)

    def put_back() -> None:
        User.objects.filter(pk=analyst.pk).update(role="analyst")

    confirmed(promote, by=administrator, other=ben)
    with pytest.raises(SecondPersonNeeded):
        change_staff(user=analyst, role="reviewer", is_active=True, actor=administrator)
    with pytest.raises(SecondPersonNeeded):
        change_staff(user=analyst, role="editor", is_active=True, actor=ben)
    assert promote()
    put_back()
    with pytest.raises(SecondPersonNeeded):
        promote()


def test_only_another_person_with_the_right_decides_and_once(
    administrator: User, analyst: User, reviewer: User, ben: User
) -> None:
    with pytest.raises(SecondPersonNeeded) as needed:
        change_staff(user=analyst, role="editor", is_active=True, actor=administrator)
    request = ask_second_person(needed=needed.value, actor=administrator)
    assert ask_second_person(needed=needed.value, actor=administrator) == request
    for person in (administrator, analyst, reviewer):
        with pytest.raises(NotYoursToDecide):
            decide(pk=request.pk, confirm=True, actor=person)
    decide(pk=request.pk, confirm=False, actor=ben)
    with pytest.raises(DecidedAlready):
        decide(pk=request.pk, confirm=True, actor=ben)
    with pytest.raises(SecondPersonNeeded):
        change_staff(user=analyst, role="editor", is_active=True, actor=administrator)


def test_the_database_too_refuses_ones_own_confirmation(administrator: User) -> None:
    with pytest.raises(IntegrityError, match="another_person_decides"):
        SecondPersonRequest.objects.create(
            act="erase", subject="x", asked_by=administrator, decided_by=administrator
        )


def test_a_confirmation_ends_with_its_givers_rights(
    administrator: User, analyst: User, ben: User
) -> None:
    def promote() -> bool:
        return change_staff(user=analyst, role="editor", is_active=True, actor=administrator)

    confirmed(promote, by=administrator, other=ben)
    User.objects.filter(pk=ben.pk).update(is_active=False)
    with pytest.raises(SecondPersonNeeded):
        promote()


def test_nobody_takes_over_the_account_of_their_second_person(
    administrator: User, reviewer: User, ben: User
) -> None:
    with pytest.raises(SecondPersonNeeded):
        reset_password(user=ben, actor=administrator, phone_too=True)
    assert reset_password(user=reviewer, actor=administrator)
    assert reset_password(user=ben, actor=None)


def test_one_person_can_close_an_account_and_unpublish(
    administrator: User, reviewer: User, send: Callable[..., Response], settings: Settings
) -> None:
    assert change_staff(user=reviewer, role="reviewer", is_active=False, actor=administrator)
    with pytest.raises(SecondPersonNeeded):
        change_staff(user=reviewer, role="reviewer", is_active=True, actor=administrator)
    consultation = send().consultation
    settings.SECOND_PERSON = False
    publish_set(consultation=consultation, by=administrator)
    settings.SECOND_PERSON = True
    unpublish_set(consultation=consultation, by=administrator)
    assert not PublishedSet.objects.exists()


def test_where_it_is_off_nobody_is_asked(administrator: User, settings: Settings) -> None:
    settings.SECOND_PERSON = False
    create_staff(username="nora", role="reviewer", actor=administrator)
    assert not SecondPersonRequest.objects.exists()


def at_the_desk(client: Client) -> Client:
    session = client.session
    session["confirmed_at"] = int(time.time())
    session.save()
    return client


def test_an_account_is_created_by_two_people_on_the_pages(
    administrator: User, ben: User, sign_in: SignIn
) -> None:
    ada, other = at_the_desk(sign_in(administrator)), at_the_desk(sign_in(ben))
    typed = {"username": "nora", "role": "reviewer"}
    page = ada.post(reverse("account-new"), typed, follow=True).content.decode()
    assert "nora" in page
    assert "Waiting" in page
    assert not User.objects.filter(username="nora").exists()
    request = SecondPersonRequest.objects.get()
    decision = {"request": request.pk, "do": "confirm"}
    refused = ada.post(reverse("second-person"), decision, follow=True).content.decode()
    assert "another person has to" in refused
    assert "nora" in other.get(reverse("second-person")).content.decode()
    other.post(reverse("second-person"), decision)
    assert "Show the one-time password" in ada.get(reverse("second-person")).content.decode()
    shown = {"request": request.pk, "do": "password"}
    assert "One-time password" in ada.post(reverse("second-person"), shown).content.decode()
    told = AuditEntry.objects.filter(subject="nora").order_by("id")
    assert [(entry.action, entry.actor_name) for entry in told] == [
        ("second_person_asked", "ada"),
        ("second_person_confirmed", "ben"),
        ("staff_created", "ada"),
    ]


@pytest.mark.parametrize("typed", ["", "x", "-1", "9" * 30, "٣"])
def test_a_request_that_does_not_exist_is_said(typed: str, ben: User, sign_in: SignIn) -> None:
    page = at_the_desk(sign_in(ben)).post(reverse("second-person"), {"request": typed}, follow=True)
    assert "decided it first" in page.content.decode()


def test_a_confirmation_does_not_last_longer_than_a_day(administrator: User, ben: User) -> None:
    def needed() -> None:
        require_second_person(act="erase", actor=administrator, subject="x")

    confirmed(needed, by=administrator, other=ben)
    request = SecondPersonRequest.objects.get()
    request.asked_at -= timedelta(days=1)
    request.save()
    with pytest.raises(SecondPersonNeeded):
        needed()


def test_the_deployment_check_wants_two_administrators(administrator: User) -> None:
    problem = "SECOND_PERSON is on, but there are not two administrators."
    assert problem in [message.msg for message in run_checks(include_deployment_checks=True)]
    make_person("ben", User.Role.ADMINISTRATOR)
    assert problem not in [message.msg for message in run_checks(include_deployment_checks=True)]
