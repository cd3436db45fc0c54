"""Web, worker, beat, Redis and the mail server, killed, paused and emptied while the whole service
runs.
"""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis as redis_client

from consult.nudging import nudge
from responses.responding.tasks import send_due_confirmations
from tests.faults.sites import Parts, again_and_again, in_background
from tests.support.acting import as_if_always_so
from tests.support.postbox import Postbox
from tests.support.running import until, with_children
from tests.support.workers import nudges_to

# Two seconds is what is promised; the machine that tests may be busy, and this only says that
# nobody hangs.
AT_ONCE_SECONDS = 15
LEDGER = """SELECT event FROM responses_ledgerentry e
       JOIN responses_response r ON r.id = e.response_id
    WHERE texts ->> 'violence-comment' = %s ORDER BY e.id"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    folder = tmp_path_factory.mktemp("parts")
    folder.chmod(0o755)
    made = Parts(folder)
    yield made
    made.close()


def send_several(site: Parts, name: str, *, count: int = 4) -> list[str]:
    """Several people send a response each; the addresses they gave."""
    addresses = [f"{name}{number}@example.org" for number in range(count)]
    for address in addresses:
        again_and_again(site.ready_to_send(f"From {address}.", email=address))
    return addresses


def each_has_one_email(site: Parts, addresses: list[str]) -> None:
    site.until_all_confirmed()
    assert {
        address: site.postbox.recipients.count(address) for address in addresses
    } == dict.fromkeys(addresses, 1)


def test_web_killed_before_commit_receives_nothing_and_a_resend_once(site: Parts) -> None:
    walker = site.ready_to_send("Killed before.", email="before@example.org")
    with site.holding("responses_confirmation"):
        press = in_background(lambda: walker.fill({}))
        site.until_held()
        site.kill("web")
        press.join(timeout=30)
        assert "/receipt/" not in walker.url
    assert site.stored("Killed before.") == 0
    again_and_again(walker)
    assert "Response received" in walker.words
    assert site.ask(LEDGER, "Killed before.")[0] == ("received",)
    each_has_one_email(site, ["before@example.org"])
    assert site.ask(LEDGER, "Killed before.") == [("received",), ("confirmed",)]


def test_web_killed_after_commit_has_received_it_and_a_resend_shows_that(site: Parts) -> None:
    walker = site.ready_to_send("Killed after.", email="after@example.org")
    # What follows the commit is the nudge, which a silent Redis holds up for a second.
    with site.silent("redis"):
        press = in_background(lambda: walker.fill({}))
        until(lambda: site.stored("Killed after.") == 1, seconds=15, what="it was never stored")
        site.kill("web")
        press.join(timeout=30)
        assert "/receipt/" not in walker.url
    again_and_again(walker)
    [(reference,)] = site.ask(
        "SELECT reference FROM responses_response WHERE texts ->> 'violence-comment' = 'Killed "
        "after.'"
    )
    assert reference in walker.words
    each_has_one_email(site, ["after@example.org"])
    assert site.ask(LEDGER, "Killed after.") == [("received",), ("confirmed",)]


def test_with_only_the_database_up_sending_works_and_emails_go_later(site: Parts) -> None:
    addresses = [f"silence{number}@example.org" for number in range(6)]
    walkers = [site.ready_to_send(f"From {address}.", email=address) for address in addresses]

    def press(number: int) -> float:
        began = time.monotonic()
        walkers[number].fill({})
        return time.monotonic() - began

    site.postbox.seconds_a_message = 3
    with site.silent("redis", "worker", "beat"):
        with ThreadPoolExecutor(6) as pool:
            waits = list(pool.map(press, range(6)))
        assert all("Response received" in walker.words for walker in walkers)
        assert max(waits) < AT_ONCE_SECONDS
        assert not set(addresses) & set(site.postbox.recipients)
    site.postbox.seconds_a_message = 0
    each_has_one_email(site, addresses)


@pytest.mark.parametrize(
    "loss", ["flushed", "restarted with its data", "restarted without its data"]
)
def test_whatever_redis_forgets_each_email_goes_once(site: Parts, loss: str) -> None:
    with site.silent("worker", "beat"):
        addresses = send_several(site, loss.replace(" ", "-"))
        # The sleeping worker has taken one task, and the service may be leaving a Redis alone that
        # was silent just now.
        with nudges_to(site.redis.url):
            for _ in range(3):
                nudge(send_due_confirmations)
        client = redis_client.Redis.from_url(site.redis.url)
        assert client.llen("celery") > 0, "no nudge waits in Redis, so that nothing can be lost"
        if loss == "flushed":
            client.flushall()
        else:
            client.save()
            assert site.redis.process is not None
            site.redis.process.kill()
            site.redis.process.wait()
            if loss == "restarted without its data":
                shutil.rmtree(site.redis.var_dir / "redis")
            site.redis.start()
        client.close()
        # With what it had taken already: nothing is left that says what is to be done, but the
        # database.
        site.kill("worker")
    each_has_one_email(site, addresses)


def test_a_killed_beat_restarts_despite_a_torn_schedule_and_sweeps_again(site: Parts) -> None:
    site.postbox.answers["grey@example.org"] = "451 4.7.1 try again later"
    again_and_again(site.ready_to_send("Grey.", email="grey@example.org"))
    until(
        lambda: (
            site.ask("SELECT 1 FROM responses_confirmationattempt WHERE outcome = 'try-again'")
            != []
        ),
        seconds=20,
        what="no try",
    )
    killed = site.running.parts()["beat"]
    site.kill("beat")
    until(
        lambda: site.running.parts().get("beat", killed) != killed,
        seconds=30,
        what=site.running.said,
    )
    # A power cut in the middle of its writing leaves anything at all.
    killed = site.running.parts()["beat"]
    site.kill("beat")
    for notes in (site.running.var / "run").glob("beat-schedule*"):
        notes.write_bytes(b"\0torn")
    until(
        lambda: site.running.parts().get("beat", killed) != killed,
        seconds=30,
        what=site.running.said,
    )
    del site.postbox.answers["grey@example.org"]
    site.ask("UPDATE responses_confirmation SET due_at = now() WHERE state = 'waiting'")
    # No nudge comes any more: only the schedule finds it.
    each_has_one_email(site, ["grey@example.org"])


def test_two_beats_and_two_workers_at_once_do_nothing_twice(site: Parts) -> None:
    second = [
        site.beside("beat", "--schedule", str(site.running.var / "second-schedule"), "--pidfile="),
        site.beside("worker"),
    ]
    try:
        addresses = send_several(site, "twice", count=8)
        each_has_one_email(site, addresses)
        # From now on a batch is due, to both schedules and to anyone else who asks.
        site.ask(
            "SET session_replication_role = replica; "  # noqa: S608  # all of it is ours
            "UPDATE consult_consultation SET opens_at = now() - interval '3 days', published_at = "
            "now() - interval '3 days';" + as_if_always_so("consult_consultation")
        )
        for _ in range(4):
            seal = site.beside("call", "responses.seal_due_batches")
            assert seal.wait(timeout=30) == 0
        until(
            lambda: (
                site.ask("SELECT count(*) FROM responses_batch WHERE written_at IS NOT NULL")[0][0]
                > 0
            ),
            seconds=30,
            what="no batch",
        )
        time.sleep(6)  # Both schedules come round once more.
    finally:
        for process in second:
            process.terminate()
        for process in second:
            process.wait(timeout=30)
    [(batches, members, responses)] = site.ask(
        "SELECT (SELECT count(*) FROM responses_batch), (SELECT count(*) FROM "
        "responses_batchmember), count(*) FROM responses_response"
    )
    assert (batches, members) == (1, responses)
    each_has_one_email(site, addresses)


def test_children_of_the_web_server_that_are_killed_are_replaced(site: Parts) -> None:
    leader = site.running.parts()["web"]
    children = with_children(leader)[1:]
    assert children
    for child in children:
        os.kill(child, signal.SIGKILL)
    until(
        lambda: with_children(leader)[1:] not in ([], children) and site.running.answers(),
        seconds=30,
        what=site.running.said,
    )
    assert site.running.parts()["web"] == leader


def test_a_worker_whose_child_is_killed_goes_on(site: Parts) -> None:
    [*children] = [pid for pid in site.group("worker") if pid != site.running.parts()["worker"]]
    assert children
    for child in children:
        os.kill(child, signal.SIGKILL)
    each_has_one_email(site, send_several(site, "childless"))


def test_after_an_outage_of_mail_and_redis_every_email_goes_by_itself(site: Parts) -> None:
    port = site.postbox.port
    site.postbox.close()
    assert site.redis.process is not None
    site.redis.process.kill()
    site.redis.process.wait()
    began = time.monotonic()
    addresses = send_several(site, "outage")
    assert time.monotonic() - began < AT_ONCE_SECONDS * len(addresses)
    site.redis.start()
    until(
        lambda: (
            site.ask(
                "SELECT count(*) FROM responses_confirmation WHERE reason LIKE 'Waiting for the "
                "mail server%%'"
            )[0][0]
            == 4
        ),
        seconds=30,
        what="nobody tried",
    )
    site.postbox = Postbox(port=port)
    each_has_one_email(site, addresses)


def test_the_reconciliation_balances_after_every_fault(site: Parts) -> None:
    site.running.manage("export_batch")
    assert "The integrity check passed." in site.running.manage("reconcile")
