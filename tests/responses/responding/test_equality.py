"""The equality questions: after sending, apart from the words, counted and never traced.

What an attacker can do is in `test_equality_attacks.py`.
"""

import csv
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.models import Consultation, Edition, User
from consult.plans.document import Plan
from consult.plans.publishing import publish_edition
from responses.answers import read_equality_answers
from responses.exporting.batches import folder_of, seal_batch
from responses.exporting.due import is_due
from responses.exporting.pack import make_files
from responses.exporting.writing import write_batch
from responses.governance.reconciling import go_through, reconcile
from responses.models import EqualityAnswers, EqualityHolder, Response
from responses.receipt_tokens import receipt_token
from responses.responding.amending import withdraw_response
from responses.responding.equality import (
    AnsweredBefore,
    NotAskedNow,
    NothingAnswered,
    empty_equality_answers,
    gave_equality_answers,
    give_equality_answers,
    too_few_to_hand_over,
)
from responses.responding.submitting import Submitted
from tests.support.acting import on_the_trail
from tests.support.recognising import sent_from

Submit = Callable[..., Submitted]
Send = Callable[..., Response]
AGE, SEX = {"equality-age": "16-to-24"}, {"equality-sex": "female"}


@pytest.fixture
def give(consultation: Consultation, edition: Edition, plan: Plan) -> Callable[..., None]:
    def give(token: str, raw: dict[str, Any] | None = None) -> None:
        answers = read_equality_answers(plan, AGE if raw is None else raw)
        give_equality_answers(
            consultation=consultation, edition=edition, token=token, answers=answers
        )

    return give


def close(consultation: Consultation, ago: timedelta) -> None:
    with on_the_trail():
        Consultation.objects.filter(pk=consultation.pk).update(closes_at=timezone.now() - ago)
    consultation.refresh_from_db()


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_equality_answers_are_given_from_the_receipt(client: Client, submit: Submit) -> None:
    sent = submit()
    token = sent.receipt_token
    sent_from(client, sent.response)
    receipt = client.get(reverse("receipt", args=[token])).content.decode()
    assert "Answer the equality questions (optional)" in receipt
    page = client.get(reverse("equality", args=[token])).content.decode()
    assert "They help MOPAC see whether it has heard from" in page
    assert "How old are you?" in page
    assert '<optgroup label="Black, African, Caribbean or Black British">' in page
    given = client.post(
        reverse("equality", args=[token]),
        AGE | {"equality-gender-same": "no", "equality-gender-same--no": "Agender"},
    )
    assert (given.status_code, given["Location"]) == (303, reverse("receipt", args=[token]))
    kept = EqualityAnswers.objects.get()
    assert (kept.choices, kept.texts) == (
        AGE | {"equality-gender-same": "no"},
        {"equality-gender-same--no": "Agender"},
    )
    receipt = client.get(reverse("receipt", args=[token])).content.decode()
    assert "Answer the equality questions" not in receipt
    assert Response.objects.get().texts == {"violence-comment": "More youth workers."}


def test_the_equality_page_and_the_receipt_say_nobody_finds_them(
    client: Client, submit: Submit
) -> None:
    sent = submit()
    token = sent.receipt_token
    sent_from(client, sent.response)
    for name in ("equality", "receipt"):
        if name == "receipt":
            client.post(reverse("equality", args=[token]), AGE)
        page = " ".join(client.get(reverse(name, args=[token])).content.decode().split())
        assert "nobody can show them to you, change them or remove them" in page


def test_every_equality_question_is_optional_and_an_error_keeps_the_rest(
    client: Client, submit: Submit
) -> None:
    sent = submit()
    token = sent.receipt_token
    sent_from(client, sent.response)
    assert client.post(reverse("equality", args=[token]), {}).status_code == 303
    assert not EqualityAnswers.objects.exists()
    raw = SEX | {"equality-gender-same": "no", "equality-gender-same--no": "x" * 201}
    page = client.post(reverse("equality", args=[token]), raw).content.decode()
    assert "<title>Error: " in page
    assert re.search(r'value="female"\s+id="id_equality-sex" checked', page)
    assert not EqualityAnswers.objects.exists()


def test_nothing_in_an_equality_row_leads_to_the_response(
    submit: Submit, give: Callable[..., Any]
) -> None:
    submitted = submit()
    give(submitted.receipt_token)
    row = EqualityAnswers.objects.values().get()
    response = Response.objects.values().get()
    shared = {"consultation_id", "edition_id"}  # Everyone's.
    assert {name for name in row if name in response and row[name] == response[name]} == shared
    assert {field.name for field in EqualityAnswers._meta.get_fields()} == {
        *["id", "consultation", "edition", "choices", "texts"],
        *["batch", "stopped", "recalled_in", "seal"],
    }
    # All that is known of the holder of the receipt is that they answered.
    holder = EqualityHolder.objects.values().get()
    assert set(holder) == {"id", "holder_hash", "consultation_id"}
    assert holder["holder_hash"] not in (response["receipt_hash"], submitted.receipt_token)
    assert gave_equality_answers(submitted.receipt_token)
    assert not gave_equality_answers(submit().receipt_token)


def test_equality_answers_sent_twice_are_kept_once(
    submit: Submit, give: Callable[..., Any]
) -> None:
    token = submit().receipt_token
    give(token)
    with pytest.raises(AnsweredBefore):
        give(token, SEX)
    with pytest.raises(NothingAnswered):
        give(token, {})
    assert EqualityAnswers.objects.get().choices == AGE


@pytest.mark.django_db(transaction=True)
def test_equality_answers_sent_many_times_at_once_are_kept_once(
    submit: Submit, give: Callable[..., Any]
) -> None:
    token, outcomes = submit().receipt_token, []

    def press() -> None:
        try:
            give(token)
            outcomes.append("kept")
        except AnsweredBefore:
            outcomes.append("before")
        finally:
            connection.close()

    together = [threading.Thread(target=press) for _ in range(6)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    assert sorted(outcomes) == ["before"] * 5 + ["kept"]


def test_a_last_minute_sender_has_an_hour_for_the_equality_questions(
    submit: Submit, give: Callable[..., Any], consultation: Consultation, client: Client
) -> None:
    token, later = submit().receipt_token, submit()
    late = later.receipt_token
    sent_from(client, later.response)
    close(consultation, timedelta(minutes=consultation.grace_minutes + 55))
    give(token)
    close(consultation, timedelta(minutes=consultation.grace_minutes + 65))
    with pytest.raises(NotAskedNow):
        give(late)
    assert client.get(reverse("equality", args=[late])).status_code == 303
    assert "equality" not in client.get(reverse("receipt", args=[late])).content.decode()


def test_equality_answers_go_after_closing_in_an_order_that_says_nothing(
    submit: Submit, give: Callable[..., Any], consultation: Consultation, exports: Path
) -> None:
    tokens = [submit(email="").receipt_token for _ in range(12)]
    for token in tokens:
        give(token, AGE | SEX)
    early = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=early)
    assert "equality.csv" not in [file["name"] for file in early.files]
    assert "equality-age" not in (exports / folder_of(early) / "codebook.csv").read_text()
    close(consultation, timedelta(hours=20))
    last = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=last)
    rows = table(exports / folder_of(last) / "equality.csv")
    assert [(row["equality-age"], row["equality-sex"]) for row in rows] == [
        ("16-to-24", "female")
    ] * 12
    assert [row["equality-disability-impact"] for row in rows] == ["not-asked"] * 12
    ids = [row["id"] for row in rows]
    assert ids == sorted(ids)
    references = set(Response.objects.values_list("reference", flat=True))
    text = (exports / folder_of(last) / "equality.csv").read_text()
    assert not [reference for reference in references if reference in text]
    wordings = {
        row["wording"]
        for row in table(exports / folder_of(last) / "codebook.csv")
        if row["part"] == "equality"
    }
    assert "How old are you?" in wordings
    again = exports / "again"
    again.mkdir()
    with transaction.atomic():
        made = [file.sha256 for file in make_files(batch=last, folder=again)]
        assert made == [file["sha256"] for file in last.files if file["name"] != "verify_batch.py"]


@pytest.mark.django_db(transaction=True)
def test_equality_answers_whose_time_is_up_are_recalled_in_the_next_batch(
    submit: Submit, give: Callable[..., Any], consultation: Consultation, exports: Path
) -> None:
    for _ in range(10):
        give(submit(email="").receipt_token)
    close(consultation, timedelta(hours=20))
    write_batch(batch=seal_batch(consultation=consultation, actor=None))
    assert not is_due(consultation=consultation, now=timezone.now() + timedelta(days=1))
    ids = sorted(str(row.pk) for row in EqualityAnswers.objects.all())
    assert empty_equality_answers(EqualityAnswers.objects.all()) == 10
    kept = list(EqualityAnswers.objects.values_list("choices", "texts", "stopped"))
    assert kept == [({}, {}, True)] * 10
    assert is_due(consultation=consultation, now=timezone.now() + timedelta(days=1))
    recall = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=recall)
    told = table(exports / folder_of(recall) / "equality-stopped.csv")
    assert told == [{"id": one} for one in ids]
    assert not is_due(consultation=consultation, now=timezone.now() + timedelta(days=2))
    assert reconcile().differences == []


def test_fewer_than_ten_equality_answers_are_never_recalled(
    submit: Submit, give: Callable[..., Any], consultation: Consultation
) -> None:
    for _ in range(10):
        give(submit(email="").receipt_token)
    close(consultation, timedelta(hours=20))
    seal_batch(consultation=consultation, actor=None)
    some = EqualityAnswers.objects.order_by("pk").values("pk")
    empty_equality_answers(EqualityAnswers.objects.filter(pk__in=some[:9]))
    assert not seal_batch(consultation=consultation, actor=None).equality_recalls.exists()
    empty_equality_answers(EqualityAnswers.objects.all())
    assert seal_batch(consultation=consultation, actor=None).equality_recalls.count() == 10


def test_fewer_than_ten_equality_answers_stay_and_staff_read_how_many(
    submit: Submit,
    give: Callable[..., Any],
    consultation: Consultation,
    analyst: User,
    sign_in: Callable[[User], Client],
) -> None:
    for _ in range(9):
        give(submit(email="").receipt_token)
    assert not too_few_to_hand_over(consultation, now=timezone.now()).exists()
    close(consultation, timedelta(hours=20))
    first = seal_batch(consultation=consultation, actor=None)
    assert not first.equality_answers.exists()
    assert not is_due(consultation=consultation, now=timezone.now() + timedelta(days=1))
    page = " ".join(sign_in(analyst).get(reverse("batch-list")).content.decode().split())
    assert "The equality answers of 9 people stay here." in page
    # One more after an extension, and they are enough.
    close(consultation, timedelta(hours=-1))
    give(submit(email="").receipt_token)
    close(consultation, timedelta(hours=20))
    second = seal_batch(consultation=consultation, actor=None)
    assert second.equality_answers.count() == 10
    # And one more after another: it would come beside one response.
    close(consultation, timedelta(hours=-1))
    give(submit(email="").receipt_token)
    close(consultation, timedelta(hours=20))
    third = seal_batch(consultation=consultation, actor=None)
    assert third.size == 1
    assert not third.equality_answers.exists()
    assert too_few_to_hand_over(consultation, now=timezone.now()).count() == 1


def test_a_new_edition_does_not_make_its_equality_answers_stand_out(
    submit: Submit, give: Callable[..., Any], consultation: Consultation, plan: Plan
) -> None:
    for _ in range(10):
        give(submit(email="").receipt_token)
    first = EqualityAnswers.objects.values_list("edition", flat=True)[0]

    def give_to_the_newest() -> None:
        newest = publish_edition(consultation=consultation, actor=None)
        give_equality_answers(
            consultation=consultation,
            edition=newest,
            token=submit(email="").receipt_token,
            answers=read_equality_answers(plan, AGE),
        )

    consultation.sections.update(summary="Said otherwise.")
    give_to_the_newest()
    assert set(EqualityAnswers.objects.values_list("edition", flat=True)) == {first}
    # To other questions they are other answers, and stay until there are enough of them.
    consultation.questions.filter(slug="equality-age").update(text="How old is your dog?")
    give_to_the_newest()
    close(consultation, timedelta(hours=20))
    batch = seal_batch(consultation=consultation, actor=None)
    assert batch.equality_answers.count() == 11
    assert too_few_to_hand_over(consultation, now=timezone.now()).count() == 1


def test_equality_answers_of_a_withdrawn_response_stay_among_the_others(
    submit: Submit, give: Callable[..., Any]
) -> None:
    submitted, other = submit(), submit()
    give(submitted.receipt_token)
    give(other.receipt_token, SEX)
    before = set(EqualityAnswers.objects.values_list("pk", flat=True))
    withdraw_response(earlier=submitted.response, submission_key=uuid4(), started_at=timezone.now())
    assert set(EqualityAnswers.objects.values_list("pk", flat=True)) == before


def test_an_equality_answer_that_went_is_missed_by_the_integrity_check(
    submit: Submit, give: Callable[..., Any], consultation: Consultation
) -> None:
    for _ in range(2):
        give(submit().receipt_token)
    EqualityAnswers.objects.filter(pk=EqualityAnswers.objects.earliest("pk").pk).delete()
    assert [(one.subject, one.words) for one in go_through().differences] == [
        (f"{consultation.slug} equality answers", "2 people answered, and 1 are there.")
    ]


ORGANISATION = {"violence-agree": "agree", "capacity": "organisation"}


def test_an_organisation_is_not_asked_what_only_a_person_has(
    client: Client, submit: Submit
) -> None:
    sent = submit(ORGANISATION)
    sent_from(client, sent.response)
    receipt = client.get(reverse("receipt", args=[sent.receipt_token])).content.decode()
    assert "Your reference" in receipt
    assert "equality questions" not in receipt.lower()
    asked = reverse("equality", args=[sent.receipt_token])
    for answer in (client.get(asked), client.post(asked, AGE)):
        assert (answer.status_code, answer["Location"]) == (
            303,
            reverse("receipt", args=[sent.receipt_token]),
        )
    assert not EqualityAnswers.objects.exists()


@pytest.mark.parametrize("who", [{}, {"capacity": "individual"}])
def test_everyone_but_an_organisation_is_asked_the_equality_questions(
    who: dict[str, str], client: Client, submit: Submit
) -> None:
    sent = submit({"violence-agree": "agree"} | who)
    sent_from(client, sent.response)
    page = client.get(reverse("equality", args=[sent.receipt_token])).content.decode()
    assert "How old are you?" in page


def test_an_organisation_is_asked_what_is_not_for_people_alone(
    client: Client, submit: Submit, consultation: Consultation
) -> None:
    consultation.questions.filter(slug="equality-heard").update(details={})
    publish_edition(consultation=consultation, actor=None)
    sent = submit(ORGANISATION)
    sent_from(client, sent.response)
    asked = reverse("equality", args=[sent.receipt_token])
    page = client.get(asked).content.decode()
    assert "How did you hear about this consultation?" in page
    assert "How old are you?" not in page
    edition = consultation.editions.latest("number")
    heard = {"equality-heard": "my-council", "edition": str(edition.number)}
    assert client.post(asked, AGE | heard).status_code == 303
    assert EqualityAnswers.objects.get().choices == {"equality-heard": "my-council"}


def test_the_paper_sheet_tells_an_organisation_to_leave_it_out(
    client: Client, consultation: Consultation, edition: Edition
) -> None:
    address = reverse("paper-form", args=[consultation.slug])
    told = "Leave this sheet out if you answer for an organisation."
    assert told in client.get(address).content.decode()
    consultation.questions.filter(slug="equality-heard").update(details={})
    publish_edition(consultation=consultation, actor=None)
    assert told not in client.get(address).content.decode()


def test_equality_answers_are_never_among_the_answers_of_a_response(send: Send, plan: Plan) -> None:
    response = send({"violence-comment": "Words."} | AGE)
    assert receipt_token(response)
    assert (response.choices, response.texts) == ({}, {"violence-comment": "Words."})


def test_equality_answers_to_reworded_questions_are_asked_about_again(
    client: Client, send: Send, consultation: Consultation
) -> None:
    response = send()
    sent_from(client, response)
    address = reverse("equality", args=[receipt_token(response)])
    asked = consultation.questions.get(slug="equality-age")
    shown = str(consultation.editions.latest("number").number)
    consultation.questions.filter(pk=asked.pk).update(text="How old is your dog?")
    publish_edition(consultation=consultation, actor=None)
    page = client.post(address, {"equality-age": "16-to-24", "edition": shown})
    assert page.status_code == 409
    assert asked.text in unescape(page.content.decode())
    assert "How old is your dog?" in page.content.decode()
    assert not EqualityAnswers.objects.exists()
    newest = re.findall(r'name="edition" value="(\d+)"', page.content.decode())[0]
    assert client.post(address, {"equality-age": "16-to-24", "edition": newest}).status_code == 303
    assert EqualityAnswers.objects.get().choices == {"equality-age": "16-to-24"}
