"""The audit trail as administrators read it."""

import csv
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.auditing import find_entries, record
from consult.cells import restore_cell
from consult.models import Action, AuditEntry, User


def subjects(**wanted: object) -> list[str]:
    return [entry.subject for entry in find_entries(**wanted)]


def test_each_filter_of_the_trail_shows_only_what_matches(
    administrator: User, reviewer: User
) -> None:
    record(action=Action.RESPONSE_READ, actor=reviewer, subject="K7M4")
    record(action=Action.NOTE_ADDED, actor=administrator, subject="K7M4")
    record(action=Action.BATCH_SEALED, actor=None, subject="plan 1")
    today = timezone.localdate()
    assert subjects() == ["plan 1", "K7M4", "K7M4"]
    assert subjects(who="service") == ["plan 1"]
    assert subjects(who=reviewer.username, subject="K7M4") == ["K7M4"]
    assert subjects(action=Action.NOTE_ADDED) == ["K7M4"]
    assert len(subjects(since=today, until=today)) == 3
    assert (
        subjects(since=today + timedelta(days=1)) == subjects(until=today - timedelta(days=1)) == []
    )


def test_the_trail_is_paged_and_reading_it_is_recorded_on_it(
    administrator: User, sign_in: Callable[[User], Client]
) -> None:
    for number in range(150):
        record(action=Action.RESPONSE_READ, actor=None, subject=f"<b>{number:03}")
    ada = sign_in(administrator)
    first = ada.get(reverse("trail"), {"action": "response_read"})
    assert [row["entry"].subject for row in first.context["rows"]] == [
        f"<b>{number:03}" for number in range(149, 49, -1)
    ]
    assert "&lt;b&gt;149" in first.content.decode()
    second = ada.get(
        reverse("trail"), {"action": "response_read", "before": str(first.context["older"])}
    )
    assert [row["entry"].subject for row in second.context["rows"]] == [
        f"<b>{number:03}" for number in range(49, -1, -1)
    ]
    assert second.context["older"] is None
    assert AuditEntry.objects.filter(action=Action.TRAIL_READ, actor=administrator).count() == 2
    nothing = ada.get(reverse("trail"), {"subject": "unheard", "since": "never"}).content.decode()
    assert "No entries match these filters." in nothing
    assert "This filter is not used." in nothing


def test_the_whole_trail_downloads_and_runs_in_no_spreadsheet(
    administrator: User, sign_in: Callable[[User], Client]
) -> None:
    for number in range(3):
        record(action=Action.RESPONSE_READ, actor=None, subject=f"=1+{number}", version=number)
    answer = sign_in(administrator).get(reverse("trail-file"), {"action": "response_read"})
    rows = list(csv.DictReader(StringIO(b"".join(answer).decode())))
    assert [row["subject"] for row in rows] == ["'=1+0", "'=1+1", "'=1+2"]
    assert [restore_cell(row["subject"]) for row in rows] == ["=1+0", "=1+1", "=1+2"]
    assert [row["details"] for row in rows] == [
        '{"version": 0}',
        '{"version": 1}',
        '{"version": 2}',
    ]
    assert AuditEntry.objects.get(action=Action.TRAIL_EXPORTED).actor == administrator


def test_the_trail_speaks_in_words_and_uk_time(
    administrator: User, sign_in: Callable[[User], Client]
) -> None:
    record(
        action=Action.WINDOW_CHANGED,
        actor=administrator,
        subject="plan",
        closes_at="2027-07-21T22:30:00+00:00",
        names=["first", "second"],
        whole={"opened_by": "ada", "late": False},
        recovered=True,
        nothing={},
        note="",
    )
    (row,) = sign_in(administrator).get(reverse("trail"), {"subject": "plan"}).context["rows"]
    assert row["details"] == (
        "names: first, second, whole: late no; opened by ada, "
        "closes at: 11:30pm on 21 July 2027 (UK time), recovered: yes"
    )
