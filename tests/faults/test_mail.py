"""The mail server, the worker and Redis fail in every way they have; each confirmation ends in one
honest state.
"""

import math
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.mail import get_connection
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from redis import Redis as Client

from consult.clock import in_words
from consult.local.redis import Redis
from consult.nudging import nudge
from responses.models import Confirmation, ConfirmationAttempt, LedgerEntry, Response
from responses.receipt_tokens import receipt_token
from responses.responding import confirming, outbox, tasks
from responses.responding.confirming import claim_due, send_due_confirmations
from tests.support.postbox import Postbox
from tests.support.tampering import behind_its_back
from tests.support.workers import Worker, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

State = Confirmation.State

# At the usual EMAIL_TIMEOUT, which the workers have.
LEASE = timedelta(seconds=outbox.LEASE_WAITS * 20)


def states() -> dict[str, str]:
    return dict(
        Confirmation.objects.order_by("pk").values_list("response__contact__email", "state")
    )


def events(response: Response) -> list[str]:
    return list(response.ledger.values_list("event", flat=True))


def time_passes(amount: timedelta) -> None:
    """As if `amount` had gone by for every confirmation that waits."""
    Confirmation.objects.filter(state=State.WAITING).update(
        due_at=F("due_at") - amount, leased_until=F("leased_until") - amount
    )


def send_to_many(send: Callable[..., Response], count: int) -> list[Response]:
    return [send(email=f"person{number}@example.org") for number in range(1, count + 1)]


def test_a_worker_sends_each_confirmation_and_one_refusal_stops_no_other(
    send: Callable[..., Response], start_worker: Callable[..., Worker], postbox: Postbox
) -> None:
    postbox.answers["person3@example.org"] = "550 5.1.1 <person3@example.org>: no such person"
    start_worker()
    responses = send_to_many(send, 10)
    nudge(tasks.send_due_confirmations)
    wait_until(lambda: State.WAITING not in states().values(), seconds=10)
    assert states() == {
        f"person{number}@example.org": State.FAILED if number == 3 else State.SENT
        for number in range(1, 11)
    }
    assert postbox.recipients == [
        f"person{number}@example.org" for number in range(1, 11) if number != 3
    ]
    first, message = responses[0], postbox.arrived[0]
    assert message["Subject"] == f"Your response {first.reference} was received"
    assert message["To"] == "person1@example.org"
    assert message["Message-ID"] == first.confirmation.message_id
    text = message.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert (
        f"Your reference: {first.reference}\nReceived at: {in_words(first.received_at)}\n" in text
    )
    assert f"/receipt/{receipt_token(first)}/\n" in text
    assert events(first) == ["received", "confirmed"]
    refused = Confirmation.objects.get(response=responses[2])
    assert refused.reason == "550 5.1.1 <(the address)>: no such person"
    assert [tried.outcome for tried in refused.tries.all()] == ["refused"]
    assert events(responses[2]) == ["received", "confirmation-failed"]


def test_a_worker_killed_after_sending_repeats_the_email_under_its_old_id(
    send: Callable[..., Response], start_worker: Callable[..., Worker], postbox: Postbox
) -> None:
    worker = start_worker()
    # The server has the message and the worker never hears so.
    postbox.on_accept = worker.kill_at_once
    response = send()
    nudge(tasks.send_due_confirmations)
    wait_until(lambda: postbox.arrived and worker.process.poll() is not None, seconds=10)
    postbox.on_accept = None
    assert states() == {"rita@example.org": State.WAITING}
    start_worker()
    nudge(tasks.send_due_confirmations)
    time.sleep(1)
    assert len(postbox.arrived) == 1, "the dead worker's lease still runs"
    time_passes(LEASE)
    nudge(tasks.send_due_confirmations)
    wait_until(lambda: states() == {"rita@example.org": State.SENT}, seconds=10)
    assert [message["Message-ID"] for message in postbox.arrived] == [
        response.confirmation.message_id
    ] * 2
    assert events(response) == ["received", "confirmed"]


def test_without_redis_a_nudge_is_short_and_emails_go_once_it_is_back(
    send: Callable[..., Response],
    start_worker: Callable[..., Worker],
    postbox: Postbox,
    redis: Redis,
) -> None:
    start_worker(beat=True)
    send(email="before@example.org")
    wait_until(lambda: postbox.recipients == ["before@example.org"], seconds=15)
    assert redis.process is not None
    redis.process.kill()
    redis.process.wait()
    send(email="during@example.org")
    began = time.monotonic()
    nudge(tasks.send_due_confirmations)
    assert time.monotonic() - began < 1.5
    redis.start()
    wait_until(
        lambda: postbox.recipients == ["before@example.org", "during@example.org"], seconds=30
    )


def test_a_silent_redis_delays_one_respondent_by_a_second_and_no_others(
    send: Callable[..., Response], postbox: Postbox, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    nudge(tasks.send_due_confirmations)
    assert redis.process is not None
    os.kill(redis.process.pid, signal.SIGSTOP)
    try:
        waits = []
        for _ in range(3):
            began = time.monotonic()
            nudge(tasks.send_due_confirmations)
            waits.append(time.monotonic() - began)
    finally:
        os.kill(redis.process.pid, signal.SIGCONT)
    assert waits[0] < 1.5
    assert max(waits[1:]) < 0.05
    assert [record.getMessage().partition(";")[0] for record in caplog.records] == [
        "Redis does not answer"
    ]


@pytest.mark.parametrize(
    ("setting", "value"),
    [("maxmemory", "1"), ("min-replicas-to-write", "3"), ("requirepass", "another")],
)
def test_a_redis_that_answers_and_refuses_costs_nobody_an_error(
    redis: Redis, caplog: pytest.LogCaptureFixture, setting: str, value: str
) -> None:
    """It is full, it has lost its replicas, or someone changed its password."""
    Client.from_url(redis.url).config_set(setting, value)
    nudge(tasks.send_due_confirmations)
    assert [record.getMessage().partition(";")[0] for record in caplog.records] == [
        "Redis does not answer"
    ]


def test_a_mail_outage_uses_up_no_attempts_and_all_emails_go_afterwards(
    send: Callable[..., Response], mail_through: Callable[[int], None]
) -> None:
    box = Postbox()
    box.close()
    mail_through(box.port)
    send_to_many(send, 3)
    tally = send_due_confirmations()
    assert (tally.sent, tally.released) == (0, 3)
    assert set(Confirmation.objects.values_list("state", "attempts", "leased_until")) == {
        (State.WAITING, 0, None)
    }
    assert (
        Confirmation.objects.filter(
            reason__startswith="Waiting for the mail server: ConnectionRefusedError"
        ).count()
        == 3
    )
    assert send_due_confirmations().sent == 0, "not due again at once"
    box = Postbox(port=box.port)
    try:
        time_passes(outbox.SERVER_PAUSE)
        assert send_due_confirmations().sent == 3
    finally:
        box.close()
    assert box.connections == 1
    assert set(Confirmation.objects.values_list("state", "reason")) == {(State.SENT, "")}


def test_two_hang_ups_mid_message_end_the_round_and_all_emails_go_later(
    send: Callable[..., Response], mail_through: Callable[[int], None], postbox: Postbox
) -> None:
    mail_through(postbox.port)
    send_to_many(send, 5)
    postbox.drops_in_data = 1
    assert vars(send_due_confirmations()) == {"sent": 4, "put_off": 1, "refused": 0, "released": 0}
    time_passes(timedelta(hours=1))
    assert send_due_confirmations().sent == 1
    send_to_many(send, 5)
    postbox.drops_in_data = 99
    assert vars(send_due_confirmations()) == {"sent": 0, "put_off": 2, "refused": 0, "released": 3}
    postbox.drops_in_data = 0
    time_passes(timedelta(hours=1))
    assert send_due_confirmations().sent == 5
    assert sorted(postbox.recipients) == sorted(
        [f"person{number}@example.org" for number in range(1, 6)] * 2
    )


def test_a_slow_server_times_out_and_the_email_is_sent_later(
    send: Callable[..., Response], mail_through: Callable[[int], None], postbox: Postbox
) -> None:
    mail_through(postbox.port)
    response = send()
    postbox.seconds_a_message = 2.5
    assert send_due_confirmations().put_off == 1
    postbox.seconds_a_message = 0
    time_passes(timedelta(hours=1))
    assert send_due_confirmations().sent == 1
    # It had taken the first one after all, which we could not know.
    assert {message["Message-ID"] for message in postbox.arrived} == {
        response.confirmation.message_id
    }


def test_after_four_hours_without_a_mail_server_all_emails_go(
    send: Callable[..., Response], mail_through: Callable[[int], None], postbox: Postbox
) -> None:
    responses = send_to_many(send, 3)
    away = Postbox()
    away.close()
    step, gone = timedelta(minutes=4), timedelta()

    def until_passed(end: timedelta) -> None:
        nonlocal gone
        while gone < end:
            send_due_confirmations()
            assert set(states().values()) == {State.WAITING}
            time_passes(step)
            with behind_its_back():
                ConfirmationAttempt.objects.update(at=F("at") - step)
            gone += step

    mail_through(away.port)
    until_passed(timedelta(hours=2))
    mail_through(postbox.port)
    postbox.refuse_sender = "421 4.3.2 the server is being mended"
    until_passed(timedelta(hours=3))
    postbox.refuse_sender = ""
    postbox.answers = dict.fromkeys(states(), "450 4.3.0 no room at the moment")
    until_passed(timedelta(hours=4))
    postbox.answers = {}
    # Nobody presses anything. Addresses that were put off are tried within twenty minutes.
    time_passes(outbox.PAUSES[-1])
    send_due_confirmations()
    assert sorted(postbox.recipients) == sorted(states())
    assert set(Confirmation.objects.values_list("state", "reason")) == {(State.SENT, "")}
    assert [events(response) for response in responses] == [["received", "confirmed"]] * 3


def test_a_temporary_refusal_is_retried_for_three_days_ever_less_often(
    send: Callable[..., Response], mail_through: Callable[[int], None], postbox: Postbox
) -> None:
    mail_through(postbox.port)
    response, other = send(email="grey@example.org"), send(email="other@example.org")
    postbox.answers["grey@example.org"] = "451 4.7.1 try again later"
    pauses = []
    while response.confirmation.state == State.WAITING and len(pauses) < 300:
        send_due_confirmations()
        response.confirmation.refresh_from_db()
        pause = (
            Confirmation.objects.annotate(pause=F("due_at") - Now()).get(response=response).pause
        )
        pauses.append(round(pause.total_seconds(), -1))
        # The first try is what the three days are counted from; it moves into the past as time goes
        # by.
        with behind_its_back():
            response.confirmation.tries.update(at=F("at") - pause)
        time_passes(pause)
    assert pauses[:6] == [10, 60, 300, 1200, 1200, 1200]
    assert sum(pauses[:-1]) >= timedelta(hours=72).total_seconds()
    assert (response.confirmation.state, response.confirmation.reason) == (
        State.FAILED,
        "451 4.7.1 try again later",
    )
    assert events(response) == ["received", "confirmation-failed"]
    assert events(other) == ["received", "confirmed"]


def test_a_server_that_refuses_the_sender_fails_nobody(
    send: Callable[..., Response], mail_through: Callable[[int], None], postbox: Postbox
) -> None:
    mail_through(postbox.port)
    postbox.refuse_sender = "550 5.7.1 you may not send here"
    send_to_many(send, 4)
    assert vars(send_due_confirmations()) == {"sent": 0, "put_off": 2, "refused": 0, "released": 2}
    assert set(states().values()) == {State.WAITING}
    assert (
        Confirmation.objects.filter(reason__contains="550 5.7.1 you may not send here").count() == 4
    )


def test_two_workers_at_once_send_each_email_once(
    send: Callable[..., Response], mail_through: Callable[[int], None], postbox: Postbox
) -> None:
    mail_through(postbox.port)
    send_to_many(send, 40)

    def sweep(_: int) -> int:
        try:
            return send_due_confirmations().sent
        finally:
            connection.close()

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(4) as pool:
        patch.setattr(outbox, "GROUP", 3)
        sent = list(pool.map(sweep, range(4)))
    assert sum(sent) == 40
    assert sorted(postbox.recipients) == sorted(
        f"person{number}@example.org" for number in range(1, 41)
    )
    assert LedgerEntry.objects.filter(event="confirmed").count() == 40


def test_locked_rows_hold_up_no_other_email(send: Callable[..., Response]) -> None:
    send_to_many(send, 2)
    first = Confirmation.objects.earliest("pk")

    def claim() -> list[int]:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '2s'")
            return [confirmation.pk for confirmation in claim_due(limit=5)]
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        Confirmation.objects.select_for_update().get(pk=first.pk)
        claimed = pool.submit(claim).result()
    assert claimed == [first.pk + 1]


def test_a_sender_who_stalled_past_its_lease_says_so_and_counts_once(
    send: Callable[..., Response], mail_through: Callable[[int], None], postbox: Postbox
) -> None:
    mail_through(postbox.port)
    response = send()

    theirs: list[Confirmation] = []

    def meanwhile() -> None:
        # While the server still thinks about the first one's message, the lease runs out and a
        # second worker claims.
        time_passes(LEASE)
        theirs.extend(claim_due(limit=1))
        connection.close()

    postbox.on_accept = meanwhile
    assert send_due_confirmations().sent == 1
    postbox.on_accept = None
    outbox.send_group(
        confirming.CONFIRMATIONS,
        theirs,
        mail=get_connection(),
        until=outbox.Until(math.inf, math.inf),
        tally=outbox.Tally(),
    )
    assert [message["Message-ID"] for message in postbox.arrived] == [
        response.confirmation.message_id
    ] * 2
    confirmation = Confirmation.objects.get()
    assert confirmation.state == State.SENT
    assert [tried.detail.partition(" after")[0] for tried in confirmation.tries.all()] == [
        "Accepted",
        "Accepted",
    ]
    assert events(response) == ["received", "confirmed"]
