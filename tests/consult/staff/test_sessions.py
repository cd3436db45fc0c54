"""The pages where people see and end sessions."""

import re
import time
from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from consult.models import AuditEntry, User
from consult.staff.sessions import (
    NoSuchSession,
    browser_in_words,
    end_session,
    end_sessions,
    sessions_of,
)

SignIn = Callable[[User], Client]
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def signed_in() -> Callable[[User, str], Client]:
    """A client in which someone has typed their password into the page."""

    def signed_in(person: User, browser: str = FIREFOX) -> Client:
        client = Client(headers={"user-agent": browser})
        typed = {
            "username": person.username,
            "password": f"{person.username} has a long password",
        }
        client.post(reverse("sign-in"), typed)
        return client

    return signed_in


def test_people_see_where_they_are_signed_in_and_end_it(
    reviewer: User, analyst: User, signed_in: Callable[..., Client]
) -> None:
    here, phone, other = signed_in(reviewer), signed_in(reviewer, SAFARI), signed_in(analyst)
    page = here.get(reverse("sessions")).content.decode()
    assert "Firefox on Windows" in page
    assert "Safari on an iPhone" in page
    assert page.count("Signed in ") == 2
    names = re.findall(r'name="session" value="(\w+)"', page)
    assert len(names) == 1
    here.post(reverse("sessions"), {"session": names[0]})
    assert phone.get(reverse("review-list")).status_code == 302
    assert here.get(reverse("review-list")).status_code == 200
    assert other.get(reverse("batch-list")).status_code == 200
    again = here.post(reverse("sessions"), {"session": names[0]}, follow=True)
    assert "had ended already" in again.content.decode()
    entry = AuditEntry.objects.get(action="sessions_ended")
    assert (entry.subject, entry.actor_name) == ("rosa", "rosa")


def test_everywhere_else_is_not_here(reviewer: User, signed_in: Callable[..., Client]) -> None:
    here, elsewhere = signed_in(reviewer), [signed_in(reviewer) for _ in range(2)]
    page = here.post(reverse("sessions"), {"all": "yes"}, follow=True).content.decode()
    assert "2 sessions ended." in page
    assert [client.get(reverse("review-list")).status_code for client in elsewhere] == [302, 302]
    assert here.get(reverse("review-list")).status_code == 200


def test_an_administrator_sees_and_ends_the_sessions_of_an_account(
    administrator: User, reviewer: User, signed_in: Callable[..., Client]
) -> None:
    chief, client = signed_in(administrator), signed_in(reviewer, SAFARI)
    address = reverse("account-sessions", args=[reviewer.pk])
    assert "Safari on an iPhone" in chief.get(address).content.decode()
    chief.post(address, {"all": "yes"})
    assert client.get(reverse("review-list")).status_code == 302
    assert chief.get(address).status_code == 200
    entry = AuditEntry.objects.get(action="sessions_ended")
    assert (entry.subject, entry.actor_name) == ("rosa", "ada")


def test_sessions_are_shown_only_after_the_password_is_given_again(
    reviewer: User, signed_in: Callable[..., Client]
) -> None:
    client = signed_in(reviewer)
    session = client.session
    session["confirmed_at"] = int(time.time()) - 15 * 60
    session.save()
    assert client.get(reverse("sessions"))["Location"].startswith(reverse("confirm"))


def test_no_page_shows_the_key_that_opens_a_session(
    reviewer: User, signed_in: Callable[..., Client]
) -> None:
    here, _phone = signed_in(reviewer), signed_in(reviewer)
    page = here.get(reverse("sessions")).content.decode()
    keys = list(Session.objects.values_list("session_key", flat=True))
    assert len(keys) == 2
    assert not any(key in page for key in keys)


def test_nobody_ends_the_session_of_someone_else_by_its_name(
    reviewer: User, analyst: User, signed_in: Callable[..., Client]
) -> None:
    signed_in(analyst)
    name = sessions_of(analyst)[0].name
    with pytest.raises(NoSuchSession):
        end_session(user=reviewer, name=name, actor=reviewer)
    assert end_sessions(user=reviewer, actor=reviewer) == 0
    assert len(sessions_of(analyst)) == 1


def test_a_session_that_a_new_password_ended_is_not_listed(
    reviewer: User, signed_in: Callable[..., Client]
) -> None:
    signed_in(reviewer)
    reviewer.set_password("another long password entirely")
    reviewer.save()
    assert sessions_of(reviewer) == []


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        (SAFARI, "Safari on an iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Linux"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/140 Safari/537",
            "Chrome on a Mac",
        ),
        ("<script>alert(1)</script>", "A browser"),
        ("", "A browser"),
    ],
)
def test_a_browser_is_named_in_words(user_agent: str, words: str) -> None:
    assert browser_in_words(user_agent) == words
