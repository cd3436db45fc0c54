"""Codes are given, taken off and passed on as the page showed them, or not at all."""

from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from consult.models import User
from consult.shown import ChangedSinceShown
from responses.models import Code, CodedAnswer, Coding, Response, Review
from responses.reviewing.codebooks import change_code
from responses.reviewing.codes_shown import CodesChanged, CodesShown, said_of, sayings_of
from responses.reviewing.coding import code_answer, uncode_answer
from responses.reviewing.coding_many import give_code_to_many
from responses.reviewing.coding_passages import code_passage, take_off
from responses.reviewing.considering import decide
from responses.reviewing.reviews import move_review
from responses.reviewing.same_answers import code_together
from tests.conftest import make_person
from tests.responses.reviewing.test_reading import amend
from tests.responses.reviewing.test_reading_screen import given, page_of, ticked
from tests.support.pressing import hidden_in

Send = Callable[..., Response]
Made = Callable[..., Code]


def change(code: Code, by: User, *, retired: bool = False) -> None:
    code.refresh_from_db()
    change_code(
        code=code,
        version=code.version,
        name=code.name,
        group="",
        definition="Something else.",
        retired=retired,
        by=by,
    )


def opened(client: Client, response: Response) -> Callable[..., HttpResponse]:
    """The reading screen as it is now, from which forms are sent later."""
    hidden = hidden_in(client.get(page_of(response)), within="answer-missing")
    return lambda act, **fields: client.post(
        page_of(response), {**hidden, "question": "missing", "do": act, **fields}
    )


def test_a_code_that_was_ended_meanwhile_wipes_nothing(
    send: Send, rosa: Client, reviewer: User, make: Made
) -> None:
    clubs, lights = make("Clubs"), make("Lights")
    response = send({"missing": "Clubs."})
    code_answer(response=response, question="missing", codes=[clubs], by=reviewer)
    form = opened(rosa, response)
    change(lights, reviewer, retired=True)
    refused = form("codes", code=[lights.pk])
    assert refused.status_code == 409
    assert "not to be given any more: Lights." in refused.content.decode()
    assert given(response) == [("Clubs", None, None)]


@pytest.mark.parametrize("act", ["codes", "passage", "together"])
def test_a_code_that_means_something_else_is_not_given(
    act: str, send: Send, rosa: Client, reviewer: User, make: Made
) -> None:
    clubs = make("Clubs")
    response, same = send({"missing": "More clubs"}), send({"missing": "More clubs"})
    if act == "together":
        code_answer(response=response, question="missing", codes=[clubs], by=reviewer)
    before = Coding.objects.count()
    form = opened(rosa, response)
    change(clubs, reviewer)
    refused = form(act, code=clubs.pk, passage="More")
    assert refused.status_code == 409
    assert "Changed since you opened this page" in refused.content.decode()
    assert Coding.objects.count() == before
    assert given(same) == []
    # On the page that came with the words, it can be given.
    assert opened(rosa, response)(act, code=clubs.pk, passage="More").status_code == 302


def test_selected_words_get_no_code_that_means_something_else(
    send: Send, rosa: Client, reviewer: User, make: Made
) -> None:
    clubs, response = make("Clubs"), send({"missing": "More clubs"})
    form = opened(rosa, response)
    change(clubs, reviewer)
    assert form("passage", code=clubs.pk, start=0, end=4).status_code == 409
    assert given(response) == []


@pytest.mark.parametrize("act", ["codes", "new-code", "together"])
def test_what_was_said_in_another_window_is_not_overwritten(
    act: str, send: Send, rosa: Client, reviewer: User, make: Made
) -> None:
    clubs, lights, police = make("Clubs"), make("Lights"), make("Police")
    response, same = send({"missing": "More clubs"}), send({"missing": "More clubs"})
    form = opened(rosa, response)
    code_answer(response=response, question="missing", codes=[clubs, lights], by=reviewer)
    refused = form(act, code=[police.pk], name="Parks", definition="Green ones.")
    page = refused.content.decode()
    assert refused.status_code == 409
    assert "You gave this answer other codes since you opened this page" in page
    assert {name for name, *_ in given(response)} == {"Clubs", "Lights"}
    assert given(same) == []
    assert not Code.objects.filter(name="Parks").exists()
    # What was chosen or typed is there to be sent again.
    if act == "codes":
        assert ticked(page) == {f"code-{police.pk}"}
    if act == "new-code":
        assert 'value="Green ones."' in page


def test_taking_the_last_code_off_an_old_page_takes_off_nothing_else(
    send: Send, rosa: Client, reviewer: User, make: Made
) -> None:
    clubs, response = make("Clubs"), send({"missing": "More clubs"})
    form = opened(rosa, response)
    code_answer(response=response, question="missing", codes=[clubs], by=reviewer)
    assert form("codes").status_code == 409
    assert given(response) == [("Clubs", None, None)]
    # The other screen keeps the same rule.
    code_page = reverse("code-answers", args=[response.consultation.slug, "missing"])
    hidden = hidden_in(rosa.get(f"{code_page}?reference={response.reference}"))
    other = make("Lights")
    code_answer(response=response, question="missing", codes=[clubs, other], by=reviewer)
    sent = {"reference": response.reference, "do": "code", "code": [clubs.pk]}
    refused = rosa.post(code_page, {**hidden, **sent})
    assert refused.status_code == 409
    assert "You gave this answer other codes" in refused.content.decode()
    assert {name for name, *_ in given(response)} == {"Clubs", "Lights"}


def test_the_same_form_sent_twice_is_no_quarrel(send: Send, rosa: Client, make: Made) -> None:
    clubs, response = make("Clubs"), send({"missing": "More clubs"})
    form = opened(rosa, response)
    assert form("codes", code=clubs.pk).status_code == 302
    assert form("codes", code=clubs.pk).status_code == 302
    assert given(response) == [("Clubs", None, None)]


def test_a_code_of_another_question_is_refused_and_wipes_nothing(
    send: Send, rosa: Client, reviewer: User, make: Made
) -> None:
    clubs, other = make("Clubs"), make("Elsewhere", "violence-comment")
    response = send({"missing": "More clubs"})
    code_answer(response=response, question="missing", codes=[clubs], by=reviewer)
    for wrong in (other.pk, 10**12, "x"):
        refused = opened(rosa, response)("codes", code=[wrong])
        assert refused.status_code == 422
        assert "One of these is no code of this question." in refused.content.decode()
    assert given(response) == [("Clubs", None, None)]


def test_a_given_code_that_was_ended_is_shown_and_stays(
    send: Send, rosa: Client, reviewer: User, make: Made
) -> None:
    clubs, lights = make("Clubs"), make("Lights")
    response = send({"missing": "More clubs"})
    code_answer(response=response, question="missing", codes=[clubs, lights], by=reviewer)
    change(lights, reviewer, retired=True)
    page = rosa.get(page_of(response)).content.decode()
    assert "the whole answer; it is no longer given" in page
    assert opened(rosa, response)("codes").status_code == 302
    assert given(response) == [("Lights", None, None)]
    assert CodedAnswer.objects.count() == 1
    coding = Coding.objects.get(removed_at=None)
    assert opened(rosa, response)("take-off", coding=coding.pk).status_code == 302
    assert (given(response), CodedAnswer.objects.count()) == ([], 0)


def test_the_reason_stays_where_a_colleague_decided_first(
    send: Send, rosa: Client, reviewer: User
) -> None:
    response = send({"missing": "One."})
    hidden = hidden_in(rosa.get(page_of(response)), within="decide")
    ben = make_person("ben", User.Role.REVIEWER)
    move_review(review=response.review, to_state="considered", note="", version=0, by=ben)
    typed = {"do": "set-aside", "note": "It is an advertisement for lamps."}
    refused = rosa.post(page_of(response), {**hidden, **typed})
    assert refused.status_code == 409
    assert "It is an advertisement for lamps." in refused.content.decode()


def test_what_was_typed_stays_where_the_answer_is_no_longer_given(send: Send, rosa: Client) -> None:
    response = send({"missing": "One."})
    form = opened(rosa, response)
    amend(response, **{"anything-else": "Two."})
    refused = form("new-code", name="Parks", definition="Those with trees.")
    assert refused.status_code == 409
    assert "Parks Those with trees." in refused.content.decode()
    assert not Code.objects.exists()


def test_without_a_page_behind_it_a_rule_asks_for_none(
    send: Send, reviewer: User, make: Made
) -> None:
    clubs, response = make("Clubs"), send({"missing": "One."})
    code_answer(response=response, question="missing", codes=[clubs], by=reviewer)
    change(clubs, reviewer)
    code_answer(response=response, question="missing", codes=[], by=reviewer)
    assert given(response) == []


def test_a_fingerprint_is_of_one_reviewer_and_one_answer(
    send: Send, reviewer: User, make: Made
) -> None:
    clubs = make("Clubs")
    response = send({"missing": "One.", "anything-else": "Two."})
    ben = make_person("ben", User.Role.REVIEWER)

    def prints(by: User) -> dict[str, str]:
        return sayings_of(response=response, questions=["missing", "anything-else"], by=by)

    untouched = prints(reviewer)
    code_answer(response=response, question="missing", codes=[clubs], by=ben)
    assert prints(reviewer) == untouched
    code_passage(response=response, question="missing", code=clubs, passage="One", by=reviewer)
    assert prints(reviewer) == untouched
    code_answer(response=response, question="missing", codes=[], by=reviewer)
    assert prints(reviewer)["missing"] != untouched["missing"]
    assert prints(reviewer)["anything-else"] == untouched["anything-else"]


def test_each_rule_refuses_what_its_page_did_not_show(
    send: Send, reviewer: User, make: Made
) -> None:
    clubs, response = make("Clubs"), send({"missing": "One."})
    about = {"response": response, "question": "missing", "by": reviewer}
    old = CodesShown({clubs.pk: 1}, said_of(**about))
    give_code_to_many(code=clubs, responses=[response.pk], by=reviewer)
    for rule, rest in ((code_answer, {"codes": []}), (uncode_answer, {}), (code_together, {})):
        with pytest.raises(ChangedSinceShown):
            rule(**about, **rest, shown=old)
    now = CodesShown({clubs.pk: 0}, said_of(**about))
    for rule, rest in (
        (code_answer, {"codes": [clubs]}),
        (code_together, {}),
        (code_passage, {"code": clubs, "passage": "One"}),
    ):
        with pytest.raises(CodesChanged):
            rule(**about, **rest, shown=now)
    assert given(response) == [("Clubs", None, None)]


@pytest.mark.parametrize("act", ["codes", "passage", "take-off", "considered"])
def test_what_was_looked_at_by_itself_is_no_longer_seen_with_another(
    act: str, send: Send, reviewer: User, make: Made
) -> None:
    clubs, lights = make("Clubs"), make("Lights")
    first, second, third = (send({"missing": "More clubs"}) for _number in range(3))
    code_answer(response=first, question="missing", codes=[clubs, lights], by=reviewer)
    assert code_together(response=first, question="missing", by=reviewer) == 2
    about = {"response": second, "question": "missing", "by": reviewer}
    if act == "codes":
        code_answer(**about, codes=[clubs, lights])
    elif act == "passage":
        code_passage(**about, code=clubs, passage="clubs")
    elif act == "take-off":
        take_off(coding=Coding.objects.get(response=second, code=lights), by=reviewer)
    else:
        review = Review.objects.get(response=second)
        decide(review=review, to_state="considered", note="", version=0, by=reviewer)
    assert CodedAnswer.objects.get(response=second).seen_with is None
    assert CodedAnswer.objects.get(response=third).seen_with == first
