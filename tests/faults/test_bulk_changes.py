"""A change to many responses whose worker is killed in the middle, and several at work at once:
nothing is done twice or left half.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg2
import pytest
from django.db import connection

from consult.models import Consultation, User
from consult.nudging import nudge
from responses.demo.filling import fill_responses
from responses.governance.reconciling import reconcile
from responses.models import BulkChange, Response, Review, ReviewStep
from responses.reviewing.bulk_changes import carrying_out
from responses.reviewing.bulk_changes.asking import (
    NotUndoable,
    ask_for_change,
    ask_to_undo,
    forecast,
)
from responses.reviewing.bulk_changes.carrying_out import make_due_changes
from responses.reviewing.tasks import change_many
from tests.conftest import make_person
from tests.races.test_batching import at_once
from tests.support.workers import Worker, database_url, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 1800


@pytest.fixture
def many(consultation: Consultation) -> list[int]:
    """More responses than are changed in one go, the earliest first."""
    fill_responses(
        consultation=consultation,
        count=MANY,
        seed=7,
        actor=None,
        production=False,
        beside_real_people=False,
    )
    return list(Response.objects.order_by("pk").values_list("pk", flat=True))


def ask(by: User, to_state: str, query: str = "") -> BulkChange:
    change = BulkChange(key=uuid4(), by=by, act="move", to_state=to_state, query=query)
    return ask_for_change(change=change, seen=forecast(change))


@contextmanager
def holding(response: int) -> Iterator[None]:
    """Lock the review of `response`, as a colleague at work on it would."""
    other = psycopg2.connect(database_url())
    try:
        with other.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM responses_review WHERE response_id = %s FOR UPDATE", [response]
            )
        yield
    finally:
        other.close()


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT granted AND "
            "datname = current_database()"
        )
        return cursor.fetchone() is not None


def reached(change: BulkChange, state: str) -> bool:
    nudge(change_many)
    change.refresh_from_db()
    return change.state == state


def test_a_change_and_its_undoing_happen_once_though_workers_are_killed(
    many: list[int], reviewer: User, start_worker: Callable[..., Worker]
) -> None:
    change = ask(reviewer, "considered")
    for state, steps in (("done", 1), ("undone", 2)):
        worker = start_worker()
        with holding(many[1200]):
            nudge(change_many)
            wait_until(somebody_waits, seconds=30, what=worker.log.read_text)
            worker.kill()
        change.refresh_from_db()
        assert (change.changed, change.undone) == ((1000, 0) if state == "done" else (MANY, 1000))
        assert change.state in {"running", "undoing"}
        workers = [start_worker(), start_worker()]
        wait_until(
            lambda wanted=state: reached(change, wanted), seconds=60, what=workers[0].log.read_text
        )
        for each in workers:
            each.stop()
        assert ReviewStep.objects.count() == steps * MANY
        assert set(Counter(ReviewStep.objects.values_list("review", flat=True)).values()) == {steps}
        assert set(Review.objects.values_list("version", flat=True)) == {steps}
        assert (change.changed, change.undone, change.kept) == (
            MANY,
            MANY if state == "undone" else 0,
            0,
        )
        if state == "done":
            ask_to_undo(change=change, by=reviewer)
    assert set(Review.objects.values_list("state", flat=True)) == {"unread"}
    assert reconcile().differences == []


def test_two_changes_at_once_move_each_response_once_and_report_the_rest(
    many: list[int], reviewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(carrying_out.AT_ONCE, BulkChange.Act.MOVE, 100)
    colleague = make_person("ben", "reviewer")
    changes = [ask(reviewer, "reading"), ask(colleague, "considered")]
    at_once(make_due_changes, make_due_changes, make_due_changes)
    make_due_changes()
    for change in changes:
        change.refresh_from_db()
        assert change.state == "done"
    # The first to reach a response moved it; the other found it moved.
    moved = Counter(Review.objects.values_list("state", flat=True))
    assert (moved["reading"], moved["considered"], moved["unread"]) == (
        changes[0].changed,
        changes[1].changed,
        0,
    )
    assert set(Review.objects.values_list("version", flat=True)) == {1}
    assert reconcile().differences == []


def test_a_change_is_undone_once_however_many_ask(many: list[int], reviewer: User) -> None:
    change = ask(reviewer, "considered")
    make_due_changes()
    refused = []
    both = threading.Lock()

    def undo() -> None:
        try:
            ask_to_undo(change=change, by=reviewer)
        except NotUndoable:
            with both:
                refused.append(1)

    at_once(undo, undo, undo)
    at_once(make_due_changes, make_due_changes)
    make_due_changes()
    change.refresh_from_db()
    assert len(refused) == 2
    assert (change.state, change.undone) == ("undone", MANY)
    assert ReviewStep.objects.count() == 2 * MANY


def test_one_response_the_database_refuses_is_left_and_the_others_change(
    many: list[int], reviewer: User
) -> None:
    change = ask(reviewer, "considered")
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE responses_review ADD CONSTRAINT refused "
            "CHECK (response_id <> %s OR state = 'unread')",
            [many[700]],
        )
    try:
        make_due_changes()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE responses_review DROP CONSTRAINT refused")
    change.refresh_from_db()
    assert (change.state, change.changed, change.left) == ("done", MANY - 1, {"trouble": 1})
    assert Review.objects.get(response_id=many[700]).state == "unread"
    ask_to_undo(change=change, by=reviewer)
    make_due_changes()
    change.refresh_from_db()
    assert (change.state, change.undone) == ("undone", MANY - 1)
    assert set(Review.objects.values_list("state", flat=True)) == {"unread"}
