"""The dashboard's page and its downloads: whose figures, of when, and what is not shown."""

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.test import Client
from django.urls import reverse

from consult.models import Consultation, User
from responses.dashboard.tallies import (
    FEWEST_SHOWN,
    UNANSWERED,
    counted_questions,
    distribution,
    full_titles,
    suppress,
    tally,
    waiting_now,
)
from responses.dashboard.views import charts_of
from responses.exporting.batches import seal_batch
from responses.models import Confirmation, Response, Tally
from responses.reviewing.coding import code_answer
from responses.reviewing.reviews import move_review
from tests.support.tampering import behind_its_back

Send = Callable[..., Response]
SignIn = Callable[[User], Client]


def table_of(client: Client, consultation: Consultation, chart: str) -> list[list[str]]:
    answer = client.get(reverse("chart-file", args=[consultation.slug, chart, "csv"]))
    assert answer.status_code == 200
    return list(csv.reader(StringIO(answer.content.decode())))


def test_counting_again_replaces_what_was_counted(consultation: Consultation, send: Send) -> None:
    first = tally(consultation=consultation)
    send()
    again = tally(consultation=consultation)
    assert (first.pk, first.figures["received"], again.figures["received"]) == (again.pk, 0, 1)
    assert again.counted_at > first.counted_at
    assert Tally.objects.count() == 1


def test_one_consultation_counts_none_of_anothers(
    consultation: Consultation, other: Consultation, send: Send
) -> None:
    sent = send({"missing": "Clubs."})
    figures = tally(consultation=other).figures
    assert (figures["received"], figures["current"], figures["days"]) == (0, 0, [])
    assert (figures["states"], figures["choices"], figures["unopened"]) == ({}, {}, 0)
    now = waiting_now(other)
    assert (now["waiting"], now["failed"], now["oldest_unread"]) == (0, 0, None)
    assert waiting_now(consultation)["oldest_unread"] == sent.received_at


def test_only_emails_that_wait_or_failed_are_counted_as_such(
    consultation: Consultation, send: Send
) -> None:
    sent, failed, waiting = send(), send(), send()
    send(email="")
    with behind_its_back():
        for response, state in ((sent, "sent"), (failed, "failed")):
            Confirmation.objects.filter(response=response).update(state=state)
    now = waiting_now(consultation)
    assert (now["waiting"], now["failed"]) == (1, 1)
    assert waiting.confirmation.state == "waiting"


def test_coded_counts_the_answers_to_that_question_alone(
    consultation: Consultation, send: Send, reviewer: User
) -> None:
    both = send({"missing": "Clubs.", "violence-comment": "Lights."})
    send({"violence-comment": "Lights."})
    code_answer(response=both, question="missing", codes=[], by=reviewer)
    coded = tally(consultation=consultation).figures["coded"]
    assert (coded["missing"], coded["violence-comment"]) == ([1, 1], [2, 0])


def test_the_oldest_unread_is_the_first_that_nobody_has_moved(
    consultation: Consultation, send: Send, reviewer: User
) -> None:
    first, second, _third = send(), send(), send()
    assert waiting_now(consultation)["oldest_unread"] == first.received_at
    move_review(review=first.review, to_state="reading", note="", version=0, by=reviewer)
    assert waiting_now(consultation)["oldest_unread"] == second.received_at


def test_the_last_batch_is_the_one_with_the_highest_number(
    consultation: Consultation, send: Send
) -> None:
    send()
    seal_batch(consultation=consultation, actor=None)
    second = seal_batch(consultation=consultation, actor=None)
    assert waiting_now(consultation)["batch"] == second


def test_the_page_before_any_count_says_what_is_waiting(
    consultation: Consultation, send: Send, analyst: User, sign_in: SignIn
) -> None:
    send()
    page = sign_in(analyst).get(reverse("dashboard"))
    assert page.status_code == 200
    (row,) = page.context["rows"]
    assert (row["counted"], row["charts"], row["figures"]) == ("", [], {})
    assert row["now"]["waiting"] == 1


def test_the_page_has_a_withdrawn_consultation_and_no_unpublished_one(
    consultation: Consultation, other: Consultation, analyst: User, sign_in: SignIn
) -> None:
    Consultation.objects.filter(pk=consultation.pk).update(withdrawn_at=other.opens_at)
    Consultation.objects.filter(pk=other.pk).update(published_at=None)
    page = sign_in(analyst).get(reverse("dashboard"))
    assert [row["consultation"] for row in page.context["rows"]] == [consultation]


def test_a_state_that_was_reached_in_bulk_is_shown_apart(
    consultation: Consultation, send: Send, reviewer: User
) -> None:
    alone, many = send(), send()
    for response in (alone, many):
        move_review(review=response.review, to_state="considered", note="", version=0, by=reviewer)
    with behind_its_back():
        many.review.decided_in_bulk = True
        many.review.save(update_fields=["decided_in_bulk"])
    figures = tally(consultation=consultation).figures
    assert (figures["states"], figures["in_bulk"]) == ({"considered": 2}, {"considered": 1})
    chart = charts_of(consultation, figures)[1]
    counted = [(str(label), count) for label, count in chart.rows]
    assert ("Considered", 1) in counted
    assert ("Considered by a bulk change", 1) in counted
    assert ("Never opened by anyone", 2) in counted


def test_figures_of_an_earlier_release_are_drawn_with_what_they_have(
    consultation: Consultation,
) -> None:
    figures = tally(consultation=consultation).figures
    for new in ("in_bulk", "unopened", "bands"):
        del figures[new]
    labels = [str(label) for label, _count in charts_of(consultation, figures)[1].rows]
    assert "Never opened by anyone" not in labels
    assert not [label for label in labels if "bulk" in label]


def test_the_days_table_has_a_column_for_each_way_that_was_used(
    consultation: Consultation, send: Send, analyst: User, sign_in: SignIn
) -> None:
    first, second, third = send(), send(), send(channel="post")
    with behind_its_back():
        for response, day in ((first, 3), (second, 4), (third, 4)):
            Response.objects.filter(pk=response.pk).update(
                received_at=datetime(2026, 3, day, 12, tzinfo=UTC)
            )
    tally(consultation=consultation)
    assert table_of(sign_in(analyst), consultation, "received-by-day") == [
        ["Day", "online", "by post"],
        ["3 March 2026", "1", "0"],
        ["4 March 2026", "1", "1"],
    ]


def test_a_chart_file_is_named_after_what_it_shows(
    consultation: Consultation, analyst: User, sign_in: SignIn
) -> None:
    tally(consultation=consultation)
    client = sign_in(analyst)
    for kind, media in (("svg", "image/svg+xml"), ("csv", "text/csv; charset=utf-8")):
        answer = client.get(reverse("chart-file", args=[consultation.slug, "read-so-far", kind]))
        assert answer["Content-Type"] == media
        assert answer["Content-Disposition"] == (
            f'attachment; filename="{consultation.slug}-read-so-far.{kind}"'
        )


def test_a_chart_of_another_consultation_is_not_found(
    consultation: Consultation, other: Consultation, analyst: User, sign_in: SignIn
) -> None:
    tally(consultation=consultation)
    client = sign_in(analyst)
    assert (
        client.get(reverse("chart-file", args=[other.slug, "read-so-far", "csv"])).status_code
        == 404
    )
    tally(consultation=other)
    assert table_of(client, other, "read-so-far")[0] == ["State", "Responses"]


def test_a_label_like_a_formula_is_guarded_in_the_table(
    consultation: Consultation, analyst: User, sign_in: SignIn
) -> None:
    counted = tally(consultation=consultation)
    question = counted_questions(consultation)[0]
    counted.figures["bands"] = {question.slug: [["=1+1", 90], ["4 to 6", 3], ["7", 9]]}
    counted.save(update_fields=["figures"])
    rows = table_of(sign_in(analyst), consultation, question.slug)
    assert ["'=1+1", "90"] in rows
    assert ["4 to 6", f"fewer than {FEWEST_SHOWN}"] in rows


def test_asking_for_a_count_comes_back_to_the_page_and_says_so(
    consultation: Consultation, analyst: User, sign_in: SignIn
) -> None:
    client = sign_in(analyst)
    assert client.get(reverse("count-now")).status_code == 405
    page = client.post(reverse("count-now"), follow=True)
    assert page.redirect_chain == [(reverse("dashboard"), 302)]
    assert "The service is counting." in page.content.decode()


def test_nobody_unanswered_is_less_than_none(consultation: Consultation) -> None:
    question = next(one for one in counted_questions(consultation) if not one.entry.several)
    option = question.options[0].slug
    figures = {"current": 3, "choices": {question.slug: {option: 9}}}
    rows = {row.slug: row.count for row in distribution(figures, question)}
    assert (rows[option], rows[UNANSWERED]) == (9, 0)


def test_a_question_with_several_answers_has_no_row_for_the_unanswered(
    consultation: Consultation,
) -> None:
    question = next(one for one in counted_questions(consultation) if one.entry.several)
    rows = distribution({"current": 9, "choices": {}}, question)
    assert [row.slug for row in rows] == [option.slug for option in question.options]
    assert {row.count for row in rows} == {0}


def test_rows_keep_the_order_of_the_options_and_their_labels(consultation: Consultation) -> None:
    question = next(one for one in counted_questions(consultation) if not one.entry.several)
    rows = distribution({"current": 0, "choices": {}}, question)
    assert [(row.slug, row.label) for row in rows[:-1]] == [
        (option.slug, option.label) for option in question.options
    ]
    assert rows[-1].label == "Not answered, or not asked"


def test_questions_in_prose_and_equality_questions_are_not_counted(
    consultation: Consultation,
) -> None:
    counted = counted_questions(consultation)
    assert counted
    assert all(question.closed or question.entry.banded for question in counted)
    assert not [question for question in counted if question.part == "equality"]


def test_a_question_of_several_parts_is_named_with_its_part(consultation: Consultation) -> None:
    titles = full_titles(consultation)
    assert titles["violence-agree"] != titles["trust-agree"]
    assert len(set(titles.values())) == len(titles)


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ({"a": FEWEST_SHOWN}, {"a": FEWEST_SHOWN}),
        ({"a": FEWEST_SHOWN - 1}, {"a": None}),
        ({"a": 0, "b": 0}, {"a": 0, "b": 0}),
        ({"a": 1, "b": 9, "c": 8}, {"a": None, "b": 9, "c": None}),
        ({"a": 2, "b": 2, "c": 9}, {"a": None, "b": None, "c": None}),
        ({"a": 3, "b": 2, "c": 9}, {"a": None, "b": None, "c": 9}),
        ({"a": 1, "b": 7, "c": 7}, {"a": None, "b": None, "c": 7}),
    ],
)
def test_small_groups_take_the_next_smallest_with_them(
    counts: dict[str, int], shown: dict[str, int | None]
) -> None:
    assert suppress(counts, exclusive=True) == shown


def test_a_day_is_the_one_in_london_and_in_order(consultation: Consultation, send: Send) -> None:
    late, early = send(), send()
    midsummer = datetime(2026, 6, 21, 23, 30, tzinfo=UTC)
    with behind_its_back():
        Response.objects.filter(pk=late.pk).update(received_at=midsummer)
        Response.objects.filter(pk=early.pk).update(received_at=midsummer - timedelta(hours=1))
    days = tally(consultation=consultation).figures["days"]
    assert days == [
        [date(2026, 6, 21).isoformat(), "online", 1],
        [date(2026, 6, 22).isoformat(), "online", 1],
    ]
