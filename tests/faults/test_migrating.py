"""A newer version changes the tables of one that serves: nobody is refused, and nobody
waits long.
"""

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.sites import RESPOND, Site
from tests.support.running import ROOT, until
from tests.support.walking import Walker

# Longer than anyone has to wait behind a lock, so that anyone behind this report would be refused.
REPORT_SECONDS = 9
NEWER = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("responses", "{latest}")]
    operations = [
        migrations.AddField("response", "rehearsed", models.CharField(max_length=10, null=True)),
        migrations.RunSQL("SELECT watch_rows('responses_response')"),
        migrations.AddIndex("response", models.Index(fields=["received_at"], name="rehearsed")),
    ]
"""
UNTOUCHED = "SELECT count(*), max(xmin::text::bigint) FROM responses_response WHERE synthetic"
BEHIND_ITS_BACK = """SET session_replication_role = replica;
    UPDATE responses_response SET rehearsed = 'x' WHERE id = (SELECT min(id)
        FROM responses_response)"""
COLUMN = (
    "SELECT 1 FROM information_schema.columns WHERE table_name = 'responses_response' AND "
    "column_name = 'rehearsed'"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("migrating")
    folder.chmod(0o755)
    made = Site(folder)
    yield made
    made.close()


def newer_version(folder: Path) -> Path:
    """This service's code with one more migration."""
    for name in ("consult", "responses", "templates"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", folder)
    migrations = folder / "responses" / "migrations"
    latest = max(path.stem for path in migrations.glob("0*.py"))
    (migrations / "9999_rehearsed.py").write_text(NEWER.format(latest=latest))
    return folder


class Sender(threading.Thread):
    """Someone who sends one response after another until told to stop, and notes how each step
    went.
    """

    def __init__(self, site: Site, number: int, stopping: threading.Event) -> None:
        super().__init__(daemon=True)
        self.site, self.number, self.stopping = site, number, stopping
        self.sent: list[str] = []
        self.statuses: set[int] = set()
        self.longest = 0.0

    def run(self) -> None:
        while not self.stopping.is_set():
            words = f"Sender {self.number}, response {len(self.sent)}."
            began = time.monotonic()
            walker = self.site.ready_to_send(words, email="").fill({})
            self.longest = max(self.longest, time.monotonic() - began)
            self.statuses.add(walker.status)
            if "/receipt/" in walker.url:
                self.sent.append(words)


def test_a_migration_runs_while_people_send_and_a_long_report_is_read(
    site: Site, tmp_path: Path
) -> None:
    site.running.manage("fill_responses", "--count", "2000")
    stopping = threading.Event()
    senders = [Sender(site, number, stopping) for number in range(3)]
    for sender in senders:
        sender.start()
    fingerprints = site.ask(UNTOUCHED)
    with closing(site.connect()) as report, report.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM responses_response")
        environment = site.running.environment | {"PYTHONPATH": ""}
        command = [sys.executable, "manage.py", "prepare"]
        with (tmp_path / "said.txt").open("w") as said:
            prepare = subprocess.Popen(
                command,
                cwd=newer_version(tmp_path / "newer"),
                env=environment,
                stdout=said,
                stderr=said,
            )
        time.sleep(REPORT_SECONDS)
        assert site.ask(COLUMN) == [], "the report did not hold it up"
        assert prepare.poll() is None
    assert prepare.wait(timeout=60) == 0, (tmp_path / "said.txt").read_text()
    sent_before = sum(len(sender.sent) for sender in senders)
    assert site.ask(COLUMN) == [(1,)]
    # The version that serves knows nothing of the new column, and goes on.
    until(
        lambda: sum(len(sender.sent) for sender in senders) > sent_before + 3,
        seconds=30,
        what="nobody sends any more",
    )
    stopping.set()
    for sender in senders:
        sender.join(timeout=60)
    assert set().union(*(sender.statuses for sender in senders)) == {200}
    assert max(sender.longest for sender in senders) < 30
    sent = [words for sender in senders for words in sender.sent]
    assert [(words, site.stored(words)) for words in sent] == [(words, 1) for words in sent]
    # No row that was there was written again, which would have kept everyone waiting; and each is
    # watched with its new column.
    assert site.ask(UNTOUCHED) == fingerprints
    assert "The integrity check passed." in site.running.manage("reconcile")
    site.ask(BEHIND_ITS_BACK)
    assert (
        "This row was altered outside the service" in site.running.try_to_manage("reconcile").stderr
    )


def test_behind_a_lasting_lock_the_page_answers_and_keeps_what_was_typed(site: Site) -> None:
    walker = (
        Walker(site.running.url)
        .go(f"{RESPOND}violence/")
        .fill({"violence-comment": "Before the lock."})
    )
    walker.go(f"{RESPOND}trust/")
    with closing(site.connect()) as keeper, keeper.cursor() as cursor:
        cursor.execute("LOCK TABLE responses_draft IN ACCESS EXCLUSIVE MODE")
        walker.fill({"trust-comment": "Behind the lock."})
        assert walker.status == 503
        assert "What you typed on it is still here." in walker.words
    walker.fill({})
    assert walker.status == 200
    assert "Behind the lock." in walker.go(f"{RESPOND}check/").words
