"""Very many people at the same moment, and people who send slowly: the site answers all others, and
PostgreSQL's connections are not used up.
"""

import contextlib
import http.client
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import psycopg2
import pytest

from consult.addresses import own_database_url
from tests.support.running import Running, until
from tests.support.walking import Walker

CLIENTS = 300
SENDERS = 60
HALF_SENT = 560
SLUG = "police-and-crime-plan-2021-25"
PAGES = ["/", f"/{SLUG}/", f"/{SLUG}/respond/", f"/{SLUG}/respond/violence/"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("burst")
    running = Running(folder / "var", LIMIT_DRAFT="100000/3600", LIMIT_SEND="100000/3600")
    yield running.wait_until_ready()
    running.stop()


class Database:
    """The site's own database, asked from beside it."""

    def __init__(self, var: Path) -> None:
        self.connection = psycopg2.connect(own_database_url(var))
        self.connection.autocommit = True

    def ask(self, question: str) -> int:
        with self.connection.cursor() as cursor:
            cursor.execute(question)
            return int(cursor.fetchone()[0])

    def others(self) -> int:
        return self.ask(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )

    def most(self) -> int:
        return self.ask("SELECT current_setting('max_connections')::int")


@pytest.fixture
def database(site: Running) -> Iterator[Database]:
    asked = Database(site.var)
    yield asked
    asked.connection.close()


def all_at_once(number: int, act: Callable[[int], None]) -> None:
    """Let so many people do it at the same moment, and wait for them."""
    start = threading.Barrier(number)

    def wait_and_act(which: int) -> None:
        start.wait()
        act(which)

    people = [threading.Thread(target=wait_and_act, args=[which]) for which in range(number)]
    for person in people:
        person.start()
    for person in people:
        person.join(timeout=240)
    assert not any(person.is_alive() for person in people), "someone got no answer"


def get(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=200)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def test_300_people_at_once_are_all_answered(site: Running, database: Database) -> None:
    statuses: Counter[int] = Counter()
    most_seen: list[int] = []
    over = threading.Event()
    before = database.others()
    walkers = [walker_before_sending(site, number) for number in range(SENDERS)]

    def come(which: int) -> None:
        if which < SENDERS:
            walkers[which].fill({})
            statuses[walkers[which].status] += 1
            return
        for page in PAGES:
            statuses[get(site.port, page)] += 1

    def watch() -> None:
        beside = Database(site.var)
        while not over.wait(0.2):
            most_seen.append(beside.others())
        beside.connection.close()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        all_at_once(CLIENTS + SENDERS, come)
    finally:
        over.set()
        watcher.join()
    assert set(statuses) <= {200, 302, 303}
    assert sum(statuses.values()) == CLIENTS * len(PAGES) + SENDERS
    assert max(most_seen) <= database.most() / 2
    assert database.ask("SELECT count(*) FROM responses_response") == SENDERS
    until(lambda: database.others() <= before, seconds=60, what="connections stay open")


def walker_before_sending(site: Running, number: int) -> Walker:
    """A respondent who has answered, and looks at the page with the button."""
    walker = Walker(site.url).go(f"/{SLUG}/respond/violence/")
    walker.fill({"violence-comment": f"Lights, please, says number {number}."})
    return walker.go(f"/{SLUG}/respond/check/")


def test_half_sent_forms_keep_nobody_else_waiting(site: Running) -> None:
    held = []
    with contextlib.ExitStack() as sockets:
        for _ in range(HALF_SENT):
            sender = sockets.enter_context(socket.create_connection(("127.0.0.1", site.port), 30))
            sender.sendall(
                f"POST /{SLUG}/respond/violence/ HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n"
                "Content-Type: application/x-www-form-urlencoded\r\n"
                "Content-Length: 9000\r\n\r\na=".encode()
            )
            held.append(sender)
        assert [get(site.port, page) for page in PAGES] == [302, 200, 200, 200]
        # Those for whom there is no room are told at once, the others after their wait.
        answered = Counter(read_status(sender) for sender in held)
    assert set(answered) == {"408", "503"}
    assert get(site.port, PAGES[1]) == 200


def read_status(sender: socket.socket) -> str:
    sender.settimeout(60)
    return sender.recv(4096).decode().split(" ")[1]


def test_a_form_that_comes_slowly_but_comes_is_kept(site: Running) -> None:
    walker = Walker(site.url).go(f"/{SLUG}/respond/violence/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', walker.text)[1]
    body = urlencode({"csrfmiddlewaretoken": token, "violence-comment": "Slowly. " * 100}).encode()
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in walker.jar)
    head = (
        f"POST /{SLUG}/respond/violence/ HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n"
        f"Cookie: {cookies}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Referer: {walker.url}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", site.port), 30) as sender:
        sender.sendall(head.encode())
        for start in range(0, len(body), 100):
            sender.sendall(body[start : start + 100])
            time.sleep(0.05)
        assert read_status(sender) == "303"
