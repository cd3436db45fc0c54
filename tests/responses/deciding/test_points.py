"""The register of points: nothing anyone wrote on it is lost, nobody overwrites anyone, and each
point is made by those whose answers make it and by no one else.
"""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from consult.models import Action, AuditEntry, Consultation, User
from responses.deciding.feeding import (
    OfAnotherConsultation,
    feed_code,
    feed_passage,
    mark_quote,
    stop_code,
    stop_passage,
)
from responses.deciding.merging import NotInto, merge_point
from responses.deciding.places import NoSuchAnswer, NoSuchPassage
from responses.deciding.points import (
    SENTENCE_MAX_CHARS,
    AnswerMissing,
    MergedAlready,
    NoSuchPart,
    PointChangedMeanwhile,
    SentenceMissing,
    SentenceTooLong,
    TextTooLong,
    WordingMissing,
    change_point,
    make_point,
    parts_of,
)
from responses.deciding.register import (
    Makers,
    codes_without_a_point,
    count_makers,
    said_on,
    the_register,
)
from responses.models import Code, Point, PointVersion, Response
from responses.responding.amending import withdraw_response
from responses.reviewing.campaigns import add_response
from responses.reviewing.coding import code_answer
from responses.reviewing.coding_passages import code_passage
from responses.reviewing.reading import ChangedSinceOpened
from tests.responses.deciding.amending import amended
from tests.support.points import KEPT

Make = Callable[..., Point]
Send = Callable[..., Response]


def changed(point: Point, by: User, *, version: int = 0, **words: Any) -> Point:
    return change_point(point=point, version=version or point.version, by=by, **{**KEPT, **words})


def test_points_are_numbered_and_begin_with_their_sentence(
    point: Make, consultation: Consultation, other: Consultation, reviewer: User
) -> None:
    first, second = point("  More\n clubs. "), point("More lights.")
    elsewhere = make_point(consultation=other, part="general", sentence="Ours.", by=reviewer)
    assert [(one.number, one.sentence) for one in (first, second, elsewhere)] == [
        (1, "More clubs."),
        (2, "More lights."),
        (1, "Ours."),
    ]
    entry = AuditEntry.objects.filter(action=Action.POINT_CHANGED).latest("pk")
    assert (entry.actor, entry.subject, entry.details) == (
        reviewer,
        "other point 1",
        {"version": 1},
    )


def test_a_point_needs_a_sentence_and_a_part_of_the_plan(point: Make) -> None:
    with pytest.raises(SentenceMissing):
        point(" \n ")
    with pytest.raises(SentenceTooLong):
        point("a" * (SENTENCE_MAX_CHARS + 1))
    for part in ("", "nowhere", "about-you", "equality"):
        with pytest.raises(NoSuchPart):
            point("More clubs.", part=part)
    assert Point.objects.count() == 0
    assert point("a" * SENTENCE_MAX_CHARS).pk


def test_a_point_concerns_a_section_a_recommendation_or_the_whole_plan(
    consultation: Consultation,
) -> None:
    kinds = {part.kind for part in parts_of(consultation)}
    assert kinds == {"section", "recommendation", "general"}


def test_a_point_keeps_every_version_with_who_and_when(
    point: Make, reviewer: User, administrator: User
) -> None:
    made = point("More clubs.")
    later = changed(
        made,
        administrator,
        analysis="Thirty people\r\nsaid so.",
        answer="We agree.",
        change="wording",
        old_wording="Clubs.",
        new_wording="More clubs.",
        owner=reviewer,
    )
    assert later.version == 2
    versions = PointVersion.objects.filter(point=made)
    assert [(one.version, one.by, one.content["sentence"]) for one in versions] == [
        (1, reviewer, "More clubs."),
        (2, administrator, "There should be more youth clubs."),
    ]
    assert versions[1].content == {
        "part": "violence",
        "sentence": "There should be more youth clubs.",
        "analysis": "Thirty people\nsaid so.",
        "answer": "We agree.",
        "change": "wording",
        "old_wording": "Clubs.",
        "new_wording": "More clubs.",
        "status": "open",
        "owner": "rosa",
        "merged_into": None,
        "takes_in": [],
    }


def test_the_second_of_two_who_change_a_point_is_told(
    point: Make, reviewer: User, administrator: User
) -> None:
    made = point("More clubs.")
    changed(made, administrator, analysis="Ada's view.")
    with pytest.raises(PointChangedMeanwhile) as caught:
        changed(made, reviewer, version=1, analysis="Rosa's view.")
    assert caught.value.newest.analysis == "Ada's view."
    made.refresh_from_db()
    assert (made.analysis, made.version) == ("Ada's view.", 2)


def test_saving_a_point_as_it_is_makes_no_version(point: Make, reviewer: User) -> None:
    made = changed(point("More clubs."), reviewer)
    assert changed(made, reviewer).version == made.version == 2
    assert PointVersion.objects.filter(point=made).count() == 2


def test_a_point_is_ready_only_with_an_answer_and_what_changes(point: Make, reviewer: User) -> None:
    made = point("More clubs.")
    for words in ({}, {"answer": "We agree."}, {"change": "none"}):
        with pytest.raises(AnswerMissing):
            changed(made, reviewer, ready=True, **words)
    with pytest.raises(WordingMissing):
        changed(made, reviewer, change="wording", old_wording="Clubs.")
    with pytest.raises(TextTooLong):
        changed(made, reviewer, analysis="a" * 20_001)
    ready = changed(made, reviewer, ready=True, answer="We agree.", change="none")
    assert ready.status == Point.Status.READY


def test_what_was_decided_is_decided_again_after_a_change(point: Make, reviewer: User) -> None:
    words = {"answer": "We agree.", "change": "none", "ready": True}
    made = changed(point("More clubs."), reviewer, **words)
    Point.objects.filter(pk=made.pk).update(status=Point.Status.DECIDED)
    made.refresh_from_db()
    assert changed(made, reviewer, **words).status == Point.Status.DECIDED
    assert changed(made, reviewer, **{**words, "answer": "No."}).status == Point.Status.READY


def test_history_of_a_point_cannot_be_changed_in_the_database(point: Make) -> None:
    point("More clubs.")
    for statement in (
        "UPDATE responses_pointversion SET content = '{}'",
        "DELETE FROM responses_pointversion",
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            connection.cursor().execute(statement)


def test_a_code_makes_a_point_for_everyone_who_has_it_now_or_later(
    point: Make, code: Code, send: Send, reviewer: User, consultation: Consultation
) -> None:
    made = point("More clubs.")
    first, second = send({"missing": "Clubs."}), send({"missing": "Youth clubs."})
    code_answer(response=first, question="missing", codes=[code], by=reviewer)
    assert count_makers(consultation) == {}
    fed = feed_code(point=made, code=code, by=reviewer)
    assert feed_code(point=made, code=code, by=reviewer) == fed
    code_passage(response=second, question="missing", code=code, passage="clubs", by=reviewer)
    assert count_makers(consultation)[made.pk].responses == 2
    assert [(one.response, one.words, one.whole) for one in said_on(made)] == [
        (first, "Clubs.", True),
        (second, "clubs", False),
    ]
    stop_code(fed=fed, by=reviewer)
    assert count_makers(consultation) == {}
    fed.refresh_from_db()
    assert fed.removed_at


def test_one_passage_alone_makes_a_point(
    point: Make, send: Send, reviewer: User, consultation: Consultation
) -> None:
    made = point("Wait until new technology has been evaluated.")
    response = send({"missing": "Wait until new\ntechnology is evaluated. And clubs."})
    fed = feed_passage(
        point=made,
        response=response,
        question="missing",
        passage="new technology is",
        by=reviewer,
    )
    mark_quote(fed=fed, quote=True, by=reviewer)
    (said,) = said_on(made)
    assert (said.words, said.whole, said.quote) == ("new\ntechnology is", False, True)
    (row,) = the_register(consultation)
    assert row.single
    mark_quote(fed=fed, quote=False, by=reviewer)
    assert [one.quote for one in said_on(made)] == [False]
    stop_passage(fed=fed, by=reviewer)
    assert said_on(made) == []


def test_only_words_that_are_in_the_answer_make_a_point(
    point: Make, send: Send, reviewer: User
) -> None:
    made, response = point("More clubs."), send({"missing": "Clubs."})
    with pytest.raises(NoSuchPassage):
        feed_passage(
            point=made, response=response, question="missing", passage="Lights", by=reviewer
        )
    with pytest.raises(NoSuchAnswer):
        feed_passage(
            point=made, response=response, question="general", passage="Clubs", by=reviewer
        )
    assert said_on(made) == []


def test_a_point_takes_nothing_from_another_consultation(
    other: Consultation, send: Send, code: Code, reviewer: User
) -> None:
    theirs = make_point(consultation=other, part="general", sentence="Theirs.", by=reviewer)
    response = send({"missing": "Clubs."})
    with pytest.raises(OfAnotherConsultation):
        feed_code(point=theirs, code=code, by=reviewer)
    with pytest.raises(OfAnotherConsultation):
        feed_passage(point=theirs, response=response, question="missing", passage="", by=reviewer)


def test_a_passage_is_of_the_version_that_the_page_showed(
    point: Make, send: Send, reviewer: User
) -> None:
    made, response = point("More clubs."), send({"missing": "Clubs."})
    amended(response, {"missing": "Lights."})
    with pytest.raises(ChangedSinceOpened):
        feed_passage(point=made, response=response, question="missing", passage="", by=reviewer)


def test_makers_are_counted_by_kind_borough_and_campaign(
    point: Make, send: Send, reviewer: User, consultation: Consultation, code: Code
) -> None:
    made = point("More clubs.")
    feed_code(point=made, code=code, by=reviewer)
    about = [
        {"capacity": "individual", "borough": "camden"},
        {"capacity": "individual", "borough": "barnet"},
        {"capacity": "organisation", "borough": "camden"},
        {},
    ]
    sent = [send({"missing": "Clubs.", **one}) for one in about]
    for response in sent:
        code_answer(response=response, question="missing", codes=[code], by=reviewer)
    campaign = consultation.campaigns.create(name="Clubs now", sample=sent[0], question="missing")
    for response in sent[:2]:
        add_response(campaign=campaign, reference=response.reference, by=reviewer)
    assert count_makers(consultation)[made.pk] == Makers(
        responses=4,
        in_none=2,
        kinds={"individual": 2, "organisation": 1, "": 1},
        campaigns={str(campaign.pk): 2},
        boroughs={"camden": 2, "barnet": 1, "": 1},
    )


def test_a_response_counts_once_however_often_it_makes_a_point(
    point: Make, send: Send, reviewer: User, consultation: Consultation, code: Code
) -> None:
    made = point("More clubs.")
    feed_code(point=made, code=code, by=reviewer)
    response = send({"missing": "Clubs.", "violence-comment": "Clubs, again."})
    code_answer(response=response, question="missing", codes=[code], by=reviewer)
    feed_passage(
        point=made, response=response, question="violence-comment", passage="Clubs", by=reviewer
    )
    assert count_makers(consultation)[made.pk].responses == 1


def test_what_was_changed_or_withdrawn_makes_no_point_any_more(
    point: Make, send: Send, reviewer: User, consultation: Consultation
) -> None:
    made = point("More clubs.")
    first, second = send({"missing": "Clubs."}), send({"missing": "Clubs, too."})
    for response in (first, second):
        feed_passage(point=made, response=response, question="missing", passage="", by=reviewer)
    amended(first, {"missing": "Lights."})
    assert count_makers(consultation)[made.pk].responses == 1
    withdraw_response(
        earlier=second,
        submission_key=uuid4(),
        started_at=second.started_at,
    )
    assert the_register(consultation)[0].makers == Makers()


def test_a_merged_point_hands_on_everything_that_makes_it(
    point: Make, send: Send, reviewer: User, consultation: Consultation, code: Code
) -> None:
    clubs, youth = point("More clubs."), point("More for young people.")
    first, second = send({"missing": "Clubs."}), send({"missing": "Youth."})
    code_answer(response=first, question="missing", codes=[code], by=reviewer)
    feed_code(point=clubs, code=code, by=reviewer)
    feed_passage(
        point=clubs, response=second, question="missing", passage="", by=reviewer, quote=True
    )
    assert merge_point(point=clubs, version=1, into=2, by=reviewer) == youth
    assert [(one.response, one.quote) for one in said_on(youth)] == [
        (first, False),
        (second, True),
    ]
    assert [row.point for row in the_register(consultation)] == [youth]
    clubs.refresh_from_db()
    assert (clubs.status, clubs.merged_into, clubs.version) == ("merged", youth, 2)
    with pytest.raises(MergedAlready):
        changed(clubs, reviewer)
    with pytest.raises(MergedAlready):
        feed_code(point=clubs, code=code, by=reviewer)


def test_a_point_goes_only_into_another_that_stands_by_itself(point: Make, reviewer: User) -> None:
    first, second, third = point("One."), point("Two."), point("Three.")
    merge_point(point=second, version=1, into=3, by=reviewer)
    for into in (1, 2, 99):
        with pytest.raises(NotInto):
            merge_point(point=first, version=1, into=into, by=reviewer)
    third.refresh_from_db()
    changed(third, reviewer)
    with pytest.raises(PointChangedMeanwhile):
        merge_point(point=third, version=1, into=1, by=reviewer)


def test_codes_in_use_that_make_no_point_are_listed(
    point: Make, send: Send, reviewer: User, consultation: Consultation, code: Code
) -> None:
    assert list(codes_without_a_point(consultation)) == []
    code_answer(response=send({"missing": "Clubs."}), question="missing", codes=[code], by=reviewer)
    assert list(codes_without_a_point(consultation)) == [code]
    fed = feed_code(point=point("More clubs."), code=code, by=reviewer)
    assert list(codes_without_a_point(consultation)) == []
    stop_code(fed=fed, by=reviewer)
    assert list(codes_without_a_point(consultation)) == [code]


@pytest.mark.parametrize("points", [1, 4])
def test_the_register_costs_the_same_however_many_points_there_are(
    points: int, point: Make, consultation: Consultation, django_assert_num_queries: Any
) -> None:
    for number in range(points):
        point(f"Point {number}.")
    the_register(consultation)
    with django_assert_num_queries(3):
        the_register(consultation)


def test_what_makes_a_point_comes_in_pages(point: Make, send: Send, reviewer: User) -> None:
    made = point("More clubs.")
    sent = [send({"missing": "Clubs."}) for _ in range(3)]
    for response in sent:
        feed_passage(point=made, response=response, question="missing", passage="", by=reviewer)
    first = said_on(made, limit=2)
    assert [one.response for one in first] == sent[:2]
    rest = said_on(made, after=first[-1].response.pk, limit=2)
    assert [one.response for one in rest] == sent[2:]
