"""Filters that staff keep under a name, for themselves."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from consult.models import User
from responses.models import SavedFilter
from responses.reviewing.saved_filters import (
    NAME_MAX_CHARS,
    QUERY_MAX_CHARS,
    FilterTooLong,
    NameMissing,
    forget_filter,
    save_filter,
)

SignIn = Callable[[User], Client]


def test_a_name_used_again_replaces_what_it_stood_for(reviewer: User) -> None:
    first = save_filter(by=reviewer, name="Mine", query="state=unread")
    again = save_filter(by=reviewer, name=" Mine ", query="state=considered")
    assert first.pk == again.pk
    assert SavedFilter.objects.get().query == "state=considered"


def test_two_people_can_use_the_same_name(reviewer: User, administrator: User) -> None:
    for person in (reviewer, administrator):
        save_filter(by=person, name="Mine", query=f"word={person.username}")
    assert SavedFilter.objects.count() == 2


@pytest.mark.parametrize("name", ["", "   ", "x" * (NAME_MAX_CHARS + 1), "two\nlines", "a\x1bb"])
def test_a_name_that_cannot_stand_on_a_page_is_refused(reviewer: User, name: str) -> None:
    with pytest.raises(NameMissing):
        save_filter(by=reviewer, name=name, query="state=unread")
    assert not SavedFilter.objects.exists()


def test_names_and_filters_may_be_as_long_as_their_limits(reviewer: User) -> None:
    saved = save_filter(by=reviewer, name="x" * NAME_MAX_CHARS, query="q" * QUERY_MAX_CHARS)
    assert (len(saved.name), len(saved.query)) == (NAME_MAX_CHARS, QUERY_MAX_CHARS)


def test_a_filter_that_is_too_long_is_refused_before_its_name(reviewer: User) -> None:
    with pytest.raises(FilterTooLong):
        save_filter(by=reviewer, name="", query="q" * (QUERY_MAX_CHARS + 1))


def test_only_your_own_filter_can_be_forgotten(reviewer: User, administrator: User) -> None:
    saved = save_filter(by=reviewer, name="Mine", query="state=unread")
    forget_filter(by=administrator, number=saved.pk)
    assert SavedFilter.objects.exists()
    forget_filter(by=reviewer, number=saved.pk)
    forget_filter(by=reviewer, number=saved.pk)
    assert not SavedFilter.objects.exists()


def test_the_page_shows_nobody_elses_filters(
    reviewer: User, administrator: User, sign_in: SignIn
) -> None:
    save_filter(by=reviewer, name="Rosa’s own", query="state=unread")
    save_filter(by=administrator, name="Ada’s own", query="state=considered")
    page = sign_in(reviewer).get(reverse("review-list")).content.decode()
    assert "Rosa’s own" in page
    assert "Ada’s own" not in page
