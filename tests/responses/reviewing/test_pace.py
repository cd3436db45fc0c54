"""How far the reading is, against the rows: what one by one decided, and what in one stroke."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.models import Consultation, User
from responses.models import Code, Response, Review, ReviewStep
from responses.responding.amending import withdraw_response
from responses.reviewing.coding import code_answer
from responses.reviewing.considering import decide
from responses.reviewing.pace import Pace, Share, pace_of
from responses.reviewing.same_answers import code_together
from tests.conftest import make_person
from tests.support.tampering import behind_its_back

Send = Callable[..., Response]
TODAY = date(2027, 2, 1)


def consider(response: Response, by: User) -> None:
    decide(review=response.review, to_state="considered", note="", version=0, by=by)


def pace(left: int, a_day: float) -> Pace:
    return Pace(left=left, decided=0, in_bulk=0, a_day=a_day, days=7, shares=[])


@pytest.mark.parametrize(
    ("left", "a_day", "done_on"),
    [
        (0, 0, TODAY),
        (0, 5, TODAY),
        (10, 0, None),
        (10, 5, TODAY + timedelta(days=2)),
        (11, 5, TODAY + timedelta(days=3)),
        (1, 0.5, TODAY + timedelta(days=2)),
        (3650, 1, TODAY + timedelta(days=3650)),
        (3651, 1, None),
        # One a week of what came in one stroke: a calendar has no such day.
        (600_000, 1 / 7, None),
    ],
)
def test_the_day_on_which_it_is_done_follows_from_the_pace(
    left: int, a_day: float, done_on: date | None
) -> None:
    assert pace(left, a_day).done_on(TODAY) == done_on


@pytest.mark.parametrize(("days", "needed"), [(0, 100), (1, 50), (2, 34), (99, 1), (-1, None)])
def test_what_is_needed_a_day_counts_the_day_itself(days: int, needed: int | None) -> None:
    until = TODAY + timedelta(days=days)
    assert pace(100, 0).needed_a_day(today=TODAY, until=until) == needed


def test_done_and_left_are_counted_by_person_and_together(
    consultation: Consultation, send: Send, code: Code, reviewer: User
) -> None:
    ben = make_person("ben", User.Role.REVIEWER)
    sent = [send({"missing": "The same."}) for _number in range(6)]
    assert pace_of(consultation) == Pace(6, 0, 0, 0, 7, [])
    for response in sent[:2]:
        consider(response, reviewer)
    consider(sent[2], ben)
    # Taken up again, it is to be read; that he decided on it once is still his.
    decide(review=sent[2].review, to_state="reading", note="", version=1, by=ben)
    code_answer(response=sent[0], question="missing", codes=[code], by=reviewer)
    code_together(response=sent[0], question="missing", by=reviewer)
    withdraw_response(earlier=sent[5], submission_key=uuid4(), started_at=timezone.now())
    # What was coded with another was not gone through by anyone.
    assert pace_of(consultation) == Pace(
        left=3,
        decided=2,
        in_bulk=0,
        a_day=3,
        days=1,
        shares=[Share("ben", 1, 1, 0), Share("rosa", 2, 2, 1)],
    )


def test_a_decision_on_many_makes_no_pace(
    consultation: Consultation, send: Send, reviewer: User
) -> None:
    first, second = send({"missing": "One."}), send({"missing": "Two."})
    consider(first, reviewer)
    with behind_its_back():
        Review.objects.filter(response=second).update(state="considered", decided_in_bulk=True)
    found = pace_of(consultation)
    assert (found.decided, found.in_bulk, found.left, found.a_day) == (2, 1, 0, 1)


def test_the_pace_is_that_of_the_last_week(
    consultation: Consultation, send: Send, reviewer: User
) -> None:
    sent = [send({"missing": "One."}) for _number in range(8)]
    for response in sent:
        consider(response, reviewer)
    with behind_its_back():
        steps = ReviewStep.objects.order_by("pk").values_list("pk", flat=True)
        ReviewStep.objects.filter(pk=steps[0]).update(at=F("at") - timedelta(days=30))
    found = pace_of(consultation)
    assert (found.shares, found.days, found.a_day) == ([Share("rosa", 8, 7, 0)], 7, 1)


def test_the_page_says_whether_it_will_be_done_in_time(
    consultation: Consultation, send: Send, reviewer: User, sign_in: Callable[[User], Client]
) -> None:
    rosa, address = sign_in(reviewer), reverse("reading-pace")
    for number in range(5):
        response = send({"missing": f"Answer {number}."})
    assert "nobody can say when it will be done" in rosa.get(address).content.decode()
    consider(response, reviewer)
    today = timezone.localdate()

    def asked(until: object) -> str:
        return rosa.get(address, {"until": str(until)}).content.decode()

    assert "1 decided, 4 left." in asked("")
    assert "4 a day are enough." not in asked(today)
    assert "it takes 4 a day." in asked(today)
    assert "1 a day are enough." in asked(today + timedelta(days=5))
    assert "is over." in asked(today - timedelta(days=1))
    for nonsense in ("soon", "0001-01-01", "<script>"):
        said = asked(nonsense)
        assert "Type the day as 2027-02-28." in said
        assert "<script>" not in said.split("until")[1]


def test_the_page_says_it_when_no_calendar_reaches_that_far(
    consultation: Consultation,
    reviewer: User,
    sign_in: Callable[[User], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = pace(600_000, 1 / 7)
    monkeypatch.setattr("responses.reviewing.views.pace.pace_of", lambda _consultation: slow)
    asked = sign_in(reviewer).get(reverse("reading-pace"), {"until": str(timezone.localdate())})
    page = asked.content.decode()
    assert "At the pace of the last week it takes more than ten years." in page
    assert "nobody can say when it will be done" not in page
    assert "it takes 600,000 a day." in page
