"""The navigation of the staff pages."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from consult.models import User
from consult.staff.navigation import NAVIGATION, Entry
from tests.conftest import make_person

SignIn = Callable[[User], Client]
ENTRIES = [entry for entries in NAVIGATION.values() for entry in entries]


def navigation_of(client: Client, address: str) -> str:
    page = client.get(address).content.decode()
    return page[page.index('<nav class="app-nav"') : page.index("</nav>")]


@pytest.mark.usefixtures("consultation")
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.page)
def test_an_entry_is_seen_by_exactly_those_whom_its_page_admits(
    entry: Entry, sign_in: SignIn
) -> None:
    address = reverse(entry.page)
    admitted, seeing = set(), set()
    for role in User.Role.values:
        client = sign_in(make_person(f"kim.{role}", role))
        if client.get(address).status_code == 200:
            admitted.add(role)
        if f'href="{address}"' in navigation_of(client, reverse("new-password")):
            seeing.add(role)
    assert seeing == admitted
    assert seeing


@pytest.mark.usefixtures("consultation")
def test_the_navigation_marks_where_someone_is(administrator: User, sign_in: SignIn) -> None:
    client = sign_in(administrator)
    for entry in ENTRIES:
        if entry.page != "admin:index":
            page = navigation_of(client, reverse(entry.page))
            marked = re.findall(r'href="([^"]+)"\s+aria-current="(\w+)"', page)
            assert marked == [(reverse(entry.page), "page")]


def test_a_page_below_an_entry_marks_that_entry(
    administrator: User, reviewer: User, sign_in: SignIn
) -> None:
    client = sign_in(administrator)
    session = client.session
    session["confirmed_at"] = session["began_at"]
    session.save()
    page = navigation_of(client, reverse("account", args=[reviewer.pk]))
    assert re.findall(r'href="([^"]+)"\s+aria-current="(\w+)"', page) == [
        (reverse("account-list"), "true")
    ]


def test_nobody_sees_a_job_that_is_not_theirs(editor: User, sign_in: SignIn) -> None:
    page = navigation_of(sign_in(editor), reverse("new-password"))
    assert ">Run<" in page
    assert ">Receive<" not in page
