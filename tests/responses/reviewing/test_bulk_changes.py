"""Changing many responses at once: what was counted is what is changed, nobody's work is
overwritten, and undoing puts back.
"""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from consult.models import Action, AuditEntry, Consultation, User
from responses.governance.erasing import erase_response
from responses.governance.reconciling import reconcile
from responses.models import (
    BulkChange,
    BulkItem,
    Campaign,
    CampaignMember,
    Code,
    CodedAnswer,
    Coding,
    Response,
    Review,
    ReviewStep,
)
from responses.responding.amending import withdraw_response
from responses.reviewing.bulk_changes import acts, carrying_out
from responses.reviewing.bulk_changes.asking import (
    NothingToChange,
    NotUndoable,
    ask_for_change,
    ask_to_undo,
    forecast,
    sample,
)
from responses.reviewing.bulk_changes.carrying_out import make_due_changes
from responses.reviewing.campaigns import remove_responses
from responses.reviewing.codebooks import change_code
from responses.reviewing.coding import code_answer
from responses.reviewing.filters import Filter
from responses.reviewing.matching import matching
from responses.reviewing.reading import open_response
from responses.reviewing.reviews import ReasonMissing, move_review
from tests.conftest import make_person
from tests.responses.reviewing.test_reading import amend

pytestmark = pytest.mark.django_db(transaction=True)
Send = Callable[..., Response]
EVERYTHING = ""


def planned(by: User, act: str, query: str = EVERYTHING, **what: object) -> BulkChange:
    return BulkChange(key=uuid4(), by=by, act=act, query=query, **what)


def asked(by: User, act: str, query: str = EVERYTHING, **what: object) -> BulkChange:
    change = planned(by, act, query, **what)
    return ask_for_change(change=change, seen=forecast(change))


def changed(by: User, act: str, query: str = EVERYTHING, **what: object) -> BulkChange:
    """A change that is asked for and carried out."""
    change = asked(by, act, query, **what)
    make_due_changes()
    change.refresh_from_db()
    return change


def undone(change: BulkChange, by: User) -> BulkChange:
    ask_to_undo(change=change, by=by)
    make_due_changes()
    change.refresh_from_db()
    return change


def states() -> list[str]:
    return list(Review.objects.order_by("response_id").values_list("state", flat=True))


def move(response: Response, to_state: str, by: User, note: str = "") -> None:
    review = Review.objects.get(response=response)
    move_review(review=review, to_state=to_state, note=note, version=review.version, by=by)


def test_the_preview_says_exactly_what_would_change_and_why_not(send: Send, reviewer: User) -> None:
    unread, considered, aside, reading = (send() for _ in range(4))
    move(considered, "considered", reviewer)
    move(aside, "set-aside", reviewer, "A test.")
    move(reading, "reading", reviewer)
    change = planned(reviewer, "move", to_state="considered")
    told = forecast(change)
    assert (told.fitting, told.changes, told.left) == (4, 2, {"same-state": 1, "from-set-aside": 1})
    assert [row.pk for row in sample(change, size=10)] == [reading.pk, unread.pk]
    done = changed(reviewer, "move", to_state="considered")
    assert states() == ["considered", "considered", "set-aside", "considered"]
    assert (done.state, done.total, done.changed, done.left) == ("done", 2, 2, told.left)


def test_each_response_moves_as_alone_and_its_history_names_the_change(
    send: Send, reviewer: User
) -> None:
    responses = [send() for _ in range(3)]
    done = changed(reviewer, "move", to_state="set-aside", note="All are tests.")
    steps = ReviewStep.objects.order_by("review_id")
    assert [(step.by, step.from_state, step.to_state, step.note, step.bulk) for step in steps] == [
        (reviewer, "unread", "set-aside", "All are tests.", done)
    ] * 3
    assert list(Review.objects.values_list("version", flat=True)) == [1, 1, 1]
    assert {item.response_id for item in done.items.filter(state="changed")} == {
        row.pk for row in responses
    }
    trail = AuditEntry.objects.filter(subject=str(done)).order_by("id")
    assert [(entry.action, entry.actor, entry.details) for entry in trail] == [
        (
            "bulk_asked",
            reviewer,
            {"filters": [], "responses": 3, "what": "move", "to_state": "set-aside"},
        ),
        (
            "bulk_changed",
            reviewer,
            {"changed": 3, "left": {}, "what": "move", "to_state": "set-aside"},
        ),
    ]
    assert reconcile().differences == []


def test_setting_many_aside_needs_a_reason_and_an_empty_change_is_refused(
    send: Send, reviewer: User
) -> None:
    with pytest.raises(NothingToChange):
        asked(reviewer, "move", to_state="reading")
    send()
    with pytest.raises(ReasonMissing):
        asked(reviewer, "move", to_state="set-aside", note=" ")
    assert BulkChange.objects.count() == 0


def test_responses_that_match_after_the_preview_are_left_alone(send: Send, reviewer: User) -> None:
    first, other = send(), send()
    move(other, "considered", reviewer)
    change = planned(reviewer, "move", "state=unread", to_state="reading")
    seen = forecast(change)
    late = send()
    # However its clock was set: it is not among those that were counted.
    Review.objects.filter(response=late).update(changed_at=first.received_at)
    move(other, "reading", reviewer)
    move(other, "unread", reviewer)
    ask_for_change(change=change, seen=seen)
    make_due_changes()
    assert states() == ["reading", "unread", "unread"]
    assert list(BulkItem.objects.values_list("response", flat=True)) == [first.pk]


def test_no_more_is_changed_than_was_agreed_to(
    send: Send, reviewer: User, consultation: Consultation
) -> None:
    send(), send()
    first = Response.objects.first()
    campaign = Campaign.objects.create(
        consultation=consultation, name="C", question="missing", sample_id=first.pk
    )
    flagged = f"campaign={campaign.pk}"
    CampaignMember.objects.create(campaign=campaign, response=first)
    change = planned(reviewer, "move", flagged, to_state="reading")
    seen = forecast(change)
    CampaignMember.objects.create(campaign_id=int(flagged[9:]), response=Response.objects.last())
    ask_for_change(change=change, seen=seen)
    make_due_changes()
    change.refresh_from_db()
    assert (change.state, change.changed, change.failure[:36]) == (
        "failed",
        0,
        "More responses match now than before",
    )
    assert states() == ["unread", "unread"]


def test_a_change_submitted_twice_happens_once(send: Send, reviewer: User) -> None:
    send()
    change = planned(reviewer, "move", to_state="reading")
    seen = forecast(change)
    again = planned(reviewer, "move", to_state="reading")
    again.key = change.key
    assert ask_for_change(change=change, seen=seen) == ask_for_change(change=again, seen=seen)
    assert BulkChange.objects.count() == 1


def test_a_response_someone_moved_first_is_left_as_they_left_it(
    send: Send, reviewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    responses = [send() for _ in range(3)]
    change = asked(reviewer, "move", to_state="reading")
    assert carrying_out._do_a_lot()  # It is decided which.
    colleague = make_person("ben", "reviewer")
    move(responses[1], "considered", colleague)
    make_due_changes()
    change.refresh_from_db()
    assert states() == ["reading", "considered", "reading"]
    assert (change.changed, change.left) == (2, {"moved-since": 1})


def test_undoing_restores_exactly_what_nobody_changed_since(send: Send, reviewer: User) -> None:
    first, second, third, fourth = (send() for _ in range(4))
    move(second, "reading", reviewer)
    done = changed(reviewer, "move", to_state="considered")
    colleague = make_person("ben", "reviewer")
    move(third, "reading", colleague)
    move(third, "considered", colleague)
    withdraw_response(earlier=fourth, submission_key=uuid4(), started_at=fourth.started_at)
    undone(done, colleague)
    assert (done.state, done.undone, done.kept, done.undo_by) == ("undone", 2, 2, colleague)
    assert states() == ["unread", "reading", "considered", "considered", "unread"]
    assert dict(done.items.filter(state="kept").values_list("response", "why")) == {
        third.pk: "moved-since",
        fourth.pk: "superseded",
    }
    last = ReviewStep.objects.filter(review__response=first).last()
    assert last
    assert (last.by, last.from_state, last.to_state, last.bulk) == (
        colleague,
        "considered",
        "unread",
        done,
    )
    with pytest.raises(NotUndoable):
        ask_to_undo(change=done, by=reviewer)
    assert reconcile().differences == []
    assert AuditEntry.objects.filter(action=Action.BULK_UNDONE).get().details == {
        "put_back": 2,
        "kept": 2,
    }


def test_undoing_restores_a_set_aside_with_its_reason(send: Send, reviewer: User) -> None:
    move(send(), "set-aside", reviewer, "A test.")
    undone(changed(reviewer, "move", to_state="reading"), reviewer)
    assert states() == ["set-aside"]
    assert reconcile().differences == []


def test_responses_changed_by_their_senders_are_left_alone(send: Send, reviewer: User) -> None:
    earlier, later, other = (send() for _ in range(3))
    withdraw_response(earlier=earlier, submission_key=uuid4(), started_at=earlier.started_at)
    change = asked(reviewer, "move", "versions=all", to_state="reading")
    assert change.seen_changes == 3
    assert carrying_out._do_a_lot()
    withdraw_response(earlier=later, submission_key=uuid4(), started_at=later.started_at)
    make_due_changes()
    change.refresh_from_db()
    assert (change.changed, change.left) == (2, {"superseded": 2})
    assert set(ReviewStep.objects.values_list("review__response__reference", flat=True)) == {
        earlier.reference,
        other.reference,
    }
    assert not ReviewStep.objects.filter(review__response__in=[earlier, later]).exists()


def test_undoing_in_the_middle_stops_the_change(
    send: Send, reviewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(carrying_out.AT_ONCE, BulkChange.Act.MOVE, 2)
    for _ in range(5):
        send()
    change = asked(reviewer, "move", to_state="considered")
    assert carrying_out._do_a_lot()
    assert carrying_out._do_a_lot()
    assert states().count("considered") == 2
    undone(change, reviewer)
    assert (states(), change.changed, change.undone) == (["unread"] * 5, 2, 2)


# Codes, campaigns and reading


def test_a_bulk_code_skips_unanswered_and_undoing_keeps_later_coding(
    send: Send, reviewer: User, code: Code
) -> None:
    first, second, third = (
        send({"missing": "More clubs.", "violence-comment": "Of old."}) for _ in range(3)
    )
    send({"violence-comment": "Elsewhere."})
    code_answer(response=first, question="missing", codes=[code], by=reviewer)
    done = changed(reviewer, "code", code=code)
    assert (done.changed, done.left) == (2, {"coded": 1, "no-answer": 1})
    assert set(Coding.objects.values_list("response", "by", "start")) == {
        (row.pk, reviewer.pk, None) for row in (first, second, third)
    }
    # Nobody has gone through an answer because it was given a code with others.
    assert CodedAnswer.objects.count() == 1
    code_answer(response=third, question="missing", codes=[code], by=reviewer)
    code_answer(response=second, question="violence-comment", codes=[], by=reviewer)
    undone(done, reviewer)
    assert (done.undone, done.kept) == (1, 1)
    assert list(
        Coding.objects.filter(removed_at=None)
        .order_by("response_id")
        .values_list("response", flat=True)
    ) == [first.pk, third.pk]
    assert CodedAnswer.objects.filter(question="missing").count() == 2


def test_only_a_reviewers_own_codes_are_removed_and_restored(
    send: Send, reviewer: User, code: Code
) -> None:
    first, second = (send({"missing": "More clubs."}) for _ in range(2))
    colleague = make_person("ben", "reviewer")
    code_answer(response=first, question="missing", codes=[code], by=reviewer)
    for response in (first, second):
        code_answer(response=response, question="missing", codes=[code], by=colleague)
    done = changed(reviewer, "uncode", code=code)
    assert (done.changed, done.left) == (1, {"not-coded": 1})
    assert set(Coding.objects.filter(removed_at=None).values_list("response", "by")) == {
        (first.pk, colleague.pk),
        (second.pk, colleague.pk),
    }
    undone(done, reviewer)
    assert set(Coding.objects.filter(removed_at=None).values_list("response", "by")) == {
        (first.pk, reviewer.pk),
        (first.pk, colleague.pk),
        (second.pk, colleague.pk),
    }


def test_responses_go_into_a_campaign_and_out_of_it_again(
    send: Send, reviewer: User, consultation: Consultation
) -> None:
    first, second, third = (send() for _ in range(3))
    withdraw_response(earlier=third, submission_key=uuid4(), started_at=third.started_at)
    campaign = Campaign.objects.create(
        consultation=consultation, name="Lights", sample=first, question="violence-comment"
    )
    CampaignMember.objects.create(campaign=campaign, response=first)
    fourth = send()
    done = changed(reviewer, "campaign", campaign=campaign)
    assert (done.changed, done.left) == (2, {"member": 1, "says-nothing": 1})
    assert campaign.members.count() == 3
    assert campaign.steps.count() == 1
    remove_responses(campaign=campaign, versions=[fourth.pk], by=reviewer)
    undone(done, reviewer)
    assert (done.undone, done.kept) == (1, 1)
    assert list(campaign.members.values_list("response", flat=True)) == [first.pk]
    assert second.pk not in campaign.members.values_list("response", flat=True)


def test_a_retired_code_or_an_undone_campaign_takes_nothing_in(
    send: Send, reviewer: User, code: Code, consultation: Consultation
) -> None:
    first = send({"missing": "More clubs."})
    campaign = Campaign.objects.create(
        consultation=consultation, name="Lights", sample=first, question="missing"
    )
    changes = [asked(reviewer, "code", code=code), asked(reviewer, "campaign", campaign=campaign)]
    change_code(
        code=code, version=1, name="Clubs", group="", definition="", retired=True, by=reviewer
    )
    Campaign.objects.update(ended=True)
    make_due_changes()
    for change in changes:
        change.refresh_from_db()
        assert (change.state, change.changed, change.left) == ("done", 0, {"moved-since": 1})
    assert (Coding.objects.count(), CampaignMember.objects.count(), ReviewStep.objects.count()) == (
        0,
        0,
        0,
    )


def read_and_marked() -> list[tuple[bool, bool]]:
    rows = Review.objects.order_by("response_id").values_list("first_read_at", "marked_read_at")
    return [(read is not None, marked is not None) for read, marked in rows]


def test_a_bulk_read_skips_opened_ones_and_undoing_keeps_later_reads(
    send: Send, reviewer: User
) -> None:
    first, second, third = (send() for _ in range(3))
    colleague = make_person("ben", "reviewer")
    open_response(reference=first.reference, reader=colleague)
    done = changed(reviewer, "read", note="One letter.")
    assert (done.changed, done.left) == (2, {"opened": 1})
    # Marked is not opened: that is said of nobody who did not have it on the screen.
    assert read_and_marked() == [(True, False), (False, True), (False, True)]
    step = ReviewStep.objects.get(review__response=second)
    assert (step.from_state, step.to_state, step.note) == ("unread", "unread", "One letter.")
    open_response(reference=third.reference, reader=colleague)
    undone(done, reviewer)
    assert read_and_marked() == [(True, False), (False, False), (True, True)]


def test_an_erasure_removes_words_from_bulk_changes_too(send: Send, reviewer: User) -> None:
    response, _other = (send({"missing": "Planted Peregrine lights"}) for _ in range(2))
    done = changed(
        reviewer,
        "move",
        "word=Peregrine&state=unread",
        to_state="reading",
        note="Of Peregrine's kind.",
    )
    assert done.changed == 2
    erase_response(reference=response.reference, actor=None, why="asked")
    done.refresh_from_db()
    assert (done.note, done.query) == ("", "state=unread")


def test_a_bulk_code_by_words_lands_only_on_answers_that_hold_them(
    send: Send, reviewer: User, code: Code
) -> None:
    holds = send({"missing": "More youth clubs."})
    send({"missing": "More buses.", "violence-comment": "Youth work."})
    done = changed(reviewer, "code", "word=youth", code=code)
    assert (done.changed, done.left) == (1, {"no-words": 1})
    assert Coding.objects.get().response == holds
    assert not Review.objects.exclude(first_read_at=None).exists()
    assert not CodedAnswer.objects.exists()


def test_a_bulk_code_by_reference_is_not_a_search_for_words(
    send: Send, reviewer: User, code: Code
) -> None:
    response = send({"missing": "More buses."})
    assert changed(reviewer, "code", f"word={response.reference}", code=code).changed == 1


def test_what_was_decided_with_many_others_is_told_apart(send: Send, reviewer: User) -> None:
    alone, other = send(), send()
    move_review(review=alone.review, to_state="considered", note="", version=0, by=reviewer)
    done = changed(reviewer, "move", to_state="considered")
    assert done.changed == 1
    in_bulk = dict(Review.objects.values_list("response", "decided_in_bulk"))
    assert in_bulk == {alone.pk: False, other.pk: True}
    assert list(matching(Filter(decided="bulk"))) == [other]
    assert list(matching(Filter(decided="one"))) == [alone]
    undone(done, reviewer)
    assert not Review.objects.filter(decided_in_bulk=True).exists()


def test_what_its_sender_changed_after_the_preview_is_left_alone(
    send: Send, reviewer: User
) -> None:
    response, other = send({"missing": "Clubs."}), send({"missing": "Buses."})
    change = BulkChange(key=uuid4(), by=reviewer, act="move", to_state="considered")
    seen = forecast(change)
    second = amend(response, "Clubs, and")
    ask_for_change(change=change, seen=seen)
    make_due_changes()
    assert Review.objects.get(state="considered").response == other
    assert Review.objects.get(response=second).state == "unread"


def test_one_response_that_makes_trouble_is_left_and_the_others_go_on(
    send: Send, reviewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, *_others = (send() for _ in range(5))
    moves = acts.DO[BulkChange.Act.MOVE]

    def fail_for_odd(change: BulkChange, items: Any, reviews: Any) -> set[int]:
        if odd.pk in {item.response_id for item in items}:
            raise KeyError
        return moves(change, items, reviews)

    monkeypatch.setitem(acts.DO, BulkChange.Act.MOVE, fail_for_odd)
    done = changed(reviewer, "move", to_state="considered")
    assert (done.state, done.changed, done.left) == ("done", 4, {"trouble": 1})
    assert Review.objects.get(state="unread").response == odd
    assert done.items.get(why="trouble").response == odd
