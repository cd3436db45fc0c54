"""`make bench`, what respondents wait for: the server's time for each page, one request at a time,
as times the start page's.

A machine's milliseconds are its own; the ratios are what can be compared. The aim is a question
page under 25 ms.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.test.utils import setup_databases, setup_test_environment, teardown_databases
from django.utils import timezone

from consult.models import Consultation
from consult.plans.loading import load_plan
from tests.support.forms import fields_to

UNMEASURED = 5
ANSWERED = {"violence-agree": "agree", "violence-comment": "More youth workers. " * 40}


def open_consultation() -> Consultation:
    """The bundled consultation, open."""
    load_plan(
        text=(
            Path(settings.BASE_DIR) / "consult" / "plans" / "police-and-crime-plan-2021-25.yaml"
        ).read_text(),
        actor=None,
    )
    loaded = Consultation.objects.get()
    loaded.opens_at, loaded.closes_at = (
        timezone.now() - timedelta(days=1),
        timezone.now() + timedelta(days=30),
    )
    loaded.save(update_fields=["opens_at", "closes_at"])
    return loaded


def median_ms(act: Callable[[], HttpResponse], *, rounds: int) -> float:
    """The median time of `act` in milliseconds, its first few not counted."""
    times = []
    for _round in range(UNMEASURED + rounds):
        began = time.perf_counter()
        page = act()
        times.append((time.perf_counter() - began) * 1000)
        assert page.status_code in {200, 303}, (page.status_code, page.content[:500])
    return statistics.median(times[UNMEASURED:])


def respond_and_send(root: str) -> HttpResponse:
    """A new person answers one part and sends."""
    person = Client()
    person.post(f"{root}respond/violence/", ANSWERED)
    checked = fields_to(person.get(f"{root}respond/check/"), f"{root}respond/send/")
    return person.post(f"{root}respond/send/", checked)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=100)
    rounds = asked.parse_args().rounds
    setup_test_environment(debug=False)
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        root = f"/{open_consultation().slug}/"
        rita = Client()
        rita.post(f"{root}respond/violence/", ANSWERED)
        acts: dict[str, Callable[[], HttpResponse]] = {
            "start page": lambda: rita.get(root),
            "parts": lambda: rita.get(f"{root}respond/"),
            "a question page": lambda: rita.get(f"{root}respond/violence/"),
            "the longest question page": lambda: rita.get(f"{root}respond/about-you/"),
            "Continue": lambda: rita.post(f"{root}respond/violence/", ANSWERED),
            "saved while typing": lambda: rita.post(f"{root}respond/violence/save/", ANSWERED),
            "check your answers": lambda: rita.get(f"{root}respond/check/"),
            "one part answered and sent": lambda: respond_and_send(root),
        }
        print(f"{'':28}{'ms':>8}{'times the start page':>24}")
        first = 0.0
        for name, act in acts.items():
            took = median_ms(act, rounds=rounds)
            first = first or took
            print(f"{name:28}{took:8.1f}{took / first:24.1f}")
    finally:
        teardown_databases(databases, verbosity=0)


if __name__ == "__main__":
    main()
