"""Nothing goes unweighed: every answer in words leads to a point, or to a reason that someone gave
by name; and what leads nowhere is found, whichever way it came and whatever language it is in.
"""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from consult.models import Action, AuditEntry, Consultation, User
from consult.plans.document import Plan
from responses.answers import read_answers
from responses.deciding.answers_in_words import ATTACHED
from responses.deciding.feeding import feed_code, feed_passage
from responses.deciding.merging import merge_point
from responses.deciding.places import NoSuchAnswer
from responses.deciding.reasons import (
    NoSuchReason,
    NotTheSameLetter,
    name_reason,
    name_same_letters,
    take_reason_back,
)
from responses.deciding.register import count_makers
from responses.deciding.unweighed import Weighing, count_weighed, list_unweighed
from responses.models import Code, Message, NoPoint, Point, Response, Transcription
from responses.reviewing.campaigns import add_response, name_campaign
from responses.reviewing.clusters import find_clusters
from responses.reviewing.coding import code_answer
from responses.reviewing.coding_many import give_code_to_many
from responses.reviewing.coding_passages import code_passage, take_off
from responses.reviewing.reading import ChangedSinceOpened, open_response
from responses.reviewing.second_keying import settle_second_keying
from tests.responses.deciding.amending import amended
from tests.support.acting import on_the_trail
from tests.support.tampering import behind_its_back

Make = Callable[..., Point]
Send = Callable[..., Response]


def nowhere(consultation: Consultation) -> set[tuple[str, str]]:
    return {(one.reference, one.question) for one in list_unweighed(consultation)}


def test_every_answer_in_words_leads_nowhere_until_it_is_weighed(
    consultation: Consultation, send: Send
) -> None:
    response = send(
        {
            "violence-agree": "agree",
            "violence-comment": "More youth workers.",
            "missing": "Clubs.",
            "capacity": "organisation",
            "organisation-name": "Clubs for All",
            "organisation-type": "other",
            "organisation-type--other": "A choir",
        }
    )
    assert nowhere(consultation) == {
        (response.reference, "violence-comment"),
        (response.reference, "missing"),
    }
    assert count_weighed(consultation) == Weighing(2, 0, 0, 2, 0)
    assert not count_weighed(consultation).done


def test_a_response_without_words_is_nothing_to_weigh(
    consultation: Consultation, send: Send
) -> None:
    send({"violence-agree": "agree"})
    assert count_weighed(consultation) == Weighing(0, 0, 0, 0, 0)
    assert count_weighed(consultation).done


def test_what_is_written_in_beside_an_option_is_weighed_too(
    consultation: Consultation, send: Send
) -> None:
    response = send({"violence-agree": "agree"})
    # As if an earlier edition had let people write something in here.
    with behind_its_back():
        Response.objects.filter(pk=response.pk).update(texts={"violence-agree--other": "Wait."})
    assert nowhere(consultation) == {(response.reference, "violence-agree--other")}


@pytest.mark.parametrize(
    "words",
    ["Wait until it was evaluated.", "ਨਵੀਂ ਤਕਨੀਕ ਦੀ ਜਾਂਚ ਹੋਣ ਤੱਕ ਉਡੀਕ ਕਰੋ।", "انتظروا", "?", "等等"],
)
def test_words_of_any_language_are_weighed(
    words: str, consultation: Consultation, send: Send, point: Make, reviewer: User
) -> None:
    response = send({"missing": words})
    assert nowhere(consultation) == {(response.reference, "missing")}
    feed_passage(
        point=point("Wait."), response=response, question="missing", passage=words, by=reviewer
    )
    assert count_weighed(consultation) == Weighing(1, 1, 0, 0, never_opened=1)


@pytest.mark.parametrize("channel", Response.Channel.values)
def test_words_that_came_by_any_channel_are_weighed(
    channel: str, consultation: Consultation, send: Send
) -> None:
    response = send({"missing": "Clubs."}, channel=channel)
    assert response.channel == channel
    assert nowhere(consultation) == {(response.reference, "missing")}


def test_a_letter_whose_words_nobody_typed_is_weighed_by_its_file(
    consultation: Consultation, send: Send, point: Make, reviewer: User
) -> None:
    response = send({"violence-agree": "agree"}, channel="post")
    keyed = Transcription.objects.create(
        response=response, received_on=timezone.localdate(), keyed_by=reviewer
    )
    assert nowhere(consultation) == set()
    keyed.attachments.create(
        file="scan.pdf", kind="application/pdf", bytes=5, sha256="0" * 64, by=reviewer
    )
    assert nowhere(consultation) == {(response.reference, ATTACHED)}
    feed_passage(
        point=point("Wait."), response=response, question=ATTACHED, passage="", by=reviewer
    )
    assert nowhere(consultation) == set()


def test_a_letter_is_weighed_by_its_file_after_a_second_keying(
    consultation: Consultation,
    send: Send,
    plan: Plan,
    reviewer: User,
    administrator: User,
) -> None:
    response = send({"violence-agree": "agree"}, channel="post")
    keyed = Transcription.objects.create(
        response=response, received_on=timezone.localdate(), keyed_by=reviewer
    )
    keyed.attachments.create(
        file="scan.pdf", kind="application/pdf", bytes=5, sha256="0" * 64, by=reviewer
    )
    settle_second_keying(
        transcription=keyed,
        shown=response,
        plan=plan,
        answers=read_answers(plan, {"violence-agree": "disagree"}),
        contact={"name": "Pat Post", "email": "", "postcode_district": "N1"},
        submission_key=uuid4(),
        started_at=timezone.now(),
        by=administrator,
        take_second=True,
    )
    (left,) = list_unweighed(consultation)
    assert (left.reference, left.question) == (response.reference, ATTACHED)
    assert Response.objects.get(pk=left.response).version == 2


def test_an_email_of_which_only_choices_were_entered_is_weighed(
    consultation: Consultation, send: Send, reviewer: User
) -> None:
    response = send({"violence-agree": "agree"}, channel="email")
    typed = send({"missing": "Clubs."}, channel="email")
    for number, one in enumerate((response, typed)):
        Transcription.objects.create(
            response=one,
            received_on=timezone.localdate(),
            keyed_by=reviewer,
            message=Message.objects.create(
                consultation=consultation,
                sha256=str(number) * 64,
                state=Message.State.RESPONSE,
            ),
        )
    assert nowhere(consultation) == {
        (response.reference, ATTACHED),
        (typed.reference, "missing"),
    }


def test_a_file_beside_typed_words_asks_for_the_words_alone(
    consultation: Consultation, send: Send, reviewer: User
) -> None:
    response = send({"missing": "See the file. And wait."}, channel="email")
    keyed = Transcription.objects.create(
        response=response, received_on=timezone.localdate(), keyed_by=reviewer
    )
    keyed.attachments.create(
        file="scan.pdf", kind="application/pdf", bytes=5, sha256="0" * 64, by=reviewer
    )
    assert nowhere(consultation) == {(response.reference, "missing")}


def test_what_a_respondent_attached_is_weighed_beside_their_words(
    consultation: Consultation, send: Send, point: Make, reviewer: User
) -> None:
    response = send({"missing": "See the file. And wait."})
    with on_the_trail():
        response.attachments.create(
            file="ours.pdf", kind="application/pdf", bytes=5, sha256="0" * 64
        )
    assert nowhere(consultation) == {
        (response.reference, "missing"),
        (response.reference, ATTACHED),
    }
    made = point("Wait.")
    for question in ("missing", ATTACHED):
        feed_passage(point=made, response=response, question=question, passage="", by=reviewer)
    assert nowhere(consultation) == set()


def test_a_message_that_nobody_looked_at_is_unweighed(
    consultation: Consultation, reviewer: User
) -> None:
    message = Message.objects.create(consultation=consultation, file="", sha256="0" * 64)
    assert count_weighed(consultation).messages == 1
    assert not count_weighed(consultation).done
    Message.objects.filter(pk=message.pk).update(state=Message.State.NOT_A_RESPONSE)
    assert count_weighed(consultation).done


def test_a_code_leads_somewhere_only_if_it_makes_a_point(
    consultation: Consultation, send: Send, point: Make, code: Code, reviewer: User
) -> None:
    response = send({"missing": "Clubs."})
    code_answer(response=response, question="missing", codes=[code], by=reviewer)
    (left,) = list_unweighed(consultation)
    assert (left.reference, left.coded) == (response.reference, True)
    made = point("More clubs.")
    feed_code(point=made, code=code, by=reviewer)
    assert list_unweighed(consultation) == []
    merge_point(point=made, version=1, into=point("Youth.").number, by=reviewer)
    assert list_unweighed(consultation) == []


def test_second_thoughts_are_weighed_afresh(
    consultation: Consultation, send: Send, point: Make, code: Code, reviewer: User
) -> None:
    made = point("More clubs.")
    feed_code(point=made, code=code, by=reviewer)
    response = send({"missing": "Clubs."})
    code_answer(response=response, question="missing", codes=[code], by=reviewer)
    feed_passage(point=made, response=response, question="missing", passage="Clubs", by=reviewer)
    amended(response, {"missing": "Clubs. And wait until it was evaluated."})
    assert nowhere(consultation) == {(response.reference, "missing")}


def test_no_code_fits_is_a_reason_until_a_code_was_taken_off(
    consultation: Consultation, send: Send, code: Code, reviewer: User
) -> None:
    response, later = send({"missing": "Fine."}), send({"missing": "Clubs."})
    code_answer(response=response, question="missing", codes=[], by=reviewer)
    code_answer(response=later, question="missing", codes=[], by=reviewer)
    assert count_weighed(consultation) == Weighing(2, 0, 2, 0, 0)
    coding = code_passage(
        response=later, question="missing", code=code, passage="Clubs", by=reviewer
    )
    assert nowhere(consultation) == {(later.reference, "missing")}
    take_off(coding=coding, by=reviewer)
    assert nowhere(consultation) == {(later.reference, "missing")}


@pytest.mark.parametrize("reason", [NoPoint.Reason.NO_CODE, NoPoint.Reason.OFF_SUBJECT])
def test_a_reason_is_given_by_name_and_can_be_taken_back(
    reason: str, consultation: Consultation, send: Send, reviewer: User, administrator: User
) -> None:
    response = send({"missing": "Hello."})
    named = name_reason(response=response, question="missing", reason=reason, by=reviewer)
    assert (named.by, named.reason) == (reviewer, reason)
    assert count_weighed(consultation) == Weighing(1, 0, 1, 0, 0)
    entry = AuditEntry.objects.filter(action=Action.NO_POINT_NAMED).get()
    assert (entry.actor, entry.subject, entry.details) == (
        reviewer,
        response.reference,
        {"version": 1, "question": "missing", "reason": reason},
    )
    take_reason_back(named=named, by=administrator)
    assert nowhere(consultation) == {(response.reference, "missing")}
    assert NoPoint.objects.get().removed_at


def test_a_later_reason_takes_the_place_of_an_earlier_one(
    consultation: Consultation, send: Send, reviewer: User
) -> None:
    response = send({"missing": "Hello."})
    for reason in ("no-code", "off-subject"):
        name_reason(response=response, question="missing", reason=reason, by=reviewer)
    live = NoPoint.objects.filter(removed_at=None)
    assert list(live.values_list("reason", flat=True)) == ["off-subject"]
    assert NoPoint.objects.count() == 2


def test_a_reason_is_one_of_the_list_and_about_an_answer_that_is_there(
    send: Send, reviewer: User
) -> None:
    response = send({"missing": "Hello."})
    with pytest.raises(NoSuchReason):
        name_reason(response=response, question="missing", reason="dull", by=reviewer)
    with pytest.raises(NoSuchAnswer):
        name_reason(response=response, question="anything-else", reason="no-code", by=reviewer)
    amended(response, {"missing": "Wait."})
    with pytest.raises(ChangedSinceOpened):
        name_reason(response=response, question="missing", reason="no-code", by=reviewer)
    assert NoPoint.objects.count() == 0


def test_an_answer_that_gets_a_point_has_no_reason_any_more(
    consultation: Consultation, send: Send, point: Make, reviewer: User
) -> None:
    response = send({"missing": "Hello. And wait."})
    name_reason(response=response, question="missing", reason="no-code", by=reviewer)
    feed_passage(
        point=point("Wait."), response=response, question="missing", passage="wait", by=reviewer
    )
    assert count_weighed(consultation) == Weighing(1, 1, 0, 0, never_opened=1)
    assert not NoPoint.objects.filter(removed_at=None).exists()


def test_the_same_letter_counts_for_the_points_of_the_other(
    consultation: Consultation, send: Send, point: Make, reviewer: User
) -> None:
    made = point("More clubs.")
    first, second = send({"missing": "Clubs."}), send({"anything-else": "Clubs!"})
    same: dict[str, Any] = {
        "response": second,
        "question": "anything-else",
        "reason": "same-letter",
        "same_as": first,
        "same_question": "missing",
        "by": reviewer,
    }
    with pytest.raises(NotTheSameLetter):
        name_reason(**same)
    fed = feed_passage(point=made, response=first, question="missing", passage="", by=reviewer)
    name_reason(**same)
    assert nowhere(consultation) == set()
    assert count_makers(consultation)[made.pk].responses == 2
    fed.removed_at = timezone.now()
    fed.save(update_fields=["removed_at"])
    assert nowhere(consultation) == {
        (first.reference, "missing"),
        (second.reference, "anything-else"),
    }


def test_a_letter_is_the_same_as_another_not_as_itself_or_as_a_copy(
    send: Send, point: Make, reviewer: User
) -> None:
    first, second, third = (send({"missing": "Clubs."}) for _ in range(3))
    feed_passage(
        point=point("More clubs."), response=first, question="missing", passage="", by=reviewer
    )
    wanted: dict[str, Any] = {
        "question": "missing",
        "reason": "same-letter",
        "same_question": "missing",
        "by": reviewer,
    }
    name_reason(response=second, same_as=first, **wanted)
    for response, other in ((first, first), (third, second), (third, None)):
        with pytest.raises(NotTheSameLetter):
            name_reason(response=response, same_as=other, **wanted)


def test_a_campaign_leads_where_its_sample_leads_word_for_word_alone(
    consultation: Consultation, send: Send, point: Make, reviewer: User
) -> None:
    letter = "Please keep every youth club in London open until late in the evening."
    sent = [send({"missing": text}) for text in (letter, letter.upper(), letter, letter + " Wait!")]
    find_clusters(consultation=consultation)
    cluster = consultation.clusters.get()
    campaign = name_campaign(cluster=cluster, name="Clubs", by=reviewer)
    add_response(campaign=campaign, reference=send({"missing": "X."}).reference, by=reviewer)
    with pytest.raises(NotTheSameLetter):
        name_same_letters(campaign=campaign, by=reviewer)
    made = point("Keep clubs open.")
    feed_passage(point=made, response=campaign.sample, question="missing", passage="", by=reviewer)
    assert name_same_letters(campaign=campaign, by=reviewer) == 2
    assert name_same_letters(campaign=campaign, by=reviewer) == 0
    assert count_makers(consultation)[made.pk].responses == 3
    assert (sent[3].reference, "missing") in nowhere(consultation)
    assert len(nowhere(consultation)) == 2


def test_points_made_by_a_change_to_many_and_never_opened_are_counted(
    consultation: Consultation, send: Send, point: Make, code: Code, reviewer: User
) -> None:
    feed_code(point=point("More clubs."), code=code, by=reviewer)
    response = send({"missing": "Clubs."})
    with on_the_trail():
        give_code_to_many(responses=[response.pk], code=code, by=reviewer)
    assert count_weighed(consultation) == Weighing(1, 1, 0, 0, 1)
    open_response(reference=response.reference, reader=reviewer)
    assert count_weighed(consultation) == Weighing(1, 1, 0, 0, 0)


def test_what_leads_nowhere_comes_in_pages_in_the_order_of_arrival(
    consultation: Consultation, send: Send
) -> None:
    sent = [send({"missing": "Clubs."}) for _ in range(3)]
    first = list_unweighed(consultation, limit=2)
    assert [one.response for one in first] == [one.pk for one in sent[:2]]
    rest = list_unweighed(consultation, after=first[-1].response)
    assert [one.response for one in rest] == [sent[2].pk]
    assert len(list_unweighed(consultation, limit=None)) == 3


@pytest.mark.parametrize("answers", [1, 5])
def test_counting_costs_the_same_however_many_answers_there_are(
    answers: int, consultation: Consultation, send: Send, django_assert_num_queries: Any
) -> None:
    for _ in range(answers):
        send({"missing": "Clubs."})
    count_weighed(consultation)
    with django_assert_num_queries(3):
        count_weighed(consultation)


def test_another_consultations_answers_are_not_weighed_here(
    consultation: Consultation, other: Consultation, send: Send
) -> None:
    send({"missing": "Clubs."})
    assert count_weighed(other) == Weighing(0, 0, 0, 0, 0)
