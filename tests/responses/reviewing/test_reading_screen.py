"""Reading, coding and deciding on one page: by forms, as a script sends them too."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.models import Action, AuditEntry, Consultation, User
from responses.models import Code, CodedAnswer, Coding, Reading, Response, Review, ReviewStep
from responses.responding.amending import withdraw_response
from responses.reviewing.codebooks import make_code
from responses.reviewing.coding import code_answer
from responses.reviewing.coding_passages import NoSuchPassage, code_span
from responses.reviewing.considering import decide
from responses.reviewing.reviews import ReviewMovedOn, move_review
from responses.reviewing.second_coding import draw_second_coding
from tests.conftest import make_person
from tests.support.pressing import press

Send = Callable[..., Response]


@pytest.fixture
def ben(db: None) -> User:
    return make_person("ben", User.Role.REVIEWER)


def page_of(response: Response) -> str:
    return reverse("read-one", args=[response.reference])


def do(client: Client, response: Response, act: str, **fields: Any) -> HttpResponse:
    typed = {"do": act, "question": "missing", **fields}
    within = "" if act in {"considered", "set-aside", "reopen", "note"} else "answer-missing"
    return press(client, page_of(response), typed, within=within, follow=True)


def ticked(page: str) -> set[str]:
    boxes = re.findall(r'<input type="checkbox"[^>]* id="([^"]+)"([^>]*)>', page)
    return {name for name, rest in boxes if rest.split()[-1] == "checked"}


def given(response: Response) -> list[tuple[str, int | None, int | None]]:
    codings = response.codings.filter(removed_at=None).order_by("pk")
    return list(codings.values_list("code__name", "start", "end"))


def test_next_leads_from_response_to_response_in_the_order_of_arrival(
    send: Send, rosa: Client, ben: User, sign_in: Callable[[User], Client]
) -> None:
    first, second, third = (send({"missing": f"Answer {number}."}) for number in range(3))

    def next_of(client: Client, query: str = "") -> str:
        return client.get(reverse("read-next") + query, follow=True).redirect_chain[-1][0]

    assert next_of(rosa) == page_of(first)
    assert next_of(sign_in(ben)) == page_of(second)
    assert next_of(rosa, f"?after={first.pk}") == page_of(third)
    # From the last one back to what was left, and the filters stay in the address.
    back = next_of(rosa, f"?after={third.pk}&channel=online")
    assert back == f"{page_of(first)}?channel=online"
    none = rosa.get(f"{reverse('read-next')}?channel=post").content.decode()
    assert "Everything that matches the filters you came with was decided on." in none
    assert f'href="{reverse("review-list")}?channel=post"' in none


def test_the_list_leads_to_reading_what_fits_its_filters(send: Send, rosa: Client) -> None:
    send({"missing": "One."})
    letter = send({"missing": "Two."}, channel="post")
    page = rosa.get(f"{reverse('review-list')}?channel=post").content.decode()
    (address,) = re.findall(r'href="([^"]+)">Read these one by one', page)
    read = rosa.get(address, follow=True)
    assert read.redirect_chain[-1][0] == f"{page_of(letter)}?channel=post"
    everything = rosa.get(reverse("review-one", args=[letter.reference])).content.decode()
    assert f'href="{page_of(letter)}">\n          Read and code it' in everything


def test_considered_moves_on_to_the_next_and_keeps_what_was_coded(
    send: Send, rosa: Client, reviewer: User, code: Code
) -> None:
    first, second = send({"missing": "Clubs."}), send({"missing": "Lights."})
    assert do(rosa, first, "codes", code=code.pk).status_code == 200
    went = do(rosa, first, "considered")
    assert went.redirect_chain[-1][0] == page_of(second)
    assert Review.objects.get(response=first).state == "considered"
    step = ReviewStep.objects.get()
    assert (step.by, step.from_state, step.to_state) == (reviewer, "unread", "considered")
    assert given(first) == [("Clubs", None, None)]
    over = do(rosa, second, "considered").content.decode()
    assert "Nothing is left to read here" in over
    # Each page that showed one wrote that down.
    assert set(Reading.objects.values_list("response", "by")) == {
        (first.pk, reviewer.pk),
        (second.pk, reviewer.pk),
    }


def test_what_colleagues_have_in_hand_is_not_called_done(
    send: Send, rosa: Client, ben: User, sign_in: Callable[[User], Client]
) -> None:
    only = send({"missing": "One."})
    his = sign_in(ben)
    his.get(page_of(only))
    said = rosa.get(reverse("read-next"), follow=True).content.decode()
    assert "In hand now: ben." in said
    assert "ben has this response in hand." in rosa.get(page_of(only)).content.decode()
    assert f"ben ({only.reference})" in rosa.get(reverse("who-is-here")).content.decode()
    assert "Here now" not in his.get(reverse("who-is-here")).content.decode()


def test_a_code_given_and_taken_off_again_leaves_the_answer_uncoded(
    send: Send, rosa: Client, code: Code
) -> None:
    response = send({"missing": "Clubs."})
    page = do(rosa, response, "codes", code=code.pk).content.decode()
    assert ticked(page) == {f"code-{code.pk}"}
    assert CodedAnswer.objects.count() == 1
    do(rosa, response, "codes")
    assert (given(response), CodedAnswer.objects.count()) == ([], 0)
    none = do(rosa, response, "codes", none="yes").content.decode()
    assert ticked(none) == {"none-missing"}
    assert (given(response), CodedAnswer.objects.count()) == ([], 1)


def test_a_passage_is_the_words_that_were_selected_wherever_they_stand(
    send: Send, rosa: Client, reviewer: User, code: Code
) -> None:
    text = "Clubs 👩‍👩‍👧 and <b>clubs</b>, and clubs."
    response = send({"missing": text})
    last = text.rindex("clubs")
    page = do(
        rosa, response, "passage", code=code.pk, start=last - 1, end=last + 5
    ).content.decode()
    assert given(response) == [("Clubs", last, last + 5)]
    assert '<mark\n      class="app-coded app-coded--1" data-ends="1"\n      >clubs</mark>.' in page
    assert "&lt;b&gt;clubs&lt;/b&gt;" in page
    coding = Coding.objects.get()
    do(rosa, response, "take-off", coding=coding.pk)
    assert given(response) == []
    # Without a script the words are copied.
    do(rosa, response, "passage", code=code.pk, passage="and <b>")
    assert given(response) == [("Clubs", text.index("and"), text.index("and") + 7)]
    for start, end in ((5, 5), (6, 5), (0, len(text) + 1), (5, 6)):
        with pytest.raises(NoSuchPassage):
            code_span(
                response=response, question="missing", code=code, start=start, end=end, by=reviewer
            )


def test_a_passage_counts_as_gone_through_once_the_response_is_considered(
    send: Send, rosa: Client, reviewer: User, code: Code
) -> None:
    response = send({"missing": "Clubs and lights.", "violence-comment": "Nothing coded."})
    do(rosa, response, "passage", code=code.pk, passage="Clubs")
    assert not CodedAnswer.objects.exists()
    do(rosa, response, "considered")
    assert list(CodedAnswer.objects.values_list("question", "by")) == [("missing", reviewer.pk)]


def test_a_new_code_is_made_in_place_and_given(
    send: Send, rosa: Client, consultation: Consultation, code: Code
) -> None:
    response = send({"missing": "Clubs and lights."})
    do(rosa, response, "codes", code=code.pk)
    do(rosa, response, "new-code", name="Lights", definition="Lamps in streets and parks.")
    assert [name for name, *_ in given(response)] == ["Clubs", "Lights"]
    assert Code.objects.get(name="Lights").definition == "Lamps in streets and parks."
    refused = do(rosa, response, "new-code", name="LIGHTS", definition="My own meaning.")
    said = refused.content.decode()
    assert refused.status_code == 422
    assert "<title>Error: " in said
    assert "Another code of this question has this name." in said
    assert "My own meaning." in said
    assert 'href="#name-missing"' in said
    assert "Give the code a name." in do(rosa, response, "new-code", name=" ").content.decode()


def test_those_who_say_the_same_are_offered_and_coded_together(
    send: Send, rosa: Client, code: Code
) -> None:
    first, second, third = (send({"missing": "More clubs"}) for _number in range(3))
    page = rosa.get(page_of(first)).content.decode()
    assert "2 others say exactly this" in page
    assert "Code this answer first" in do(rosa, first, "together").content.decode()
    do(rosa, first, "codes", code=code.pk)
    assert "2 of them have your codes." in do(rosa, first, "together").content.decode()
    other = rosa.get(page_of(second)).content.decode()
    assert f"It says exactly what {first.reference} says, and was coded with that." in other
    do(rosa, first, "apart")
    assert given(third) == []


def test_the_codes_of_the_last_answer_are_offered_for_the_next(
    send: Send, rosa: Client, code: Code
) -> None:
    first, second = send({"missing": "Clubs."}), send({"missing": "Other words."})
    assert "data-as-last" not in rosa.get(page_of(first)).content.decode()
    do(rosa, first, "codes", code=code.pk)
    assert "data-as-last" in rosa.get(page_of(second)).content.decode()
    assert "data-as-last" not in rosa.get(page_of(first)).content.decode()


def test_setting_aside_needs_its_reason_and_keeps_what_was_typed(send: Send, rosa: Client) -> None:
    first, second = send({"missing": "One."}), send({"missing": "Two."})
    refused = do(rosa, first, "set-aside", note="  ")
    assert refused.status_code == 422
    assert "Write why it is set aside." in refused.content.decode()
    went = do(rosa, first, "set-aside", note="An advertisement.")
    assert went.redirect_chain[-1][0] == page_of(second)
    assert ReviewStep.objects.get().note == "An advertisement."
    again = rosa.get(page_of(first)).content.decode()
    assert "An advertisement." in again
    assert "Considered, next" not in again
    do(rosa, first, "reopen")
    assert Review.objects.get(response=first).state == "reading"


def test_a_note_stays_with_the_response_and_an_empty_one_is_refused(
    send: Send, rosa: Client
) -> None:
    response = send({"missing": "One."})
    assert "Write a note." in do(rosa, response, "note", note="").content.decode()
    assert "Ask the lead." in do(rosa, response, "note", note="Ask the lead.").content.decode()
    assert Review.objects.get().state == "unread"


def test_nothing_is_done_to_what_was_changed_or_decided_meanwhile(
    send: Send, rosa: Client, ben: User, code: Code
) -> None:
    first, second = send({"missing": "One."}), send({"missing": "Two."})
    fields = {"shown": "1", "version": "0", "question": "missing"}
    move_review(review=second.review, to_state="considered", note="", version=0, by=ben)
    late = rosa.post(page_of(second), {"do": "considered", **fields})
    assert late.status_code == 409
    assert "ben moved this response to “Considered”" in late.content.decode()
    assert ReviewStep.objects.get().by == ben
    withdraw_response(earlier=first, submission_key=uuid4(), started_at=timezone.now())
    for act in ("codes", "passage", "new-code", "together", "apart", "note", "considered"):
        fields = {"shown": "1", "version": "0", "question": "missing", "code": str(code.pk)}
        refused = rosa.post(page_of(first), {"do": act, "name": "New", "note": "x", **fields})
        assert refused.status_code == 409, act
        assert "It was changed since you opened it." in refused.content.decode()
    assert not Coding.objects.exists()


@pytest.mark.parametrize(
    ("act", "fields", "status"),
    [
        ("nonsense", {}, 422),
        ("passage", {"code": "", "passage": "One"}, 422),
        ("passage", {"code": "9" * 30, "passage": "One"}, 422),
        ("codes", {"question": "violence-agree"}, 404),
        ("codes", {"question": "violence-comment"}, 404),
        ("codes", {"question": "<script>"}, 404),
        ("take-off", {"coding": "1"}, 404),
        ("considered", {"version": "x"}, 200),
    ],
)
def test_what_no_page_sends_is_refused_in_words(
    act: str, fields: dict[str, str], status: int, send: Send, rosa: Client
) -> None:
    response = send({"missing": "One.", "violence-agree": "agree"})
    assert do(rosa, response, act, **fields).status_code == status
    assert not Coding.objects.exists()
    assert not CodedAnswer.objects.exists()


def test_a_passage_that_is_not_there_is_refused_and_its_words_are_kept(
    send: Send, rosa: Client, code: Code
) -> None:
    response = send({"missing": "One."})
    said = do(rosa, response, "passage", code=code.pk, passage="Two").content.decode()
    assert "The answer does not contain these words." in said
    assert 'value="Two"' in said


def test_the_second_coder_of_a_sample_sees_nothing_of_the_first(
    consultation: Consultation,
    send: Send,
    rosa: Client,
    reviewer: User,
    ben: User,
    code: Code,
    sign_in: Callable[[User], Client],
) -> None:
    response = send({"missing": "Clubs."})
    code_answer(response=response, question="missing", codes=[code], by=reviewer)
    his = sign_in(ben)
    assert "Others gave:" in his.get(page_of(response)).content.decode()
    draw_second_coding(consultation=consultation, question="missing", size=5, by=ben)
    assert "Others gave:" not in his.get(page_of(response)).content.decode()
    do(his, response, "codes", none="yes")
    assert "Others gave:" in his.get(page_of(response)).content.decode()


def test_closed_answers_stand_in_a_line_and_names_are_not_coded(send: Send, rosa: Client) -> None:
    response = send(
        {
            "missing": "One.",
            "violence-agree": "agree",
            "capacity": "organisation",
            "organisation-name": "Lamps for All",
        }
    )
    context = rosa.get(page_of(response)).context
    lines = dict(context["closed"])
    assert "Agree" in lines["Reducing and preventing violence"]
    assert any("Lamps for All" in said for said in lines.values())
    assert [one.question.slug for one in context["answers"]] == ["missing"]


def test_the_number_of_queries_does_not_grow_with_answers_and_codes(
    consultation: Consultation,
    send: Send,
    rosa: Client,
    reviewer: User,
    django_assert_max_num_queries: Any,
) -> None:
    slugs = ["missing", "violence-comment", "zero-murders-comment", "anything-else"]
    response = send({slug: f"About {slug}." for slug in slugs})
    for slug in slugs:
        for number in range(12):
            words = {"name": f"Code {number}", "group": "", "definition": ""}
            make_code(consultation=consultation, question=slug, by=reviewer, **words)
    # One for each answer asks who else says the same.
    with django_assert_max_num_queries(45):
        page = rosa.get(page_of(response)).content.decode()
    assert page.count('data-key="9"') == len(slugs)


def test_deciding_twice_at_once_is_one_decision(send: Send, reviewer: User) -> None:
    review = send({"missing": "One."}).review
    decide(review=review, to_state="considered", note="", version=0, by=reviewer)
    with pytest.raises(ReviewMovedOn):
        decide(review=review, to_state="considered", note="", version=0, by=reviewer)
    assert ReviewStep.objects.count() == 1
    assert AuditEntry.objects.filter(action=Action.REVIEW_CHANGED).count() == 1
