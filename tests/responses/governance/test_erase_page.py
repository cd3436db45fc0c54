"""Erasing on the page: only with the password, the reference and a reason that names nobody."""

import time
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from consult.models import Action, AuditEntry, User
from responses.models import Response

pytestmark = pytest.mark.django_db(transaction=True)
Send = Callable[..., Response]


@pytest.fixture
def ada(administrator: User, sign_in: Callable[[User], Client]) -> Client:
    """Ada the administrator, who has just given her password again."""
    client = sign_in(administrator)
    session = client.session
    session["confirmed_at"] = int(time.time())
    session.save()
    return client


def is_there(response: Response) -> bool:
    return Response.objects.get(pk=response.pk).texts != {}


def test_erasing_asks_for_the_password_again(
    send: Send, administrator: User, sign_in: Callable[[User], Client]
) -> None:
    response = send({"missing": "Clubs."})
    typed = {"typed": response.reference, "why": "asked by letter"}
    answer = sign_in(administrator).post(reverse("erase", args=[response.reference]), typed)
    assert answer["Location"].startswith(reverse("confirm"))
    assert is_there(response)


def test_the_page_names_the_points_whose_words_stay(
    send: Send, ada: Client, administrator: User
) -> None:
    response = send({"missing": "Clubs."})
    point = response.consultation.points.create(number=7, part="general", sentence="Clubs.")
    address = reverse("erase", args=[response.reference])
    assert "point 7" not in ada.get(address).content.decode()
    for question in ("missing", "violence-comment"):
        point.passages.create(response=response, question=question, by=administrator)
    assert ada.get(address).content.decode().count("point 7</a>") == 1


@pytest.mark.parametrize(
    ("reference", "why", "problem"),
    [
        ("", "asked by letter", "Type the reference."),
        ("another", "asked by letter", "This is not the reference of this response."),
        ("own", " ", "Write why."),
        ("own", "asked by Rita Respondent", "Write a reason that names nobody"),
        ("own", "rita@example.org wrote", "Write a reason that names nobody"),
    ],
)
def test_a_response_is_not_erased_by_mistake(
    send: Send, ada: Client, reference: str, why: str, problem: str
) -> None:
    response, other = send({"missing": "Clubs."}), send({"missing": "Buses."}, name="Bob Butcher")
    typed = {"own": response.reference, "another": other.reference}.get(reference, reference)
    page = ada.post(
        reverse("erase", args=[response.reference]), {"typed": typed, "why": why}
    ).content.decode()
    assert problem in page
    assert is_there(response)
    assert is_there(other)
    assert not AuditEntry.objects.filter(action=Action.RESPONSE_ERASED).exists()


def test_a_response_is_erased_once_and_the_page_says_so(send: Send, ada: Client) -> None:
    response = send({"missing": "Clubs."})
    address = reverse("erase", args=[response.reference])
    typed = {
        "typed": response.reference.lower(),
        "why": "asked by letter on 3 March",
        "version": "1",
    }
    page = ada.post(address, typed, follow=True).content.decode()
    assert f"{response.reference} is erased. The next batch says so." in page
    assert not is_there(response)
    again = ada.post(address, typed, follow=True).content.decode()
    assert f"{response.reference} has already been erased." in again
    assert AuditEntry.objects.filter(action=Action.RESPONSE_ERASED).count() == 1


@pytest.mark.parametrize("words", ["", "  "])
def test_looking_for_nobody_finds_nobody(ada: Client, words: str) -> None:
    page = ada.post(reverse("people"), {"words": words}).content.decode()
    assert "Enter a reference, an email address or a name." in page
    assert not AuditEntry.objects.filter(action=Action.PERSON_LOOKED_FOR).exists()
