"""The whole service, started as an operator starts it, used by three people, and compared field by
field at the end.
"""

import csv
import email
import email.policy
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.support.running import Running, until
from tests.support.walking import Walker

ROOT = Path(__file__).resolve().parent.parent
PARTS = "police-and-crime-plan-2021-25/respond"
# A question page on the wire, headers too: with style sheet and script, and without them.
FIRST_VISIT_BYTES, LATER_BYTES = 100_000, 15_000
HOSTILE = (
    "=cmd|'/C calc'!A0 <script>alert(\"x\")</script> عربي বাংলা 中文 🙂\nSecond line, with "
    '"quotes"; and\ttabs.'
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("whole") / "var").wait_until_ready()
    yield running
    assert running.stop() == 0


class Scales:
    """What a page has fetched since they were last read: bytes on the wire, and from where."""

    def __init__(self, page: Page) -> None:
        self.bytes, self.hosts = 0, set[str]()
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.on(
            "Network.requestWillBeSent",
            lambda event: self.hosts.add(urlsplit(event["request"]["url"]).netloc),
        )
        wire.on("Network.loadingFinished", self._add)

    def _add(self, event: dict[str, float]) -> None:
        self.bytes += int(event["encodedDataLength"])

    def read(self) -> int:
        weighed, self.bytes = self.bytes, 0
        return weighed


def without_javascript(service: Running) -> dict[str, str]:
    """Wanda's browser has no JavaScript.

    She answers every kind of question and signs as an organisation.
    """
    said = {
        "violence-agree": "strongly-agree",
        "violence-priority": "top",
        "violence-comment": HOSTILE,
        "zero-murders-agree": "dont-know",
        "zero-murders-comment": "Zwölf Boxkämpfer – 'quoted'",
        "missing": "Nothing about noise.",
    }
    wanda = Walker(service.url).go("/").link("Start").link("Continue")
    wanda.go("violence/").fill(
        {name: text for name, text in said.items() if name.startswith("violence-")}
    )
    wanda.go("../zero-murders/").fill(
        {name: text for name, text in said.items() if name.startswith("zero-")}
    )
    wanda.go("../general/").fill(
        {"missing": said["missing"], "top-sections": ["violence", "trust"]}
    )
    about = {
        "capacity": "organisation",
        "organisation-name": "Wood Green Choir",
        "organisation-type": "voluntary",
        "organisation-speaks-for": "10-to-99",
        "publication": "anonymous",
    }
    about |= {
        "borough": "haringey",
        "name": "Wanda Walker",
        "email": "wanda@example.org",
        "postcode": "N22",
    }
    wanda.go("../about-you/").fill({**about, "connection": ["live", "work"]})
    wanda.go("../check/").fill({})
    assert "/receipt/" in wanda.url, wanda.words
    receipt = wanda.url
    with wanda.opener.open(f"{receipt}copy.pdf?anyway=yes", timeout=30) as copy:
        assert copy.read(5) == b"%PDF-"
    # They are about a person, and she signs as an organisation.
    assert "Answer the equality questions" not in wanda.words
    return said | about | {"reference": reference_on(wanda.words), "receipt": receipt}


def reference_on(words: str) -> str:
    found = re.search(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]\b", words)
    assert found, words
    return found[0]


def with_a_browser(service: Running, page: Page, *, comment: str, address: str) -> dict[str, str]:
    """Someone with an ordinary browser, who answers one part by following the buttons."""
    page.goto(f"{service.url}/")
    page.get_by_role("button", name=re.compile("Start")).click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("link", name="Increasing trust and confidence").click()
    page.get_by_role("group", name=re.compile("How far do you agree")).get_by_label(
        "Disagree", exact=True
    ).check()
    page.get_by_label(re.compile("Tell us why")).fill(comment)
    page.get_by_role("button", name="Continue").click()
    page.goto(re.sub(r"respond/.*", "respond/about-you/", page.url))
    page.get_by_label("For myself").check()
    page.get_by_label(re.compile("email", re.IGNORECASE)).first.fill(address)
    page.get_by_role("button", name="Continue").click()
    page.goto(re.sub(r"respond/.*", "respond/check/", page.url))
    page.get_by_role("button", name=re.compile("Send")).click()
    page.wait_for_url("**/receipt/**")
    reference = reference_on(page.inner_text("main"))
    page.get_by_role("link", name="Answer the equality questions").click()
    page.check("[name=equality-age][value='35-to-44']")
    page.get_by_role("button", name="Send these answers").click()
    page.get_by_text("You have answered the equality questions.").wait_for()
    return {
        "trust-agree": "disagree",
        "trust-comment": comment,
        "email": address,
        "reference": reference,
    }


def mails(service: Running) -> dict[str, email.message.EmailMessage]:
    read = [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in (service.var / "mail").glob("*.eml")
    ]
    return {str(message["To"]): message for message in read}


@pytest.mark.browser
def test_three_people_answer_and_every_word_reaches_the_batch(
    service: Running, browser: Browser
) -> None:
    wanda = without_javascript(service)
    desktop = with_a_browser(
        service,
        browser.new_page(viewport={"width": 1280, "height": 900}),
        comment="Desk 🖥",
        address="desk@example.org",
    )
    phone = with_a_browser(
        service,
        browser.new_page(viewport={"width": 360, "height": 740}),
        comment="Phone ☎",
        address="phone@example.org",
    )
    people = {person["reference"]: person for person in (wanda, desktop, phone)}
    assert len(people) == 3

    until(lambda: len(mails(service)) == 3, seconds=60, what="the emails did not come")
    for person in people.values():
        message = mails(service)[person["email"]]
        for kind in ("plain", "html"):
            assert person["reference"] in message.get_body((kind,)).get_content()
    assert (
        wanda["receipt"] in mails(service)["wanda@example.org"].get_body(("plain",)).get_content()
    )

    staff = (
        Walker(service.url)
        .go("/staff/sign-in/")
        .fill({"username": "admin", "password": service.password})
    )
    new = "a long password that ada chose"
    staff.fill(dict.fromkeys(re.findall(r'name="(new[^"]*)"', staff.text), new))
    staff.go("/staff/responses/")
    assert [
        reference
        for reference in re.findall(r"/staff/responses/([^/]+)/", staff.text)
        if reference in people
    ] == list(reversed(people))
    staff.link(wanda["reference"])
    for words in (
        "Wood Green Choir",
        "Nothing about noise.",
        '<script>alert("x")</script>',
        "Strongly agree",
    ):
        assert words in staff.words

    service.manage("export_batch")
    folder = next((service.var / "exports").glob("*/batch-0001"))
    manifest = json.loads((folder / "manifest.json").read_text())
    for entry in manifest["files"]:
        content = (folder / entry["name"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (
            entry["bytes"],
            entry["sha256"],
        )
    key = re.search(r"\b[0-9a-f]{64}\b", Walker(service.url).go("/signing-key/").words)
    assert key
    check = [sys.executable, "-I", str(folder / "verify_batch.py"), "--key", key[0], str(folder)]
    told = subprocess.run(check, capture_output=True, text=True, timeout=60, check=False)
    assert (told.returncode, "DOES NOT HOLD" in told.stdout) == (0, False), told.stdout
    with (folder / "responses.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["reference"]: row for row in csv.DictReader(file)}
    lines = {
        row["reference"]: row
        for row in map(json.loads, (folder / "responses.jsonl").read_text().splitlines())
    }
    assert list(rows) == list(lines) == list(people)
    apart = {"reference", "receipt", "name", "email", "postcode"}
    for reference, person in people.items():
        raw = lines[reference]["choices"] | lines[reference]["texts"]
        assert {name: raw[name] for name in person if name not in apart} == {
            name: said for name, said in person.items() if name not in apart
        }
        cells = rows[reference]
        assert {name: cells[name].removeprefix("'") for name in person if name not in apart} == {
            name: said for name, said in person.items() if name not in apart
        }
    assert lines[wanda["reference"]]["choices"]["connection"] == ["live", "work"]
    assert rows[wanda["reference"]]["violence-comment"] == "'" + HOSTILE


def test_a_question_page_is_light_and_lighter_once_cached(
    browser: Browser, service: Running
) -> None:
    page = browser.new_page()
    scales = Scales(page)
    page.goto(f"{service.url}/{PARTS}/violence/", wait_until="networkidle")
    assert 5_000 < scales.read() < FIRST_VISIT_BYTES
    for part in ("about-you", "general", "trust", "zero-murders"):
        page.goto(f"{service.url}/{PARTS}/{part}/", wait_until="networkidle")
        assert 1_000 < scales.read() < LATER_BYTES, part
    assert scales.hosts == {f"127.0.0.1:{service.port}"}
    page.close()
