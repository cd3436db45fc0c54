"""Erasing while a change to many responses waits, runs or is undone: no word and no state comes
back.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from consult.models import User
from responses.exporting.extracting import make_due_extracts
from responses.exporting.extracts import ask_for_extract
from responses.governance.erasing import erase_response
from responses.models import BulkChange, Extract, Response, Review, ReviewStep
from responses.reviewing.bulk_changes import carrying_out
from responses.reviewing.bulk_changes.asking import ask_to_undo
from responses.reviewing.bulk_changes.carrying_out import make_due_changes
from tests.responses.governance.test_erasing import PLANTED, where
from tests.responses.reviewing.test_bulk_changes import asked, changed

pytestmark = pytest.mark.django_db(transaction=True)
Send = Callable[..., Response]
SAID = {"violence-comment": f"My name is {PLANTED}."}
THE_OTHERS_OWN = {"responses_response", "responses_searchtext"}
SEARCH = f"word={PLANTED}&channel=online"


@pytest.fixture
def one(send: Send, exports: Path) -> Response:
    return send(SAID)


def erase(response: Response) -> None:
    erase_response(reference=response.reference, actor=None, why="asked")


def test_a_change_that_waits_for_what_was_erased_is_stopped(one: Response, reviewer: User) -> None:
    change = asked(reviewer, "move", SEARCH, to_state="set-aside", note=f"{PLANTED} again")
    erase(one)
    assert where(PLANTED) == set()
    change.refresh_from_db()
    assert (change.state, change.query, change.note) == ("failed", "channel=online", "")
    assert "Check it again" in change.failure
    make_due_changes()
    assert not ReviewStep.objects.exists()


def test_a_change_under_way_leaves_what_was_erased_and_does_the_others(
    one: Response, send: Send, reviewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = send(SAID)
    change = asked(reviewer, "move", SEARCH, to_state="set-aside", note=f"{PLANTED} again")
    carrying_out._do_a_lot()  # It is decided which responses it is about.
    change.refresh_from_db()
    assert (change.state, change.total) == ("running", 2)
    erase(one)
    assert where(PLANTED) == THE_OTHERS_OWN
    make_due_changes()
    change.refresh_from_db()
    assert (change.state, change.changed, change.left) == ("done", 1, {"superseded": 1})
    states = dict(Review.objects.values_list("response__reference", "state").filter(superseded=0))
    assert states == {one.reference: "unread", second.reference: "set-aside"}
    assert list(ReviewStep.objects.values_list("note", flat=True)) == ["Erased."]
    assert where(PLANTED) == THE_OTHERS_OWN


def test_a_change_to_all_leaves_what_was_erased_before_as_it_is(
    one: Response, send: Send, reviewer: User
) -> None:
    second = send({"violence-comment": "Other."})
    erase(one)
    change = changed(reviewer, "move", to_state="set-aside", note="Not about the plan.")
    assert change.left.get("erased") == 1
    states = dict(Review.objects.values_list("response__reference", "state").filter(superseded=0))
    assert states == {one.reference: "unread", second.reference: "set-aside"}


def test_a_change_being_undone_puts_nothing_back_on_what_was_erased(
    one: Response, send: Send, reviewer: User
) -> None:
    send({"violence-comment": "Other."})
    change = changed(reviewer, "move", to_state="set-aside", note=f"{PLANTED} again")
    assert change.changed == 2
    ask_to_undo(change=change, by=reviewer)
    erase(one)
    before = list(Review.objects.filter(response=one).values_list("state", "version"))
    make_due_changes()
    change.refresh_from_db()
    assert (change.state, change.undone, change.kept) == ("undone", 1, 1)
    assert list(Review.objects.filter(response=one).values_list("state", "version")) == before
    assert BulkChange.objects.get().note == ""


def test_an_extract_that_waits_for_what_was_erased_is_removed(
    one: Response, send: Send, reviewer: User, administrator: User
) -> None:
    send({"violence-comment": "Other."})
    for query in (SEARCH, "channel=online"):
        ask_for_extract(consultation=one.consultation, query=query, actor=administrator)
    assert "responses_extract" in where(PLANTED)
    erase(one)
    assert where(PLANTED) == set()
    make_due_extracts()
    left = Extract.objects.get()
    assert (left.query, left.state) == ("channel=online", "ready")
    assert where(PLANTED) == set()
