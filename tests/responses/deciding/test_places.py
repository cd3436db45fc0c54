"""Only an answer that is weighed makes a point, and a file makes it as a whole."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from consult.models import Consultation, User
from responses.deciding.answers_in_words import ATTACHED
from responses.deciding.feeding import feed_passage
from responses.deciding.places import FileIsWhole, NoSuchAnswer
from responses.deciding.reasons import name_reason
from responses.deciding.register import count_makers, said_on
from responses.deciding.unweighed import list_unweighed
from responses.models import NoPoint, Point, PointPassage, Response
from responses.reviewing.reading import ChangedSinceOpened
from tests.responses.deciding.amending import amended
from tests.support.acting import on_the_trail

Send = Callable[..., Response]
Make = Callable[..., Point]


@pytest.fixture
def attached(send: Send) -> Response:
    """What someone sent in a file beside their words."""
    response = send({"missing": "See the file."})
    with on_the_trail():
        response.attachments.create(
            file="ours.pdf", kind="application/pdf", bytes=5, sha256="0" * 64
        )
    return response


def test_words_that_nobody_typed_of_a_file_are_not_dropped_in_silence(
    attached: Response,
    point: Make,
    reviewer: User,
    consultation: Consultation,
    sign_in: Callable[[User], Client],
) -> None:
    made = point("Wait.")
    with pytest.raises(FileIsWhole):
        feed_passage(
            point=made, response=attached, question=ATTACHED, passage="Wait for it.", by=reviewer
        )
    client = sign_in(reviewer)
    typed = {
        "reference": attached.reference,
        "question": ATTACHED,
        "shown": "1",
        "do": "next",
        "part": "general",
        "sentence": "We should wait.",
        "passage": "Wait for it.",
    }
    page = client.post(reverse("weigh", args=[consultation.slug]), typed)
    assert "makes the point as a whole" in page.content.decode()
    assert "We should wait." in page.content.decode()
    assert 'name="passage"' not in page.content.decode()
    assert not PointPassage.objects.exists()


def test_a_response_without_a_file_makes_no_point_by_one(
    send: Send, point: Make, reviewer: User
) -> None:
    response = send({"missing": "Clubs."})
    with pytest.raises(NoSuchAnswer):
        feed_passage(
            point=point("Wait."), response=response, question=ATTACHED, passage="", by=reviewer
        )
    with pytest.raises(NoSuchAnswer):
        name_reason(response=response, question=ATTACHED, reason="off-subject", by=reviewer)
    assert not NoPoint.objects.exists()


def test_who_someone_is_makes_no_point(
    send: Send, point: Make, reviewer: User, consultation: Consultation
) -> None:
    who = {"capacity": "organisation", "organisation-name": "Clubs for All"}
    response = send({"missing": "Clubs.", **who})
    made = point("Clubs.")
    with pytest.raises(NoSuchAnswer):
        feed_passage(
            point=made, response=response, question="organisation-name", passage="", by=reviewer
        )
    assert count_makers(consultation) == {}


def test_a_file_of_an_earlier_version_is_told_as_changed(
    attached: Response, point: Make, reviewer: User
) -> None:
    amended(attached, {"missing": "Forget the file."})
    with pytest.raises(ChangedSinceOpened):
        feed_passage(
            point=point("Wait."), response=attached, question=ATTACHED, passage="", by=reviewer
        )


def test_a_page_of_what_leads_nowhere_has_whole_responses(
    send: Send, consultation: Consultation
) -> None:
    words = {"missing": "Clubs.", "violence-why": "Lights.", "anything-else": "Trees."}
    sent = [send(words) for _ in range(3)]
    rows = list_unweighed(consultation, limit=2)
    assert {row.response for row in rows} == {sent[0].pk, sent[1].pk}
    rest = list_unweighed(consultation, after=rows[-1].response, limit=2)
    every = len(list_unweighed(consultation, limit=None))
    assert every >= 6
    assert len(rows) + len(rest) == every


def test_a_page_of_what_makes_a_point_has_whole_responses(
    send: Send, point: Make, reviewer: User
) -> None:
    made = point("More clubs.")
    sent = [send({"missing": "Clubs. Clubs again. And clubs."}) for _ in range(3)]
    for response in sent:
        for passage in ("Clubs.", "Clubs again.", "And clubs."):
            feed_passage(
                point=made, response=response, question="missing", passage=passage, by=reviewer
            )
    first = said_on(made, limit=2)
    rest = said_on(made, after=first[-1].response.pk, limit=2)
    assert [len(first), len(rest)] == [6, 3]
    assert [one.words for one in rest] == ["Clubs.", "Clubs again.", "And clubs."]


def test_the_same_letter_may_stand_in_the_answer_to_another_question(
    send: Send,
    point: Make,
    reviewer: User,
    consultation: Consultation,
    sign_in: Callable[[User], Client],
) -> None:
    letter = send({"missing": "Keep the clubs open."})
    copy = send({"anything-else": "Keep the clubs open."})
    made = point("Keep clubs open.")
    feed_passage(point=made, response=letter, question="missing", passage="", by=reviewer)
    client, address = sign_in(reviewer), reverse("weigh", args=[consultation.slug])
    typed = {
        "reference": copy.reference,
        "question": "anything-else",
        "shown": "1",
        "do": "reason",
        "reason": "same-letter",
        "same-as": letter.reference,
    }
    page = client.post(address, typed)
    assert 'name="same-question"' in page.content.decode()
    assert not NoPoint.objects.exists()
    client.post(address, typed | {"same-question": "missing"})
    assert count_makers(consultation)[made.pk].responses == 2
