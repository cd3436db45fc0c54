"""Changing many responses by the pages: from the list, through a look at what would change, to the
change and back.
"""

import re
from collections.abc import Callable
from uuid import uuid4

import html5lib
import pytest
from django.test import Client
from django.urls import reverse

from consult.models import User
from responses.models import BulkChange, Response, Review
from responses.reviewing.bulk_changes.carrying_out import make_due_changes
from responses.reviewing.reviews import move_review

Send = Callable[..., Response]
SignIn = Callable[[User], Client]


def words_of(page: object) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page.content.decode()).split())


def hidden_of(text: str) -> dict[str, str]:
    """What the last form of the page's main part sends along, as a browser would."""
    main = next(html5lib.parse(text, namespaceHTMLElements=False).iter("main"))
    form = list(main.iter("form"))[-1]
    fields = {field.get("name", ""): field.get("value", "") for field in form.iter("input")}
    return fields | {field.get("name", ""): field.text or "" for field in form.iter("textarea")}


def look(client: Client, query: str = "", **typed: str) -> object:
    """Say what is to be done, and see what that would change."""
    return client.post(f"{reverse('bulk-new')}?{query}", typed)


def agree(client: Client, page: object, query: str = "") -> object:
    """Select the button of the page that shows it."""
    return client.post(
        f"{reverse('bulk-new')}?{query}", hidden_of(page.content.decode()), follow=True
    )


def test_all_that_match_are_changed_and_put_back_from_the_list(
    send: Send, reviewer: User, sign_in: SignIn
) -> None:
    chosen = [send({"missing": "Street lights"}) for _ in range(2)]
    considered, other = send({"missing": "Street lights"}), send({"missing": "Buses"})
    move_review(review=considered.review, to_state="considered", note="", version=0, by=reviewer)
    client = sign_in(reviewer)
    listed = client.get(f"{reverse('review-list')}?word=lights").content.decode()
    assert f'href="{reverse("bulk-new")}?word=lights"' in listed
    first = words_of(client.get(f"{reverse('bulk-new')}?word=lights"))
    assert "3 responses match these filters now." in first
    assert "Words or a reference: lights" in first
    page = look(client, "word=lights", act="move", to_state="set-aside", note="All\r\ntests.")
    told = words_of(page)
    for words in (
        "Move to “Set aside”",
        "Responses that match 3",
        "Will be changed 2",
        "1: “Considered” can only be moved back to being read",
        "Change 2 responses",
    ):
        assert words in told
    assert [row.reference in told for row in (*chosen, considered, other)] == [
        True,
        True,
        False,
        False,
    ]
    assert BulkChange.objects.count() == 0
    shown = agree(client, page, "word=lights")
    change = BulkChange.objects.get()
    assert shown.request["PATH_INFO"] == reverse("bulk-one", args=[change.pk])
    assert "A worker takes it up in a moment." in words_of(shown)
    assert shown["Refresh"] == "5"
    agree(client, page, "word=lights")
    assert BulkChange.objects.count() == 1
    make_due_changes()
    done = client.get(reverse("bulk-one", args=[change.pk]) + "?watch=yes")
    assert "Refresh" not in done
    assert "Changed 2 Left as they are 1" in words_of(done)
    history = words_of(client.get(reverse("review-one", args=[chosen[0].reference])))
    assert f"rosa, Unread → Set aside, with many others: change {change.pk} All tests." in history
    assert Review.objects.get(response=chosen[0]).steps.get().note == "All\ntests."
    undone = client.post(reverse("bulk-undo", args=[change.pk]), follow=True)
    assert "0 of 2 gone through" in words_of(undone)
    make_due_changes()
    assert "Put back 2 Not put back 0" in words_of(
        client.get(reverse("bulk-one", args=[change.pk]))
    )
    assert "has been undone, or is being undone" in words_of(
        client.post(reverse("bulk-undo", args=[change.pk]), follow=True)
    )
    assert f"Change {change.pk} Move to “Set aside”" in words_of(client.get(reverse("bulk-list")))
    assert list(Review.objects.order_by("pk").values_list("state", flat=True)) == [
        "unread",
        "unread",
        "considered",
        "unread",
    ]


def test_missing_fields_are_asked_for_and_typed_ones_kept(
    send: Send, reviewer: User, sign_in: SignIn
) -> None:
    send()
    client = sign_in(reviewer)
    for typed, words in (
        ({}, "Choose what is to be done."),
        ({"act": "move"}, "Choose the state."),
        ({"act": "move", "to_state": "set-aside", "note": " "}, "Write why they are set aside."),
        ({"act": "code"}, "Choose the code."),
        ({"act": "code", "code": "12"}, "Select a valid choice."),
        ({"act": "campaign"}, "Choose the campaign."),
    ):
        page = look(client, note=typed.pop("note", "Kept words."), **typed)
        assert words in words_of(page)
        assert 'name="seen"' not in page.content.decode()
    assert "Kept words." in words_of(page)
    back = client.post(reverse("bulk-new"), {"act": "read", "note": "Kept words.", "back": "yes"})
    assert "Kept words." in words_of(back)
    assert 'value="read" checked' in back.content.decode()


def test_nothing_is_changed_that_was_not_shown(send: Send, reviewer: User, sign_in: SignIn) -> None:
    """What was agreed to is signed, for this change and this person alone."""
    send({"missing": "Street lights"}), send({"missing": "Buses"})
    client = sign_in(reviewer)
    shown = hidden_of(look(client, "word=lights", act="move", to_state="reading").content.decode())
    for query, changed in (
        ("", {}),
        ("word=lights", {"to_state": "considered"}),
        ("word=lights", {"note": "Otherwise."}),
        ("word=lights", {"key": str(uuid4())}),
        ("word=lights", {"seen": shown["seen"][:-1]}),
    ):
        page = client.post(f"{reverse('bulk-new')}?{query}", shown | changed)
        assert "Check before many are changed" in words_of(page)
    assert BulkChange.objects.count() == 0


def test_a_bad_filter_changes_nothing(send: Send, reviewer: User, sign_in: SignIn) -> None:
    send()
    page = sign_in(reviewer).get(f"{reverse('bulk-new')}?state=lost", follow=True)
    assert page.request["PATH_INFO"] == reverse("review-list")
    assert "This filter is not used." in words_of(page)


def test_the_pages_say_when_nothing_matches_or_would_change(
    send: Send, reviewer: User, sign_in: SignIn
) -> None:
    client = sign_in(reviewer)
    assert "No bulk changes yet." in words_of(client.get(reverse("bulk-list")))
    assert "There is nothing to change." in words_of(client.get(reverse("bulk-new")))
    assert "Change all that match" not in words_of(client.get(reverse("review-list")))
    send()
    page = look(client, act="move", to_state="unread")
    assert "Nothing would change." in words_of(page)
    assert 'name="seen"' not in page.content.decode()


@pytest.mark.parametrize("person", ["analyst", "editor"])
def test_bulk_moves_need_the_right_to_move_one(
    person: str, send: Send, reviewer: User, sign_in: SignIn, request: pytest.FixtureRequest
) -> None:
    send({"missing": "A secret hope."})
    shown = hidden_of(look(sign_in(reviewer), act="read").content.decode())
    client = sign_in(request.getfixturevalue(person))
    page = client.post(reverse("bulk-new"), shown)
    assert page.status_code == 403
    assert "secret" not in page.content.decode()
    assert BulkChange.objects.count() == 0
