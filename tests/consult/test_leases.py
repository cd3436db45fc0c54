"""One worker has a row at a time; a dead one's is free again; who lost a row leaves it alone."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from pytest_django import DjangoAssertNumQueries

from consult.leases import LeaseLost, claim, give_back, renewer, still_held
from responses.models import Confirmation, Response

LEASE = timedelta(minutes=10)
Send = Callable[..., Response]


def take(limit: int = 10) -> list[Confirmation]:
    """What one worker gets of the emails that wait, the latest first."""
    return claim(
        Confirmation.objects.select_related("response__contact").order_by("-pk"),
        limit=limit,
        lease=LEASE,
    )


def take_in_a_thread(limit: int = 10) -> list[Confirmation]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        return take(limit)
    finally:
        connection.close()


def time_passes(amount: timedelta) -> None:
    Confirmation.objects.update(leased_until=F("leased_until") - amount)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_claim_different_rows(send: Send) -> None:
    waiting = [send().confirmation for _ in range(6)]
    together = Barrier(2)

    def worker(_number: int) -> list[Confirmation]:
        together.wait()
        return take_in_a_thread(3)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(worker, range(2))
    assert sorted(row.pk for row in [*first, *second]) == [row.pk for row in waiting]
    assert take() == []


@pytest.mark.django_db(transaction=True)
def test_a_row_that_someone_has_locked_is_passed_over(send: Send) -> None:
    locked, other = send().confirmation, send().confirmation
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        Confirmation.objects.select_for_update().get(pk=locked.pk)
        assert pool.submit(take_in_a_thread).result() == [other]


@pytest.mark.django_db(transaction=True)
def test_a_claim_locks_no_row_that_its_rows_belong_to(send: Send) -> None:
    waiting = send().confirmation
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        Response.objects.select_for_update().get(pk=waiting.response_id)
        assert pool.submit(take_in_a_thread).result() == [waiting]


def test_rows_are_claimed_in_order_up_to_the_limit_with_their_lease(send: Send) -> None:
    first, second, third = (send().confirmation for _ in range(3))
    claimed = take(2)
    assert claimed == [third, second]
    kept = dict(Confirmation.objects.values_list("pk", "leased_until"))
    assert kept == {
        first.pk: None,
        second.pk: claimed[1].leased_until,
        third.pk: claimed[0].leased_until,
    }


def test_what_belongs_to_a_row_is_read_once_the_row_is_ours(send: Send) -> None:
    """An address that is corrected while a worker chooses is the one that it writes to."""
    send(email="wrong@example.org")

    def corrected_meanwhile(execute: Callable[..., Any], sql: str, *others: Any) -> Any:
        if sql.startswith('UPDATE "responses_confirmation"'):
            with connection.cursor() as cursor:
                cursor.execute("UPDATE responses_contact SET corrected_email = 'right@example.org'")
        return execute(sql, *others)

    with connection.execute_wrapper(corrected_meanwhile):
        [claimed] = take()
    assert claimed.response.contact.reachable_at == "right@example.org"


def test_a_lease_keeps_others_away_until_it_has_run_out(send: Send) -> None:
    waiting = send().confirmation
    assert take() == [waiting]
    assert take() == []
    time_passes(LEASE - timedelta(seconds=5))
    assert take() == []
    time_passes(timedelta(seconds=6))
    assert take() == [waiting]


def test_what_is_done_is_not_claimed_again(send: Send) -> None:
    send()
    Confirmation.objects.update(state=Confirmation.State.SENT)
    assert take() == []


def test_what_is_given_back_is_free_at_once_with_the_changes(send: Send) -> None:
    first, second = send().confirmation, send().confirmation
    assert give_back(*take(), reason="The mail server is away.") == 2
    assert set(Confirmation.objects.values_list("leased_until", "reason")) == {
        (None, "The mail server is away.")
    }
    assert take() == [second, first]


def test_who_lost_a_row_changes_nothing_of_it(send: Send) -> None:
    kept, lost = send().confirmation, send().confirmation
    slow = take()
    Confirmation.objects.filter(pk=lost.pk).update(leased_until=Now() - timedelta(seconds=1))
    assert take() == [lost]
    assert list(still_held(*slow)) == [kept]
    assert give_back(*slow, state=Confirmation.State.FAILED, reason="Too slow.") == 1
    lost.refresh_from_db()
    assert (lost.state, lost.reason, lost.leased_until is not None) == ("waiting", "", True)


def test_what_another_worker_has_done_meanwhile_stays_done(send: Send) -> None:
    send()
    slow = take()
    Confirmation.objects.update(state=Confirmation.State.SENT)
    assert give_back(*slow, state=Confirmation.State.FAILED) == 0
    with pytest.raises(LeaseLost):
        renewer(slow[0], lease=LEASE, every_seconds=0)()
    assert Confirmation.objects.get().state == "sent"


def test_a_renewed_lease_runs_from_now_and_notes_how_far_work_has_got(send: Send) -> None:
    send()
    [claimed] = take()
    renew = renewer(claimed, lease=LEASE, every_seconds=0)
    for said in ("Half of it.", "All of it."):
        time_passes(LEASE - timedelta(seconds=5))
        claimed.leased_until -= LEASE - timedelta(seconds=5)
        renew(reason=said)
        assert Confirmation.objects.get().reason == said
        time_passes(timedelta(seconds=30))
        claimed.leased_until -= timedelta(seconds=30)
        assert take() == []
    assert give_back(claimed) == 1


def test_a_lease_is_not_renewed_at_every_call(
    send: Send, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    send()
    renew = renewer(take()[0], lease=LEASE, every_seconds=3600)
    with django_assert_num_queries(0):
        for _ in range(100):
            renew()


def test_who_lost_a_row_is_told_when_the_lease_would_be_renewed(send: Send) -> None:
    send()
    [slow] = take()
    renew = renewer(slow, lease=LEASE, every_seconds=0)
    time_passes(LEASE * 2)
    [quick] = take()
    with pytest.raises(LeaseLost):
        renew()
    assert give_back(quick) == 1
