"""Each field of the list's filter lists exactly what it says, alone and with others."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from django.utils import timezone

from consult.models import Consultation, User
from responses.models import Response
from responses.responding.amending import withdraw_response
from responses.responding.flagging import HIDDEN_FIELD, SENT_QUICKLY
from responses.reviewing.filters import CHOICES, WORD_MAX_CHARS, Filter, read_filter, written
from responses.reviewing.matching import find, matching
from responses.reviewing.reading import open_response
from responses.reviewing.reviews import move_review
from responses.reviewing.word_search import Words, is_a_reference
from tests.support.tampering import behind_its_back

Send = Callable[..., Response]


def listed(reader: User | None = None, **wanted: object) -> list[Response]:
    return list(matching(Filter(**wanted), reader=reader))


def at(response: Response, moment: datetime) -> Response:
    with behind_its_back():
        Response.objects.filter(pk=response.pk).update(received_at=moment)
    return response


def test_without_a_filter_the_newest_come_first(send: Send) -> None:
    first, second, third = send(), send(), send()
    assert listed() == [third, second, first]


def test_by_consultation(send: Send, consultation: Consultation, other: Consultation) -> None:
    sent = send()
    assert listed(consultation=consultation.slug) == [sent]
    assert listed(consultation=other.slug) == []


def test_by_state(send: Send, reviewer: User) -> None:
    read, unread = send(), send()
    move_review(review=read.review, to_state="considered", note="", version=0, by=reviewer)
    assert listed(state="considered") == [read]
    assert listed(state="unread") == [unread]


def test_by_how_it_was_decided(send: Send, reviewer: User) -> None:
    alone, many, _unread = send(), send(), send()
    for response in (alone, many):
        move_review(review=response.review, to_state="considered", note="", version=0, by=reviewer)
    with behind_its_back():
        many.review.decided_in_bulk = True
        many.review.save(update_fields=["decided_in_bulk"])
    assert listed(decided="one") == [alone]
    assert listed(decided="bulk") == [many]


def test_by_who_has_opened_it(send: Send, reviewer: User, administrator: User) -> None:
    mine, theirs, nobodys, marked = send(), send(), send(), send()
    open_response(reference=mine.reference, reader=reviewer)
    open_response(reference=theirs.reference, reader=administrator)
    with behind_its_back():
        marked.review.marked_read_at = timezone.now()
        marked.review.save(update_fields=["marked_read_at"])
    assert listed(unread="anyone", reader=reviewer) == [nobodys]
    assert listed(unread="me", reader=reviewer) == [marked, nobodys, theirs]
    assert listed(unread="marked", reader=reviewer) == [marked]


def test_by_channel(send: Send) -> None:
    online, post = send(), send(channel="post")
    assert (listed(channel="post"), listed(channel="online")) == ([post], [online])


def test_by_timing(send: Send) -> None:
    sent, late = send(), send(timing=Response.Timing.LATE)
    assert (listed(timing="late"), listed(timing="in-time")) == ([late], [sent])


def test_by_who_it_speaks_for(send: Send) -> None:
    group = send({"capacity": "organisation", "missing": "Clubs."})
    person = send({"capacity": "individual", "missing": "Clubs."})
    send({"missing": "Clubs."})
    assert (listed(kind="organisation"), listed(kind="individual")) == ([group], [person])


def test_by_an_answer_alone_or_as_one_of_several(send: Send) -> None:
    agrees = send({"violence-agree": "agree"})
    lives = send({"missing": "Clubs.", "connection": ["live", "work"]})
    both = send({"violence-agree": "agree", "connection": ["work"]})
    assert listed(answer=("violence-agree=agree",)) == [both, agrees]
    assert listed(answer=("connection=work",)) == [both, lives]
    assert listed(answer=("violence-agree=agree", "connection=work")) == [both]
    assert listed(answer=("violence-agree=disagree",)) == []


def test_an_option_is_not_found_in_another_questions_answer(send: Send) -> None:
    send({"violence-agree": "agree"})
    assert listed(answer=("trust-agree=agree",)) == []


def test_by_what_looked_odd(send: Send) -> None:
    quick, _plain = send(flags=(SENT_QUICKLY,)), send()
    assert listed(flag=SENT_QUICKLY) == [quick]
    assert listed(flag=HIDDEN_FIELD) == []


def test_by_what_the_sender_did(send: Send) -> None:
    stays, goes = send(), send()
    withdraw_response(earlier=goes, submission_key=uuid4(), started_at=timezone.now())
    assert listed(act="sent") == [stays]
    (gone,) = listed(act="withdrawn")
    assert gone.reference == goes.reference
    assert goes in listed(versions="all", act="sent")


def test_days_are_londons_and_both_ends_are_included(send: Send) -> None:
    before = at(send(), datetime(2026, 6, 20, 22, 59, tzinfo=UTC))
    first = at(send(), datetime(2026, 6, 20, 23, 0, tzinfo=UTC))
    last = at(send(), datetime(2026, 6, 21, 22, 59, tzinfo=UTC))
    after = at(send(), datetime(2026, 6, 21, 23, 0, tzinfo=UTC))
    day = date(2026, 6, 21)
    assert set(listed(since=day, until=day)) == {first, last}
    assert set(listed(since=day)) == {first, last, after}
    assert set(listed(until=day)) == {before, first, last}


def test_fields_narrow_each_other(send: Send) -> None:
    wanted = send({"violence-agree": "agree"}, channel="post")
    send({"violence-agree": "agree"})
    send({"violence-agree": "disagree"}, channel="post")
    assert listed(channel="post", answer=("violence-agree=agree",)) == [wanted]


def test_a_reference_finds_its_response_in_any_writing(send: Send) -> None:
    sent, _other = send(), send()
    for word in (sent.reference, sent.reference.lower(), sent.reference.replace("-", " ")):
        assert is_a_reference(word)
        assert listed(word=word) == [sent]


def test_words_that_say_nothing_find_nothing(send: Send) -> None:
    send({"missing": "Clubs."})
    for word in ("...", "-", '""', "or"):
        assert listed(word=word) == [], word


def test_every_page_is_continued_from_where_it_ended(send: Send) -> None:
    first, second, third = send(), send(), send()
    found = find(Filter())
    assert list(found.older_than(third.pk)) == [second, first]
    assert list(found.newer_than(first.pk)) == [second, third]


def pairs(query: str) -> list[tuple[str, str]]:
    return [tuple(pair.split("=", 1)) for pair in query.split("&")]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("state=considered", Filter(state="considered")),
        ("since=2026-06-21", Filter(since=date(2026, 6, 21))),
        ("answer=a=b&answer=c=d", Filter(answer=("a=b", "c=d"))),
        ("word= clubs ", Filter(word="clubs")),
        ("state=&word=", Filter()),
        ("page=7&utm_source=x", Filter()),
        ("code=12&campaign=3", Filter(code="12", campaign="3")),
        ("state=unread&state=considered", Filter(state="considered")),
    ],
)
def test_a_filter_is_read_from_its_address(query: str, wanted: Filter) -> None:
    assert read_filter(pairs(query)) == (wanted, {})


@pytest.mark.parametrize(
    "bad",
    [
        ("state", "nonsense"),
        ("since", "yesterday"),
        ("since", "1900-12-31"),
        ("until", "9999-01-01"),
        ("until", "2026-02-30"),
        ("answer", "no-option"),
        ("answer", "Upper=case"),
        ("code", "twelve"),
        ("code", "9" * 18),
        ("campaign", "-1"),
        ("consultation", "../x"),
        ("flag", "UPPER"),
        ("word", "x" * (WORD_MAX_CHARS + 1)),
        ("word", "a\x00b"),
        *((name, "nonsense") for name in CHOICES),
    ],
)
def test_what_makes_no_sense_is_left_out_and_named(bad: tuple[str, str]) -> None:
    assert read_filter([bad, ("word", "clubs")])[1] == {bad[0]: bad[1]}
    assert read_filter([bad])[0] == Filter()


def test_a_word_may_be_as_long_as_its_limit() -> None:
    assert read_filter([("word", "x" * WORD_MAX_CHARS)])[1] == {}


@pytest.mark.parametrize(
    "wanted",
    [
        Filter(),
        Filter(state="unread", channel="post", word='"a phrase" -not'),
        Filter(answer=("a=b", "c=d"), since=date(2026, 1, 2), until=date(2026, 3, 4)),
        Filter(code="7", campaign="8", versions="all", ending="english"),
    ],
)
def test_a_filter_is_written_so_that_it_is_read_back(wanted: Filter) -> None:
    assert read_filter(written(wanted)) == (wanted, {})


@pytest.mark.parametrize(
    ("said", "terms"),
    [
        ("clubs lights", [[(False, "clubs"), (False, "lights")]]),
        ('"youth clubs" lights', [[(False, "youth clubs"), (False, "lights")]]),
        ("clubs -lights", [[(False, "clubs"), (True, "lights")]]),
        ('-"youth clubs"', [[(True, "youth clubs")]]),
        ("clubs or lights", [[(False, "clubs")], [(False, "lights")]]),
        ("clubs OR lights dark", [[(False, "clubs")], [(False, "lights"), (False, "dark")]]),
        ("or clubs or", [[(False, "clubs")]]),
        ("“curly marks”", [[(False, "curly marks")]]),
        ("„unten oben“", [[(False, "unten oben")]]),
        ('"never closed', [[(False, "never closed")]]),
        ("well-lit", [[(False, "well-lit")]]),
        ('"or"', [[(False, "or")]]),
        ("-or", [[(True, "or")]]),
        ("", []),
        ('""', []),
    ],
)
def test_what_someone_types_is_read_as_words_and_phrases(
    said: str, terms: list[list[tuple[bool, str]]]
) -> None:
    assert Words(said).terms == terms
