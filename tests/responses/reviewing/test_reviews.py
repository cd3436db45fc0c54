"""Finding, reading and deciding on responses."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from consult.models import Action, AuditEntry, User
from responses.models import Reading, Response, Review, ReviewStep, SavedFilter
from responses.reviewing.filters import Filter, read_filter, written
from responses.reviewing.matching import find, matching
from responses.reviewing.reading import RECENTLY, open_response, opened_recently
from responses.reviewing.reviews import (
    MOVES,
    NotAMove,
    ReasonMissing,
    ReviewMovedOn,
    move_review,
    turn_page,
)
from tests.support.pressing import press

Send = Callable[..., Response]
SignIn = Callable[[User], Client]


def references(client: Client, query: str = "") -> list[str]:
    page = client.get(f"{reverse('review-list')}?{query}")
    return [row["response"].reference for row in page.context["rows"]]


def test_the_list_is_newest_first(send: Send, reviewer: User, sign_in: SignIn) -> None:
    sent = [send().reference for _ in range(3)]
    assert references(sign_in(reviewer)) == sent[::-1]


def test_filters_combine(send: Send, reviewer: User, sign_in: SignIn) -> None:
    choir = send(
        {
            "capacity": "organisation",
            "connection": ["live", "work"],
            "missing": "Evening buses and street lights",
        }
    )
    person = send({"capacity": "individual", "missing": "Street lights"}, flags=["sent-quickly"])
    move_review(review=person.review, to_state="considered", note="", version=0, by=reviewer)
    client = sign_in(reviewer)
    today = timezone.localdate()
    found = {
        "kind=organisation": [choir],
        "state=considered": [person],
        "state=unread": [choir],
        "word=lights": [person, choir],
        "word=light": [],
        "word=light&ending=english": [person, choir],
        "word=missing": [],
        "word=%22street+lights%22+-buses": [person],
        f"word={choir.reference.lower().replace('-', '')}": [choir],
        "word=%00": [person, choir],
        "channel=post": [],
        f"since={today}&until={today}": [person, choir],
        f"since={today + timedelta(days=1)}": [],
        "kind=organisation&word=lights": [choir],
        "kind=individual&state=unread": [],
        "timing=in-time": [person, choir],
        "timing=late": [],
        "act=amended": [],
        "answer=capacity%3Dorganisation": [choir],
        "answer=connection%3Dwork": [choir],
        "answer=connection%3Dwork&answer=connection%3Dlive": [choir],
        "answer=connection%3Dwork&answer=capacity%3Dindividual": [],
        "flag=sent-quickly": [person],
        "flag=another": [],
        "code=1": [],
        "campaign=1": [],
    }
    assert {query: references(client, query) for query in found} == {
        query: [row.reference for row in rows] for query, rows in found.items()
    }


def test_a_bad_filter_is_named_and_left_out(send: Send, reviewer: User, sign_in: SignIn) -> None:
    response = send()
    page = sign_in(reviewer).get(f"{reverse('review-list')}?since=yesterday&state=lost&before=x")
    assert [row["response"] for row in page.context["rows"]] == [response]
    assert page.content.decode().count("This filter is not used.") == 2


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_of_responses_takes_a_constant_number_of_queries(
    send: Send,
    reviewer: User,
    sign_in: SignIn,
    rows: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(rows):
        send()
    client = sign_in(reviewer)
    # Session, user; consultations, editions, campaigns, codes and saved filters for the filter; the
    # page, the count, the trail.
    with django_assert_num_queries(11):
        references(client)


def test_pages_follow_each_other_without_gap_or_overlap(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("responses.reviewing.reviews.PAGE", 2)
    sent = [send().pk for _ in range(5)][::-1]
    first = turn_page(find(Filter()))
    second = turn_page(find(Filter()), before=first.older)
    third = turn_page(find(Filter()), before=second.older)
    assert [[row.pk for row in page.rows] for page in (first, second, third)] == [
        sent[:2],
        sent[2:4],
        sent[4:],
    ]
    assert (first.newer, third.older) == (None, None)
    back = turn_page(find(Filter()), after=third.newer)
    assert [row.pk for row in back.rows] == sent[2:4]


def test_reading_a_response_shows_everything_and_says_who_read_it(
    send: Send, reviewer: User, sign_in: SignIn
) -> None:
    response = send(
        {
            "violence-agree": "agree",
            "violence-comment": "<b>bold</b> 🙂\nsecond line",
            "connection": ["live", "work"],
        }
    )
    text = sign_in(reviewer).get(reverse("review-one", args=[response.reference])).content.decode()
    for words in (
        "&lt;b&gt;bold&lt;/b&gt; 🙂\nsecond line",
        "I live here",
        "I work here",
        "Rita Respondent",
        "rita@example.org",
        "SE1",
    ):
        assert words in text
    assert "<b>bold" not in text
    review = Review.objects.get(response=response)
    assert (review.first_read_by, review.state) == (reviewer, "unread")
    assert list(
        AuditEntry.objects.filter(action=Action.RESPONSE_READ).values_list("actor", "subject")
    ) == [(reviewer.pk, response.reference)]


def test_a_decision_with_a_note_moves_a_response_once_and_is_recorded(
    send: Send, reviewer: User, sign_in: SignIn
) -> None:
    address = reverse("review-one", args=[send().reference])
    client = sign_in(reviewer)
    page = press(
        client, address, {"version": "0", "to_state": "considered", "note": "Useful."}, follow=True
    )
    step = ReviewStep.objects.get()
    assert (step.by, step.from_state, step.to_state, step.note) == (
        reviewer,
        "unread",
        "considered",
        "Useful.",
    )
    assert "Useful." in page.content.decode()
    assert Review.objects.get().state == "considered"
    assert AuditEntry.objects.filter(action=Action.REVIEW_CHANGED).count() == 1


def test_the_second_of_two_reviewers_is_warned_and_overwrites_nothing(
    send: Send, reviewer: User, administrator: User, sign_in: SignIn
) -> None:
    response = send()
    move_review(
        review=response.review,
        to_state="set-aside",
        note="Not a response.",
        version=0,
        by=administrator,
    )
    page = press(
        sign_in(reviewer),
        reverse("review-one", args=[response.reference]),
        {"version": "0", "to_state": "considered", "note": "A long note."},
    )
    text = " ".join(page.content.decode().split())
    assert "ada moved this response to “Set aside” since you opened it." in text
    assert "A long note.</textarea>" in text
    assert 'name="version" value="1"' in text
    assert ReviewStep.objects.count() == 1


def test_a_response_someone_else_has_open_says_who_and_since_when(
    send: Send, reviewer: User, administrator: User, sign_in: SignIn
) -> None:
    response = send()
    address = reverse("review-one", args=[response.reference])
    first, second = sign_in(reviewer), sign_in(administrator)
    assert "opened this response too" not in first.get(address).content.decode()
    assert (
        "opened this response too" not in first.get(address).content.decode()
    )  # One's own reading is no news.
    assert (
        f"{reviewer.username} opened this response too, at " in second.get(address).content.decode()
    )
    Reading.objects.update(last_at=timezone.now() - RECENTLY)
    assert opened_recently(response=response, reader=reviewer) == []


def test_setting_aside_needs_a_reason(send: Send, reviewer: User, sign_in: SignIn) -> None:
    response = send()
    with pytest.raises(ReasonMissing):
        move_review(review=response.review, to_state="set-aside", note=" ", version=0, by=reviewer)
    page = press(
        sign_in(reviewer),
        reverse("review-one", args=[response.reference]),
        {"version": "0", "to_state": "set-aside", "note": ""},
    )
    assert "Write why." in page.content.decode()
    assert Review.objects.get().state == "unread"


@pytest.mark.parametrize("state", Review.State.values)
def test_only_the_moves_of_the_table_are_made(send: Send, reviewer: User, state: str) -> None:
    response = send()
    Review.objects.update(state=state)
    for to_state in [*Review.State.values, "nowhere"]:
        if to_state not in MOVES[Review.State(state)]:
            with pytest.raises(NotAMove):
                move_review(
                    review=response.review, to_state=to_state, note="x", version=0, by=reviewer
                )


def test_a_stale_version_is_refused(send: Send, reviewer: User) -> None:
    response = send()
    move_review(review=response.review, to_state="reading", note="", version=0, by=reviewer)
    with pytest.raises(ReviewMovedOn):
        move_review(review=response.review, to_state="considered", note="", version=0, by=reviewer)


def test_an_empty_list_says_so(consultation: object, reviewer: User, sign_in: SignIn) -> None:
    client = sign_in(reviewer)
    assert "No responses yet." in client.get(reverse("review-list")).content.decode()
    assert (
        "No response matches all of these filters."
        in client.get(f"{reverse('review-list')}?state=unread").content.decode()
    )


def test_a_filter_goes_into_a_url_and_back() -> None:
    pairs = [
        ("state", "unread"),
        ("answer", "borough=camden"),
        ("answer", "connection=work"),
        ("since", "2026-11-02"),
        ("word", '"a b" -c'),
    ]
    wanted, bad = read_filter(pairs)
    assert (written(wanted), bad) == (pairs, {})
    nonsense = [
        ("state", "lost"),
        ("answer", "borough"),
        ("since", "0001-01-01"),
        ("word", "\0"),
        ("code", "x"),
        ("flag", "a b"),
    ]
    assert read_filter([*nonsense, ("other", "ignored")]) == (Filter(), dict(nonsense))


def test_unread_by_me_differs_from_unread_by_anyone(
    send: Send, reviewer: User, administrator: User
) -> None:
    mine, nobodys = send(), send()
    open_response(reference=mine.reference, reader=reviewer)
    assert list(matching(Filter(unread="anyone"))) == [nobodys]
    assert list(matching(Filter(unread="me"), reader=reviewer)) == [nobodys]
    assert list(matching(Filter(unread="me"), reader=administrator)) == [nobodys, mine]


def test_matching_words_are_highlighted_and_stored_markup_stays_text(
    send: Send, reviewer: User, sign_in: SignIn
) -> None:
    send(
        {
            "missing": (
                "<mark>Fake</mark> <script>alert(1)</script> and street lights "
                "\ue000<b>at\ue001 night"
            )
        }
    )
    rosa = sign_in(reviewer)
    for query in ("word=lights", "word=light&ending=english"):
        text = rosa.get(f"{reverse('review-list')}?{query}").content.decode()
        assert "street <mark>lights</mark>" in text
        assert "<script>alert" not in text
        assert "<mark>Fake" not in text
        assert "<b>at" not in text


def test_each_filter_in_use_can_be_removed_by_itself(
    send: Send, reviewer: User, sign_in: SignIn
) -> None:
    send()
    page = sign_in(reviewer).get(
        f"{reverse('review-list')}?state=unread&answer=capacity%3Dindividual&word=lights"
    )
    assert [(chip["value"], chip["without"]) for chip in page.context["chips"]] == [
        ("Unread", "answer=capacity%3Dindividual&word=lights"),
        ("For myself", "state=unread&word=lights"),
        ("lights", "state=unread&answer=capacity%3Dindividual"),
    ]


def test_a_filter_is_saved_by_name_for_its_reviewer_alone(
    consultation: object, reviewer: User, administrator: User, sign_in: SignIn
) -> None:
    mine, other = sign_in(reviewer), sign_in(administrator)
    address = f"{reverse('review-list')}?state=unread&since=bad"
    assert "Give it a name" in mine.post(address, {"name": " "}).content.decode()
    for _ in range(2):
        assert (
            mine.post(address, {"name": "Fresh"})["Location"]
            == f"{reverse('review-list')}?state=unread"
        )
    saved = SavedFilter.objects.get()
    assert (
        '<a class="govuk-link" href="?state=unread">Fresh</a>' in mine.get(address).content.decode()
    )
    assert "Fresh" not in other.get(address).content.decode()
    other.post(address, {"remove": saved.pk})
    assert SavedFilter.objects.count() == 1
    mine.post(address, {"remove": saved.pk})
    assert SavedFilter.objects.count() == 0
