"""Signing in, and who may open what."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from consult.models import Action, AuditEntry, User
from consult.staff.accounts import create_staff
from responses.exporting.batches import seal_batch
from responses.exporting.writing import write_batch
from responses.models import Response

SignIn = Callable[[User], Client]
PASSWORD = "rosa has a long password"


def sign(client: Client, username: str, password: str, address: str = "") -> object:
    return client.post(address or reverse("sign-in"), {"username": username, "password": password})


def actions() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.order_by("id").values_list("action", "subject"))


@pytest.mark.parametrize(
    ("role", "desk"),
    [
        ("reviewer", "review-list"),
        ("analyst", "batch-list"),
        ("editor", "admin:index"),
        ("administrator", "review-list"),
    ],
)
def test_each_role_lands_on_its_own_page_after_choosing_a_password(
    db: None, role: str, desk: str
) -> None:
    _, one_time = create_staff(username="nora", role=role, actor=None)
    client = Client()
    assert sign(client, "nora", one_time)["Location"] == reverse("new-password")
    assert client.get(reverse(desk), follow=True).redirect_chain[-1][0] == reverse("new-password")
    new = {
        "new_password": "four words that do not rhyme",
        "new_password_again": "four words that do not rhyme",
    }
    assert client.post(reverse("new-password"), new)["Location"] == reverse(desk)
    assert client.get(reverse(desk)).status_code == 200
    assert client.get("/staff/")["Location"] == reverse(desk)
    assert Client().get("/staff/")["Location"].startswith(reverse("sign-in"))
    assert sign(Client(), "nora", one_time).status_code == 200


@pytest.mark.parametrize(
    ("new", "again", "words"),
    [
        ("short", "short", "too short"),
        ("password1234", "password1234", "too common"),
        ("LondonMopacReviewer1", "LondonMopacReviewer1", "words from this service"),
        (PASSWORD, PASSWORD, "a different password from the one you have"),
        (
            "four words that do not rhyme",
            "three words that do",
            "The two passwords are not the same.",
        ),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(
    reviewer: User, sign_in: SignIn, new: str, again: str, words: str
) -> None:
    page = sign_in(reviewer).post(
        reverse("new-password"),
        {"password": PASSWORD, "new_password": new, "new_password_again": again},
    )
    assert words in page.content.decode()
    assert User.objects.get().check_password(PASSWORD)


def test_sign_ins_failures_and_sign_outs_are_recorded_not_what_was_typed(reviewer: User) -> None:
    client = Client()
    sign(client, "rosa", "wrong")
    sign(client, "my-secret-password", "x")
    sign(client, "rosa", PASSWORD)
    client.post(reverse("sign-out"))
    assert actions() == [
        ("sign_in_failed", "rosa"),
        ("sign_in_failed", "unknown"),
        ("signed_in", "rosa"),
        ("signed_out", "rosa"),
    ]


def test_a_wrong_name_and_a_wrong_password_look_the_same(reviewer: User) -> None:
    pages = [sign(Client(), name, "wrong").content.decode() for name in ("rosa", "nobody")]
    assert "The user name or the password is wrong." in pages[0]
    assert (
        pages[0].replace("rosa", "nobody").split("csrfmiddlewaretoken")[0]
        == pages[1].split("csrfmiddlewaretoken")[0]
    )


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"]
)
def test_signing_in_never_redirects_to_another_site(reviewer: User, wanted: str) -> None:
    assert sign(Client(), "rosa", PASSWORD, f"{reverse('sign-in')}?next={wanted}")[
        "Location"
    ] == reverse("review-list")


def test_signing_in_returns_to_the_page_first_asked_for(reviewer: User) -> None:
    going = Client().get(reverse("review-list"))["Location"]
    assert sign(Client(), "rosa", PASSWORD, going)["Location"] == reverse("review-list")


def test_signing_out_by_a_link_does_nothing(reviewer: User, sign_in: SignIn) -> None:
    client = sign_in(reviewer)
    assert client.get(reverse("sign-out")).status_code == 405
    assert client.get(reverse("review-list")).status_code == 200


def test_someone_whose_account_is_closed_is_signed_out_at_once(
    reviewer: User, sign_in: SignIn
) -> None:
    client = sign_in(reviewer)
    User.objects.update(is_active=False)
    assert client.get(reverse("review-list")).status_code == 302


def test_downloading_a_batch_is_recorded_on_the_trail(
    send: Callable[..., Response], analyst: User, sign_in: SignIn
) -> None:
    response = send()
    batch = seal_batch(consultation=response.consultation, actor=None)
    write_batch(batch=batch)
    page = sign_in(analyst).get(
        reverse("batch-file", args=[response.consultation.slug, batch.number, "responses.csv"])
    )
    assert response.reference in b"".join(page).decode()
    assert page["Content-Disposition"].startswith("attachment")
    taken = AuditEntry.objects.filter(action=Action.BATCH_DOWNLOADED).values_list(
        "actor", "subject", "details"
    )
    assert list(taken) == [
        (analyst.pk, f"{response.consultation.slug}/batch-0001", {"file": "responses.csv"})
    ]
