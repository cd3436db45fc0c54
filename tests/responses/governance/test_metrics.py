"""The figures, the doctor, the jobs' notes and the logs."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from consult.celery import app
from consult.jobs import EXPECTED, overdue, recorded_run
from consult.models import Consultation, JobRun
from consult.web import troubles
from consult.web.logs import JsonFormatter, LineFormatter, clean, current_id
from consult.web.rate_limits import count_refusal
from responses.dashboard import tasks as dashboard_tasks
from responses.exporting import tasks as exporting_tasks
from responses.exporting.acknowledging import acknowledge
from responses.exporting.batches import seal_batch
from responses.exporting.signing import make_key
from responses.exporting.writing import write_batch
from responses.governance import tasks as governance_tasks
from responses.governance.metrics import METRICS, exposition, measure
from responses.governance.retention import retain
from responses.management.commands import doctor
from responses.models import (
    Batch,
    BulkChange,
    Confirmation,
    Draft,
    MailboxReading,
    PublishedSet,
    Reconciliation,
    Response,
    SigningKey,
)
from responses.receipt_tokens import receipt_token
from responses.responding import outbox
from responses.responding import tasks as responding_tasks
from responses.responding.drafting import start_draft
from responses.reviewing import tasks as reviewing_tasks
from responses.reviewing.petitions import Signed, record_petition
from tests.conftest import make_person

Send = Callable[..., Response]


def figures() -> dict[str, float]:
    """The exposition, read back as a watcher reads it."""
    found = re.findall(r"^([a-z_]+(?:\{[^}]*\})?) (\S+)$", exposition(measure()), re.MULTILINE)
    return {name: float(value) for name, value in found}


def test_the_metrics_are_those_of_the_database(send: Send, consultation: Consultation) -> None:
    send()
    send(email="")
    batch = seal_batch(consultation=consultation, actor=None)
    send({"missing": "Waiting."})
    Batch.objects.filter(pk=batch.pk).update(failure="No space.")
    count_refusal(reason="send")
    now = figures()
    assert now['consult_responses_total{channel="online",timing="in-time",act="sent"}'] == 3
    assert now["consult_responses_waiting"] == 1
    assert (
        now['consult_confirmations{state="waiting"}'],
        now['consult_confirmations{state="not-wanted"}'],
    ) == (2, 1)
    assert now["consult_outbox_due"] == 2
    assert (now["consult_batches"], now["consult_batches_unwritten"]) == (1, 1)
    assert now['consult_refusals_lately{reason="send"}'] == 1
    assert now['consult_closes_in_seconds{consultation="police-and-crime-plan-2021-25"}'] > 0


def test_the_metrics_count_signatures_and_letters_still_on_a_server(
    send: Send, consultation: Consultation
) -> None:
    send()
    pia = make_person("pia", "reviewer")
    for title, signatures in (("Lights in parks", 31_033), ("Night buses", 7)):
        signed = Signed(
            title=title,
            text="We, who sign, ask for it.",
            signatures=signatures,
            organiser_name="Olu",
            organiser_email="",
            channel="post",
            received_on=date(2021, 11, 23),
        )
        record_petition(consultation=consultation, signed=signed, today=date(2022, 1, 4), by=pia)
    keep_the_mailbox_shut(Response.objects.get())
    now, of = figures(), f'{{consultation="{consultation.slug}"}}'
    assert now[f"consult_petitions{of}"] == 2
    assert now[f"consult_petition_signatures{of}"] == 31_040
    assert now['consult_responses_total{channel="online",timing="in-time",act="sent"}'] == 1
    assert now['consult_mailbox_waiting{mailbox="imap.example.org/INBOX"}'] == 2


def test_the_metrics_say_how_long_emails_have_not_gone(send: Send) -> None:
    stop_the_mail_server(send())
    assert figures()["consult_outbox_oldest_seconds"] >= 3600
    # One person's mail server that wants to be asked again raises no alarm, nor does an email that
    # staff had tried again just now.
    hold_up_a_confirmation(Response.objects.get())
    assert figures()["consult_outbox_oldest_seconds"] == 0
    Confirmation.objects.update(attempts=0, tried_again_at=Now())
    assert figures()["consult_outbox_oldest_seconds"] < 60


def test_a_job_that_is_not_due_on_the_first_day_raises_no_alarm(db: None) -> None:
    # The tests' database was made just now.
    assert "responses.reconcile" not in overdue()
    JobRun.objects.create(
        name="responses.reconcile", started_at=Now(), succeeded_at=Now() - timedelta(hours=27)
    )
    assert "responses.reconcile" in overdue()


def test_the_metrics_say_when_a_job_has_not_run(db: None) -> None:
    MigrationRecorder.Migration.objects.update(applied=Now() - timedelta(hours=27))
    assert figures()['consult_job_overdue{job="responses.reconcile"}'] == 1
    with recorded_run("responses.reconcile"):
        pass
    now = figures()
    assert 'consult_job_overdue{job="responses.reconcile"}' not in now
    assert now['consult_job_last_success_seconds{job="responses.reconcile"}'] < 60


def test_the_metrics_say_what_is_kept_too_long_by_class(send: Send, exports: Path) -> None:
    response = send({"missing": "Old."})
    assert {value for name, value in figures().items() if "held_beyond" in name} == {0}
    Consultation.objects.update(
        opens_at=Now() - timedelta(days=900), closes_at=Now() - timedelta(days=800)
    )
    now = figures()
    assert now['consult_held_beyond_its_time{class="contacts"}'] == 1
    assert now['consult_held_beyond_its_time{class="answers"}'] == 1
    assert now['consult_held_beyond_its_time{class="equality"}'] == 0
    batch = seal_batch(consultation=response.consultation, actor=None)
    write_batch(batch=batch)
    acknowledge(batch=batch, actor=None)
    Confirmation.objects.update(state="failed")
    assert {value for name, value in figures().items() if "held_beyond" in name} == {0}
    response.refresh_from_db()
    assert response.texts == {"missing": "Old."}


def test_every_alarm_uses_a_metric_that_exists() -> None:
    rules = yaml.safe_load((Path(django_settings.BASE_DIR) / "docs" / "alarms.yml").read_text())[
        "groups"
    ][0]["rules"]
    asked = {name for rule in rules for name in re.findall(r"consult_[a-z_]+", rule["expr"])}
    assert asked
    assert asked <= set(METRICS)


@pytest.mark.parametrize(
    ("address", "headers", "token", "status"),
    [
        ("127.0.0.1", {}, "", 200),
        ("192.0.2.1", {}, "", 404),
        ("not an address", {}, "", 404),
        ("192.0.2.1", {"authorization": "Bearer s3cret"}, "s3cret", 200),
        ("127.0.0.1", {}, "s3cret", 404),
        ("127.0.0.1", {"authorization": "Bearer guess"}, "s3cret", 404),
    ],
)
def test_metrics_need_the_token_except_from_this_machine(
    db: None, settings: Any, address: str, headers: dict[str, str], token: str, status: int
) -> None:
    settings.METRICS_TOKEN = token
    assert Client(REMOTE_ADDR=address, headers=headers).get("/metrics").status_code == status


def test_behind_a_proxy_a_client_is_not_this_machine(db: None, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    for headers in (
        {"x-forwarded-for": "192.0.2.1"},
        {"x-forwarded-for": "127.0.0.1"},
        {"x-forwarded-proto": "https"},
    ):
        assert Client(REMOTE_ADDR="127.0.0.1", headers=headers).get("/metrics").status_code == 404
    settings.SECURE_SSL_REDIRECT = True
    assert Client(REMOTE_ADDR="127.0.0.1").get("/metrics").status_code == 200


def test_every_job_of_the_schedule_is_expected_and_notes_its_end(
    transactional_db: None, exports: object, settings: Any
) -> None:
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} == set(EXPECTED)
    for task in (
        exporting_tasks.deliver_due_batches,
        exporting_tasks.make_due_extracts,
        governance_tasks.check_integrity,
        reviewing_tasks.find_clusters,
        reviewing_tasks.make_public_files,
        dashboard_tasks.count,
    ):
        task()
    for task in (governance_tasks.tidy, governance_tasks.retain, reviewing_tasks.change_many):
        task()
    for task in (responding_tasks.send_due_confirmations, exporting_tasks.seal_due_batches):
        task()
    for task in (
        responding_tasks.write_due_reminders,
        reviewing_tasks.receive_bundles,
        reviewing_tasks.read_due_mailbox,
        responding_tasks.read_returned_mail,
    ):
        task()
    assert overdue() == []
    JobRun.objects.update(succeeded_at=Now() - timedelta(days=3))
    assert set(overdue()) == set(EXPECTED)


def test_a_job_that_fails_has_not_ended_well(db: None) -> None:
    MigrationRecorder.Migration.objects.update(applied=Now() - timedelta(hours=27))
    with pytest.raises(ZeroDivisionError), recorded_run("responses.tidy"):
        raise ZeroDivisionError
    assert JobRun.objects.get().succeeded_at is None
    assert "responses.tidy" in overdue()


def test_drafts_go_a_stated_time_after_closing_and_not_before(consultation: Consultation) -> None:
    start_draft(consultation=consultation, started_at=consultation.opens_at)
    for ago, left in (
        (timedelta(minutes=1), 1),
        (timedelta(days=30), 1),
        (timedelta(days=30, hours=1), 0),
    ):
        Consultation.objects.update(opens_at=Now() - timedelta(days=90), closes_at=Now() - ago)
        retain()
        assert Draft.objects.count() == left


# The doctor.


def consult_doctor() -> tuple[list[str], str]:
    said = StringIO()
    try:
        call_command("doctor", stdout=said)
    except CommandError as reason:
        return said.getvalue().splitlines(), str(reason)
    return said.getvalue().splitlines(), ""


@pytest.fixture
def well(
    consultation: Consultation, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> Consultation:
    """A service in which nothing is wrong but that the tests' own database may forget and that no
    worker runs.
    """
    for name in EXPECTED:
        with recorded_run(name):
            pass
    settings.SIGNING_KEY_FILE = tmp_path / "signing-key.pem"
    make_key()
    monkeypatch.setitem(doctor.LOOKS, "Database", lambda: iter(()))
    for part in ("Static files", "Redis", "Worker and beat"):
        monkeypatch.setitem(doctor.LOOKS, part, lambda: iter(()))
    return consultation


def test_the_doctor_says_when_all_is_well(well: Consultation) -> None:
    lines, complaint = consult_doctor()
    assert complaint == ""
    assert lines[-1] == "Everything is fine."
    assert all(line.startswith("ok") for line in lines[:-1])


def test_a_database_that_is_down_is_said_once(
    well: Consultation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down() -> Iterator[tuple[str, str]]:
        raise OperationalError("connection refused")
        yield

    for look in set(doctor.LOOKS) - doctor.WITHOUT_DATABASE:
        monkeypatch.setitem(doctor.LOOKS, look, down)
    lines, complaint = consult_doctor()
    assert complaint == "1 problem."
    assert sum("does not answer" in line for line in lines) == 1
    assert sum(line.startswith("ok") for line in lines) == len(doctor.WITHOUT_DATABASE)


@pytest.mark.parametrize(
    ("sender", "wrong"),
    [("noreply@localhost", True), ("", True), ("Office <noreply@example.org>", False)],
)
def test_the_doctor_warns_of_a_sender_that_servers_refuse(
    settings: Any, sender: str, wrong: bool
) -> None:
    settings.PRODUCTION, settings.DEFAULT_FROM_EMAIL = True, sender
    assert bool(list(troubles.mail_settings())) is wrong


def fail_a_confirmation(response: Response) -> None:
    Confirmation.objects.filter(response=response).update(state="failed", reason="550 no such user")


def hold_up_a_confirmation(response: Response) -> None:
    Confirmation.objects.filter(response=response).update(attempts=5, reason="451 try later")


def stop_the_mail_server(response: Response) -> None:
    """As it is after an hour without one: each look puts off what waits, and counts nothing."""
    Confirmation.objects.filter(response=response).update(
        created_at=Now() - timedelta(hours=1),
        due_at=Now() + outbox.SERVER_PAUSE,
        reason=(
            "Waiting for the mail server: ConnectionRefusedError: [Errno 111] Connection refused"
        ),
    )


def leave_a_batch_unwritten(response: Response) -> None:
    Batch.objects.create(
        consultation=response.consultation, number=1, size=0, failure="No space left on device."
    )


def leave_a_public_file_unmade(response: Response) -> None:
    PublishedSet.objects.create(
        consultation=response.consultation,
        by=make_person("pia", "reviewer"),
        trouble="It cannot be made: OSError.",
    )


def keep_the_mailbox_shut(response: Response) -> None:
    MailboxReading.objects.create(
        consultation=response.consultation,
        mailbox="imap.example.org/INBOX",
        on_server=7,
        here=5,
        trouble="The server refused the password.",
    )


def leave_a_response_unchanged(response: Response) -> None:
    change = BulkChange.objects.create(
        key=uuid4(),
        by=make_person("pia", "reviewer"),
        act="read",
        looked_at=Now(),
        highest=response.pk,
        seen=1,
        seen_changes=1,
        state="done",
    )
    change.items.create(response=response, version=0, why="trouble", state="left")


def break_the_integrity_check(response: Response) -> None:
    Reconciliation.objects.create(
        seconds=1, totals={}, differences=[{"subject": response.reference, "words": "gone"}]
    )


def stop_a_job(response: Response) -> None:
    JobRun.objects.filter(name="responses.reconcile").update(
        succeeded_at=Now() - timedelta(hours=27)
    )


def lose_the_signing_key(response: Response) -> None:
    SigningKey.objects.all().delete()


def withdraw_everything(response: Response) -> None:
    Consultation.objects.update(withdrawn_at=Now())


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (fail_a_confirmation, "Confirmations that could not be delivered: 1"),
        (
            hold_up_a_confirmation,
            "Confirmations that have waited too long: 1 (451 try later)",
        ),
        (
            stop_the_mail_server,
            (
                "Confirmations that have waited too long: 1 (Waiting for the mail server: "
                "ConnectionRefusedError"
            ),
        ),
        (leave_a_batch_unwritten, "could not be written (No space left on device.)"),
        (leave_a_public_file_unmade, "cannot be made: OSError"),
        (
            keep_the_mailbox_shut,
            (
                "Of 7 letters in the mailbox imap.example.org/INBOX, 5 have come over (The server "
                "refused the password.)"
            ),
        ),
        (leave_a_response_unchanged, "a bulk change could not change: 1"),
        (break_the_integrity_check, "The integrity check failed: 1 difference"),
        (stop_a_job, "Responses.reconcile has not finished successfully for too long"),
        (lose_the_signing_key, "Batches are not signed"),
        (withdraw_everything, "No consultation is on the site"),
    ],
)
def test_the_doctor_says_what_is_wrong_and_what_to_do(
    well: Consultation, send: Send, harm: Callable[[Response], None], words: str
) -> None:
    harm(send())
    lines, complaint = consult_doctor()
    assert complaint == "1 problem."
    assert any(words in line for line in lines), lines


def test_the_doctor_reports_an_unsafe_database_and_a_missing_broker(
    consultation: Consultation, settings: Any
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    lines, _ = consult_doctor()
    assert any("PostgreSQL's fsync is off" in line for line in lines)
    assert any("Redis does not answer" in line for line in lines)


# The logs.


def test_a_line_of_the_log_is_json_with_the_id_of_its_request() -> None:
    token = current_id.set("request-1234")
    record = logging.makeLogRecord(
        {"msg": "hello %s", "args": ("there",), "levelname": "INFO", "name": "consult"}
    )
    line = json.loads(JsonFormatter().format(record))
    current_id.reset(token)
    assert (line["message"], line["id"], line["level"], line["logger"]) == (
        "hello there",
        "request-1234",
        "INFO",
        "consult",
    )


def test_errors_leave_out_rows_the_database_quotes_and_receipt_urls() -> None:
    text = (
        "duplicate key\nDETAIL:  Key (email)=(rita@example.org) already exists.\nat "
        "/receipt/abcdefghijk/change/"
    )
    assert clean(text) == "duplicate key\nDETAIL: left out\nat /receipt/…/change/"
    record = logging.makeLogRecord({"msg": text})
    assert "rita" not in LineFormatter("%(message)s").format(record)


def test_after_attacks_the_log_has_no_answer_name_email_or_token(
    send: Send, caplog: pytest.LogCaptureFixture, consultation: Consultation
) -> None:
    caplog.set_level(logging.DEBUG)
    response = send(
        {"violence-comment": "An unmistakable sentence."},
        name="Rita Unmistakable",
        email="unmistakable@example.org",
    )
    token = receipt_token(response)
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    slug = consultation.slug
    for address in (
        f"/receipt/{token}/",
        f"/receipt/{token}/change/",
        f"/receipt/{token[:-1]}x/",
        f"/receipt/{token}/nowhere/",
    ):
        client.get(address)
        client.post(
            address,
            {"violence-comment": "An unmistakable sentence.", "email": "unmistakable@example.org"},
        )
    client.post(
        f"/{slug}/respond/violence/",
        {"violence-comment": "An unmistakable sentence.\x00", "name": "Rita Unmistakable"},
    )
    client.post(
        reverse("sign-in"), {"username": "unmistakable@example.org", "password": "unmistakable"}
    )
    client.get("/", {"q": "unmistakable"}, headers={"host": "unmistakable.example"})
    written = "\n".join(
        JsonFormatter().format(record)
        for record in caplog.records
        if not record.name.startswith("django.db")
    )
    assert written
    for secret in (
        "An unmistakable",
        "Rita Unmistakable",
        "unmistakable@example.org",
        token,
        token[:-1],
    ):
        assert secret not in written
