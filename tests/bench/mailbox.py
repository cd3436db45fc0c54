"""`make bench`, a large mailbox: how long it takes to load, in how much memory, and whether the
numbers agree afterwards, also when the loading was stopped and begun again.

`python -m tests.bench.mailbox --count 10000`

The mails are of the kinds of `tests.support.mails`, each with an address and words of its own. The
aim is two minutes and 300 MB for 10,000; then the desk's pages are measured with all of them.
"""

import argparse
import os
import resource
import tempfile
import time
from functools import partial
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

from django.test import Client
from django.test.utils import setup_databases, setup_test_environment, teardown_databases
from django.urls import reverse

from consult.models import User
from responses.models import Message
from responses.reviewing.mailboxes import load_mailbox
from tests.bench.pages import median_ms, open_consultation
from tests.support.mails import CORPUS

SEPARATOR = b"From someone@example.org Thu Nov 19 10:00:00 2026\n"


def write_mailbox(path: Path, count: int) -> None:
    """Write an mbox file of so many mails, no two the same."""
    kinds = [made.raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n") for made in CORPUS.values()]
    kinds = [raw for raw in kinds if raw.startswith(b"From:")]
    with path.open("wb") as file:
        for number in range(count):
            raw = kinds[number % len(kinds)]
            head = b"X-Number: %d\nReceived: from a by b; %d\n" % (number, number)
            own = raw.replace(b"Message-ID: <", b"Message-ID: <%d-" % number, 1)
            body = (head + own).replace(b"\nFrom ", b"\n>From ")
            file.write(SEPARATOR + body.rstrip(b"\n") + b"\n\n")


def megabytes() -> float:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    options = parser.parse_args()
    setup_test_environment()
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        consultation = open_consultation()
        reviewer = User.objects.create(username="rosa", role=User.Role.REVIEWER, is_staff=True)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "in.mbox"
            write_mailbox(path, options.count)
            half = Path(folder) / "half.mbox"
            write_mailbox(half, options.count // 2)
            before, began = megabytes(), time.monotonic()
            load_mailbox(consultation=consultation, path=half, by=reviewer)
            loaded = load_mailbox(consultation=consultation, path=path, by=reviewer)
            took = time.monotonic() - began
        here = Message.objects.count()
        print(
            f"{options.count:,} mails, stopped half-way and begun again: {took:.0f} s, "
            f"{megabytes():.0f} MB at most ({before:.0f} before), "
            f"{loaded.messages:,} in the file, {loaded.known:,} known, {here:,} here"
        )
        client = Client()
        client.force_login(reviewer)
        listed = reverse("message-list", args=[consultation.slug])
        pages = {
            "post and email": reverse("entering"),
            "all messages": listed,
            "found by a word": f"{listed}?word=lights",
            "a deep page": f"{listed}?after={Message.objects.order_by('pk')[here // 2].pk}",
            "one message": reverse("message", args=[Message.objects.latest("pk").pk]),
        }
        for name, address in pages.items():
            print(f"{name:20}{median_ms(partial(client.get, address), rounds=5):8.1f} ms")
    finally:
        teardown_databases(databases, verbosity=0)


if __name__ == "__main__":
    main()
