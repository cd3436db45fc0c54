"""Attacks on the whole service as it runs for real: by the wire, by the cookie, by the password;
and what it says of itself after.
"""

import json
import re
import socket
import time
from base64 import b32decode
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from consult.nudging import nudge
from consult.staff.second_factor import STEP_SECONDS, code_at
from responses.exporting.tasks import deliver_due_batches
from tests.faults.sites import RESPOND
from tests.security.production import Production
from tests.support.running import until
from tests.support.walking import Walker
from tests.support.workers import nudges_to

START = "/police-and-crime-plan-2021-25/"
FROM_PROXY = b"Host: 127.0.0.1\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
PASSWORD = "planted password of five words"
ALWAYS = {
    "content-security-policy",
    "permissions-policy",
    "cross-origin-resource-policy",
    "cross-origin-opener-policy",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    folder = tmp_path_factory.mktemp("production")
    folder.chmod(0o755)
    for parent in folder.parents[:2]:
        parent.chmod(0o755)
    started = Production(folder)
    yield started
    started.close()


def head_of(answer: bytes) -> dict[str, str]:
    lines = answer.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    return {
        name.lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines[1:])
    } | {"": lines[0].split(" ")[1]}


@pytest.mark.parametrize(
    ("request_line", "headers", "status"),
    [
        (b"GET /police-and-crime-plan-2021-25/", FROM_PROXY, "200"),
        (b"GET /nowhere/", FROM_PROXY, "404"),
        (b"GET /static/consult/site.css", FROM_PROXY, "200"),
        (b"GET /receipt/planted-guess/", FROM_PROXY, "404"),
        (b"GET /staff/responses/", FROM_PROXY, "302"),
        (b"GET /", b"Host: 127.0.0.1\r\nConnection: close\r\n", "301"),
        (b"GET /", FROM_PROXY.replace(b"127.0.0.1", b"evil.example"), "400"),
        (b"GET /", b"Host: evil.example\r\nConnection: close\r\n", "400"),
        (b"GET /health/ready", b"Host: evil.example\r\nConnection: close\r\n", "200"),
        (b"GET /health/live", b"Host: 10.0.0.7:8000\r\nConnection: close\r\n", "200"),
        (b"POST /staff/sign-in/", FROM_PROXY + FORM + b"Content-Length: 3\r\n", "403"),
        (b"POST /staff/sign-in/", FROM_PROXY + FORM + b"Content-Length: 500000000\r\n", "413"),
    ],
    ids=[
        "page",
        "not-found",
        "style-sheet",
        "receipt",
        "staff",
        "plain",
        "host",
        "plain-host",
        "ready",
        "live",
        "csrf",
        "large",
    ],
)
def test_every_reply_even_a_refusal_carries_the_headers(
    site: Production, request_line: bytes, headers: bytes, status: str
) -> None:
    answer = site.raw(request_line + b" HTTP/1.1\r\n" + headers + b"\r\na=1")
    got = head_of(answer)
    assert got[""] == status
    assert ALWAYS - set(got) == set()
    assert "access-control-allow-origin" not in got
    kind = got.get("content-type", "text; charset=utf-8").replace('"', "")
    # JSON is always UTF-8 and has no such parameter (RFC 8259, section 11).
    assert kind == "application/json" or kind.endswith("; charset=utf-8")
    assert b"evil.example" not in answer
    if b"X-Forwarded-Proto" in headers and status != "400":
        assert got["strict-transport-security"].startswith("max-age=31536000")
    if status == "301":
        assert got["location"] == "https://127.0.0.1/"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST /staff/sign-in/ HTTP/1.1\r\n"
        + FROM_PROXY
        + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
        b"POST /staff/sign-in/ HTTP/1.1\r\n"
        + FROM_PROXY
        + b"Transfer-Encoding: xchunked\r\n\r\nabcde",
        b"POST /staff/sign-in/ HTTP/1.1\r\n"
        + FROM_PROXY
        + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
        b"POST /staff/sign-in/ HTTP/1.1\r\n" + FROM_PROXY + b"Content-Length: -4\r\n\r\nabcde",
        b"POST /staff/sign-in/ HTTP/1.1\r\n"
        + FROM_PROXY
        + b"Content-Length: 99999999999999999999\r\n\r\nabcde",
        b"GET / HTTP/1.1\r\n" + FROM_PROXY + b"Host: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + FROM_PROXY + b"X-A: b\r\n c\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + FROM_PROXY + b"X-A: b\x00c\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\n" + FROM_PROXY + b"\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + FROM_PROXY + b"\r\n",
        b"GET / HTTP/1.1\r\n"
        + FROM_PROXY
        + b"".join(b"X-%d: y\r\n" % number for number in range(10_000))
        + b"\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + b"\x00" * 160,
        b"BREW / HTTP/1.1\r\n" + FROM_PROXY + b"\r\n",
        b"TRACE / HTTP/1.1\r\n" + FROM_PROXY + b"\r\n",
        b"PUT /static/consult/site.css HTTP/1.1\r\n" + FROM_PROXY + b"Content-Length: 1\r\n\r\na",
        b"CONNECT evil.example:443 HTTP/1.1\r\n" + FROM_PROXY + b"\r\n",
        b"GET /static/../consult/settings.py HTTP/1.1\r\n" + FROM_PROXY + b"\r\n",
        b"GET /static/%2e%2e/consult/settings.py HTTP/1.1\r\n" + FROM_PROXY + b"\r\n",
        b"GET /static/..%2f..%2fconsult%2fsettings.py HTTP/1.1\r\n" + FROM_PROXY + b"\r\n",
        b"GET /static//etc/passwd HTTP/1.1\r\n" + FROM_PROXY + b"\r\n",
        b"GET /static/%00 HTTP/1.1\r\n" + FROM_PROXY + b"\r\n",
        b"GET /%zz%% HTTP/1.1\r\n" + FROM_PROXY + b"\r\n",
    ],
    ids=range(25),
)
def test_malformed_http_is_refused(site: Production, request_bytes: bytes) -> None:
    answer = site.raw(request_bytes)
    assert re.match(rb"HTTP/1\.[01] 4\d\d |$", answer), answer[:200]
    assert b"SECRET_KEY" not in answer
    assert b"root:" not in answer


def test_one_request_cannot_hide_another(site: Production) -> None:
    hidden = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    both = b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    answer = site.raw(b"POST /staff/sign-in/ HTTP/1.1\r\n" + FROM_PROXY + both + hidden)
    assert answer.count(b"HTTP/1.1 ") <= 1


def test_files_that_nobody_asked_for_are_refused_before_they_are_read(site: Production) -> None:
    kind = b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 500000000\r\n\r\n"
    part = b'--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n' + b"x" * 10_000
    began = time.monotonic()
    answer = site.raw(
        b"POST " + RESPOND.encode() + b"violence/ HTTP/1.1\r\n" + FROM_PROXY + kind + part
    )
    assert head_of(answer)[""] == "413"
    assert b"too long to send" in answer
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("size", [3_000_000, 10_000_000, 50_000_000])
def test_someone_who_sends_far_too_much_reads_why_it_was_refused(
    site: Production, size: int
) -> None:
    """As browsers do: first everything that there is to send, and only then a look at what came
    back.
    """
    wire = HTTPConnection("127.0.0.1", site.running.port, timeout=30)
    for _ in range(2):
        wire.request(
            "POST", f"{RESPOND}violence/", body=b"x" * size, headers={"X-Forwarded-Proto": "https"}
        )
        answer = wire.getresponse()
        assert answer.status == 413
        assert b"Copy it somewhere safe" in answer.read()
    wire.close()


def test_slow_senders_do_not_keep_others_out(site: Production) -> None:
    wires = []
    for _ in range(60):
        wire = socket.create_connection(("127.0.0.1", site.running.port), timeout=10)
        wire.sendall(
            b"POST "
            + RESPOND.encode()
            + b"violence/ HTTP/1.1\r\n"
            + FROM_PROXY
            + FORM
            + b"Content-Length: 1000\r\n\r\nviol"
        )
        wires.append(wire)
    try:
        assert site.visitor().go(START).status == 200
    finally:
        for wire in wires:
            wire.close()


def test_a_forged_sender_address_is_not_believed(site: Production) -> None:
    """The visitor writes the first address, the proxy the last one: a hundred made-up
    ones are one.
    """
    said = []
    for number in range(7):
        walker = site.visitor(f"10.0.0.{number}, 192.0.2.55")
        said.append(sign_in(walker, "nobody", "planted guess").words)
    assert ["Too many attempts" in words for words in said] == [False] * 5 + [True] * 2


def sign_in(walker: Walker, username: str, password: str) -> Walker:
    return walker.go("/staff/sign-in/").fill({"username": username, "password": password})


def test_staff_get_nowhere_without_a_second_factor(site: Production) -> None:
    ada = sign_in(site.visitor("192.0.2.2"), "admin", site.running.password)
    assert "Choose a password" in ada.words
    ada.fill({"new_password": PASSWORD, "new_password_again": PASSWORD})
    assert "Set up your phone" in ada.words
    for address in ("/staff/responses/", "/admin/", "/staff/batches/", "/staff/books/"):
        assert "Set up your phone" in ada.go(address).words
    letters = re.search(r"Key: ([A-Z2-7 ]{39})", ada.words)
    assert letters
    key = b32decode(letters[1].replace(" ", ""))
    ada.fill({"code": code_at(key, int(time.time()) // STEP_SECONDS)})
    codes = re.findall(r"\b\w{4}-\w{4}-\w{4}\b", ada.words)
    assert len(codes) == 8
    assert ada.go("/staff/responses/").status == 200
    names = {cookie.name: cookie for cookie in ada.jar}
    assert set(names) == {"__Host-session", "__Host-csrf"}
    assert all(
        cookie.secure and cookie.path == "/" and not cookie.domain_specified
        for cookie in names.values()
    )
    again = sign_in(site.visitor("192.0.2.3"), "admin", PASSWORD)
    assert "Code from your phone" in again.words
    assert "Sign in" in again.go("/staff/responses/").words
    again.go("/staff/sign-in/code/").fill({"code": "000 000"})
    assert (
        again.go("/staff/sign-in/code/").fill({"code": codes[0]}).go("/staff/responses/").status
        == 200
    )
    (site.running.var / "planted.json").write_text(
        json.dumps([letters[1], letters[1].replace(" ", ""), *codes])
    )


def press(walker: Walker, path: str, *fields: tuple[str, str]) -> Walker:
    """Post to `path` with the token of the page that is open, and with what it showed."""
    hidden: dict[str, str] = {}
    for field in walker.page.iter("input"):
        if (name := field.get("name")) in {"csrfmiddlewaretoken", "shown", "version", "seen"}:
            hidden.setdefault(name, field.get("value", ""))
    return walker.go(path, [*hidden.items(), *fields])


def at_the_desk(site: Production) -> Walker:
    """An administrator of this test's own, signed in with a phone."""
    made = site.running.manage("create_staff", "planted.desk", "--role", "administrator")
    once = re.search(r"[2-9A-HJKMNP-Za-hjkmnp-z]{16}", made)
    assert once, made
    walker = sign_in(site.visitor("192.0.2.9"), "planted.desk", once[0])
    walker.fill({"new_password": PASSWORD, "new_password_again": PASSWORD})
    letters = re.search(r"Key: ([A-Z2-7 ]{39})", walker.words)
    assert letters, walker.words
    walker.fill(
        {"code": code_at(b32decode(letters[1].replace(" ", "")), int(time.time()) // STEP_SECONDS)}
    )
    return walker


def work_at_the_desk(site: Production, desk: Walker) -> None:
    """Everything that staff do with people's words, well and badly: each with planted ones, none of
    which may be written down.
    """
    slug = START.strip("/")
    reference = site.ask("SELECT reference FROM responses_response ORDER BY id LIMIT 1")[0][0]
    assert "planted-answer" in desk.go(f"/staff/responses/{reference}/").words
    desk.go("/staff/responses/?words=planted-word&reference=planted-word")
    codes = f"/staff/codes/{slug}/violence-comment/"
    desk.go(codes)
    assert (
        press(
            desk,
            codes,
            ("name", "Planted Name"),
            ("group", "planted-word"),
            ("definition", "planted-answer"),
        ).status
        == 200
    )
    code = site.ask("SELECT id FROM responses_code WHERE name = 'Planted Name'")[0][0]
    desk.go(f"{codes}answers/")
    press(
        desk,
        f"{codes}answers/",
        ("reference", reference),
        ("do", "passage"),
        ("code", str(code)),
        ("passage", "planted-word"),
    )
    press(desk, f"{codes}answers/", ("reference", reference), ("do", "code"), ("code", str(code)))
    # The same letter twice is a campaign, of that name.
    desk.go("/staff/campaigns/")
    press(desk, "/staff/campaigns/search/")
    until(
        lambda: site.ask("SELECT id FROM responses_cluster"), seconds=60, what="no group was found"
    )
    cluster = site.ask("SELECT id FROM responses_cluster LIMIT 1")[0][0]
    desk.go(f"/staff/campaigns/found/{cluster}/")
    press(desk, f"/staff/campaigns/found/{cluster}/", ("name", "Planted Name"))
    campaign = site.ask("SELECT id FROM responses_campaign WHERE name = 'Planted Name'")[0][0]
    desk.go(f"/staff/campaigns/{campaign}/")
    press(
        desk, f"/staff/campaigns/{campaign}/change/", ("do", "add"), ("reference", "planted-word")
    )
    # A letter is keyed: with a mistake, and without; an email is set aside.
    keyed = {
        "channel": "post",
        "received_on": time.strftime("%Y-%m-%d"),
        "violence-comment": "planted-answer by letter",
    }
    desk.go(f"/staff/enter/{slug}/").fill({**keyed, "email": "planted.wrong"})
    assert desk.fill({"email": "planted.keyed@example.org", "name": "Planted Name"}).status == 200
    assert site.ask("SELECT count(*) FROM responses_transcription")[0][0] == 1, desk.words
    message = site.ask("SELECT id FROM responses_message LIMIT 1")[0][0]
    press(
        desk.go(f"/staff/messages/{message}/"),
        f"/staff/messages/{message}/",
        ("reason", "planted-word of Planted Name"),
    )
    # A person is looked for, and taken away as a pack; extracts, of everything and by words.
    desk.go("/staff/people/").fill({"words": "Planted Name"})
    assert reference in desk.words
    desk.go("/staff/extracts/")
    press(desk, "/staff/extracts/ask/", ("consultation", slug), ("query", "words=planted-answer"))
    until(
        lambda: site.ask("SELECT 1 FROM responses_extract WHERE state = 'ready'"),
        seconds=60,
        what="no extract was made",
    )
    # A batch goes to where nobody listens.
    desk.go("/staff/batches/")
    press(desk, "/staff/batches/now/", ("consultation", slug), ("number", "1"))
    until(
        lambda: site.ask("SELECT 1 FROM responses_batch WHERE written_at IS NOT NULL"),
        seconds=60,
        what="no batch was written",
    )
    with nudges_to(site.redis.url):
        nudge(deliver_due_batches)
    until(
        lambda: site.ask("SELECT 1 FROM responses_delivery WHERE reason <> ''"),
        seconds=90,
        what="nobody tried to deliver",
    )


def test_after_attacks_no_log_holds_anyones_words_name_address_or_token(site: Production) -> None:
    site.postbox.answers["planted.refused@example.org"] = (
        "550 <planted.refused@example.org> Planted Name is unknown here"
    )
    site.postbox.answers["planted.later@example.org"] = "451 planted.later@example.org try later"
    tokens = set()
    for email in (
        "planted@example.org",
        "planted.refused@example.org",
        "planted.later@example.org",
    ):
        walker = site.ready_for(email)
        tokens |= {
            cookie.value for cookie in walker.jar if cookie.name != "__Host-csrf" and cookie.value
        }
        walker.fill({})
        assert "/receipt/" in walker.url
        tokens.add(walker.url.split("/receipt/")[1].strip("/"))
        walker.go(f"{walker.url}copy.txt")
        walker.go(walker.url + "planted-word-in-a-path/?planted-word=in-a-query")
    # Links to come back by: one that arrives and opens a draft, one whose address is refused, one
    # that is guessed.
    for email in ("planted.back@example.org", "planted.refused@example.org"):
        site.ready_for(email).go(f"{RESPOND}later/").fill({"email": email})
    until(site.links, seconds=60, what="the link did not come")
    for link in site.links():
        assert site.visitor().go(link).status == 200
        tokens.add(link.rstrip("/").rpartition("/")[2])
    site.visitor().go(f"{RESPOND}back/planted-token-of-a-draft/")
    # What came by email, and is taken up; and a person's pack, looked for by name.
    letter = site.running.var.parent / "letter.eml"
    letter.write_text(
        "From: Planted Name <planted@example.org>\nSubject: planted-word\n\nplanted-answer by "
        "email\n"
    )
    for command in (
        ["load_mailbox", "police-and-crime-plan-2021-25", str(letter)],
        ["find_person", "Planted", "Name"],
        ["retain"],
    ):
        ran = site.running.try_to_manage(*command)
        assert ran.returncode == 0, ran.stderr
        assert "planted" not in (ran.stdout + ran.stderr).lower().replace(str(letter).lower(), "")
    sign_in(site.visitor("192.0.2.4"), "planted-secret-typed-as-a-name", "planted guess")
    desk = at_the_desk(site)
    work_at_the_desk(site, desk)
    tokens |= {cookie.value for cookie in desk.jar if cookie.value}
    # The database refuses what it is given, with the row in its answer; then it goes away under
    # someone who sends.
    walker = site.ready_for("planted@example.org")
    site.ask(
        "ALTER TABLE responses_response ADD CONSTRAINT no_planted CHECK (texts::text NOT LIKE "
        "'%planted-answer%') NOT VALID"
    )
    assert walker.fill({}).status == 500
    site.ask("ALTER TABLE responses_response DROP CONSTRAINT no_planted")
    walker = site.ready_for("planted@example.org")
    site.postgres.stop()
    walker.fill({})
    assert walker.status == 503
    site.visitor().go("/receipt/planted-token-of-someone/")
    site.postgres.start()
    until(
        lambda: site.visitor().go("/health/ready").status == 200,
        seconds=30,
        what="it did not come back",
    )
    until(
        lambda: (
            site.ask("SELECT count(*) FROM responses_confirmation WHERE state = 'failed'")[0][0]
            == 1
        ),
        seconds=30,
        what="mail",
    )
    figures = site.visitor(Authorization="Bearer planted-metrics-token").go("/metrics")
    assert (figures.status, "consult_responses_total" in figures.text) == (200, True)
    doctor = site.running.try_to_manage("doctor").stdout
    written = f"{site.written()}\n{figures.text}\n{doctor}"
    # The errors themselves are there.
    assert "no_planted" in written
    assert "did not succeed; another try follows" in written
    planted = {
        "planted-answer",
        "planted@",
        "planted.",
        "Planted Name",
        "planted-word",
        "planted-secret",
        "planted guess",
    }
    planted |= {
        "planted-carrier",
        "planted-token",
        "planted-metrics",
        "planted-guess",
        PASSWORD,
    } | tokens
    kept = site.running.var / "planted.json"
    planted |= set(json.loads(kept.read_text())) if kept.exists() else set()
    found = {
        word: next(line for line in written.splitlines() if word in line)[:400]
        for word in planted
        if word in written
    }
    assert found == {}


def test_logs_are_lines_of_json_with_an_id(site: Production) -> None:
    site.visitor(X_Request_ID="asked-for-by-this-test").go(START)
    lines = [
        line
        for line in (Path(site.running.var) / "log" / "web.log").read_text().splitlines()
        if line.startswith("{")
    ]
    assert any(json.loads(line)["id"] == "asked-for-by-this-test" for line in lines)
