"""The one door by which responses come in."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import override_settings
from django.utils import timezone

from consult.models import AuditEntry, Consultation, Edition
from responses.models import Confirmation, Contact, LedgerEntry, Response, Review
from responses.receipt_tokens import ReceiptKeyLost, find_response, receipt_token
from responses.responding.submitting import (
    ConsultationClosed,
    NothingToSend,
    SentDifferently,
    Submitted,
)

Submit = Callable[..., Submitted]


def move_window(consultation: Consultation, *, closed_for: timedelta) -> None:
    now = timezone.now()
    Consultation.objects.filter(pk=consultation.pk).update(
        opens_at=now - timedelta(days=9), closes_at=now - closed_for
    )


def everything() -> tuple[int, ...]:
    return tuple(
        model.objects.count() for model in (Response, Contact, Confirmation, Review, LedgerEntry)
    )


def test_a_response_is_stored_with_all_that_must_follow_from_it(submit: Submit) -> None:
    submitted = submit({"violence-agree": "agree", "violence-comment": "Ünï 🙂"})
    response = Response.objects.get()
    assert (submitted.first, submitted.response) == (True, response)
    assert (response.choices, response.texts) == (
        {"violence-agree": "agree"},
        {"violence-comment": "Ünï 🙂"},
    )
    assert (response.timing, response.version, response.channel) == ("in-time", 1, "online")
    assert (response.contact.name, response.contact.email) == (
        "Rita Respondent",
        "rita@example.org",
    )
    assert response.confirmation.state == Confirmation.State.WAITING
    assert response.review.state == Review.State.UNREAD
    assert [(entry.event, entry.digest) for entry in response.ledger.all()] == [
        ("received", response.digest)
    ]


def test_without_an_email_a_confirmation_exists_in_a_state_of_its_own(
    submit: Submit,
) -> None:
    assert submit(email="").response.confirmation.state == Confirmation.State.NOT_WANTED


def test_the_same_response_sent_twice_is_received_once(submit: Submit) -> None:
    key = uuid4()
    first, again = submit(submission_key=key), submit(submission_key=key)
    assert (again.response, again.receipt_token, again.first) == (
        first.response,
        first.receipt_token,
        False,
    )
    assert everything() == (1, 1, 1, 1, 1)


def test_the_same_form_with_other_words_is_refused_with_what_was_kept(submit: Submit) -> None:
    key = uuid4()
    first = submit(submission_key=key)
    with pytest.raises(SentDifferently) as refused:
        submit({"violence-comment": "Something else."}, submission_key=key)
    assert refused.value.response == first.response
    assert everything() == (1, 1, 1, 1, 1)


def test_the_same_words_on_two_forms_are_two_responses(submit: Submit) -> None:
    assert submit().response.reference != submit().response.reference
    assert everything() == (2, 2, 2, 2, 2)


def test_a_response_with_nothing_in_it_leaves_nothing(submit: Submit) -> None:
    with pytest.raises(NothingToSend):
        submit({"capacity": "individual"})
    assert everything() == (0, 0, 0, 0, 0)


def test_before_opening_nothing_is_received(consultation: Consultation, submit: Submit) -> None:
    Consultation.objects.filter(pk=consultation.pk).update(
        opens_at=timezone.now() + timedelta(minutes=1)
    )
    with pytest.raises(ConsultationClosed):
        submit()


def test_a_response_sent_in_the_grace_period_is_marked_as_such(
    consultation: Consultation, submit: Submit
) -> None:
    move_window(consultation, closed_for=timedelta(minutes=9))
    assert submit(started_at=timezone.now() - timedelta(minutes=10)).response.timing == "in-grace"


def test_someone_who_started_after_closing_cannot_send(
    consultation: Consultation, submit: Submit
) -> None:
    move_window(consultation, closed_for=timedelta(minutes=9))
    with pytest.raises(ConsultationClosed):
        submit(started_at=timezone.now() - timedelta(minutes=8))


def test_after_the_grace_only_a_response_already_received_is_confirmed(
    consultation: Consultation, submit: Submit
) -> None:
    key = uuid4()
    first = submit(submission_key=key)
    move_window(consultation, closed_for=timedelta(minutes=11))
    with pytest.raises(ConsultationClosed):
        submit()
    assert submit(submission_key=key).response == first.response


def test_a_withdrawn_consultation_receives_nothing(
    consultation: Consultation, submit: Submit
) -> None:
    Consultation.objects.filter(pk=consultation.pk).update(withdrawn_at=timezone.now())
    with pytest.raises(ConsultationClosed):
        submit()


def test_a_reference_that_collides_is_drawn_again(
    submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = submit().response.reference
    coming = iter([taken, taken, "23AB-CD45-E"])
    monkeypatch.setattr("responses.responding.submitting.new_reference", lambda: next(coming))
    assert submit().response.reference == "23AB-CD45-E"


def test_a_receipt_opens_with_its_token_which_the_database_does_not_hold(
    submit: Submit,
) -> None:
    submitted = submit()
    assert find_response(submitted.receipt_token) == submitted.response
    assert receipt_token(submitted.response) == submitted.receipt_token
    assert submitted.receipt_token not in str(Response.objects.values().get())
    with pytest.raises(Response.DoesNotExist):
        find_response(submitted.receipt_token[:-1] + "x")


def test_receipts_outlive_a_new_secret_key_while_the_old_one_is_kept(
    submit: Submit, settings: object
) -> None:
    submitted = submit()
    old = settings.SECRET_KEY
    with override_settings(SECRET_KEY="n" * 50, SECRET_KEY_FALLBACKS=[old]):
        assert receipt_token(submitted.response) == submitted.receipt_token
    with (
        override_settings(SECRET_KEY="n" * 50, SECRET_KEY_FALLBACKS=[]),
        pytest.raises(ReceiptKeyLost),
    ):
        receipt_token(submitted.response)


@pytest.mark.parametrize("sql", ["UPDATE {} SET id = id", "DELETE FROM {}"])
@pytest.mark.parametrize(
    "model", [Response, LedgerEntry, AuditEntry, Edition], ids=lambda model: model.__name__
)
def test_a_stored_response_cannot_be_changed_even_by_us(
    submit: Submit, model: type, sql: str
) -> None:
    submit()
    assert model.objects.exists()
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql.format(model._meta.db_table))
