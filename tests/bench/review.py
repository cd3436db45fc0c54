"""`make bench`, what reviewers wait for: the server's time for the list through each filter, a word
search, a deep page, one response.

`python -m tests.bench.review --count 500000`

Each is measured with few responses and again with many: the last column is how much longer it takes
then, which is to be little. The aim is a median under 150 ms with 500,000. In the end each figure
of the dashboard is compared with a count of the rows themselves.
"""

import argparse
import csv
import os
import time
from io import StringIO
from uuid import uuid4

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

from django.db import connection
from django.test import Client
from django.test.utils import (
    CaptureQueriesContext,
    setup_databases,
    setup_test_environment,
    teardown_databases,
)
from django.urls import reverse

from consult.models import User
from responses.dashboard.tallies import tally
from responses.demo.filling import fill_responses
from responses.models import BulkChange, Campaign, ClusterMember, Code, Response
from responses.reviewing.bulk_changes.asking import (
    AT_WORK,
    ask_for_change,
    ask_to_undo,
    forecast,
)
from responses.reviewing.bulk_changes.carrying_out import make_due_changes
from responses.reviewing.campaigns import name_campaign
from responses.reviewing.clusters import find_clusters
from tests.bench.pages import median_ms, open_consultation
from tests.support.planting import RARE_WORD, figures_that_differ, plant

FEW = 5_000
# What each measurement is called, and the query of the list's address; {code}, {campaign} and
# {deep} are filled in.
LISTS = {
    "the list": "",
    "a deep page": "before={deep}",
    "unread": "state=unread",
    "considered": "state=considered",
    "nobody opened it": "unread=anyone",
    "I have not opened it": "unread=me",
    "by post": "channel=post",
    "late": "timing=late",
    "organisations": "kind=organisation",
    "one answer": "answer=violence-agree%3Dagree",
    "one borough": "answer=borough%3Dhackney",
    "a flag": "flag=sent-quickly",
    "a code": "code={code}",
    "a campaign": "campaign={campaign}",
    "withdrawn": "act=withdrawn",
    "all versions": "versions=all",
    "since a day": "since=2020-01-01",
    "a common word": "word=youth",
    "a rare word": f"word={RARE_WORD}",
    "a word nobody says": "word=quagga",
    "a phrase": "word=%22youth+workers%22",
    "a word without another": "word=youth+-street",
    "a word, deep": "before={deep}&word=youth",
    "a word, by post": "word=youth&channel=post",
}


def signed_in(reviewer: User) -> Client:
    """The reviewer's browser."""
    client = Client()
    client.force_login(reviewer)
    session = client.session
    session.update(dict.fromkeys(("began_at", "seen_at"), int(time.time())))
    session.save()
    return client


def measure(client: Client, *, rounds: int) -> dict[str, tuple[float, int]]:
    """For each page the median milliseconds and the number of queries."""
    deep = Response.objects.order_by("id")[Response.objects.count() // 2]
    values = {"deep": deep.pk, "code": Code.objects.get().pk, "campaign": Campaign.objects.get().pk}
    pages = {
        name: f"{reverse('review-list')}?{query.format(**values)}" for name, query in LISTS.items()
    }
    pages["one response"] = reverse("review-one", args=[deep.reference])
    pages["one response of a search"] = f"{reverse('review-one', args=[deep.reference])}?word=youth"
    pages["the dashboard"] = reverse("dashboard")
    pages["the codebooks"] = reverse("code-questions")
    pages["the campaigns"] = reverse("campaign-list")
    pages["a change to all"] = reverse("bulk-new")
    pages["a change to many"] = f"{reverse('bulk-new')}?word=youth"
    measured = {}
    for name, address in pages.items():
        client.get(address)  # The first look at a response is noted, once.
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        asked = len(queries)
        measured[name] = (
            median_ms(lambda address=address: client.get(address), rounds=rounds),
            asked,
        )
    return measured


def charts(client: Client, slug: str) -> dict[str, list[list[str]]]:
    """The dashboard's charts as the rows of their CSV files."""
    [row] = client.get(reverse("dashboard")).context["rows"]
    files = {
        chart.slug: client.get(reverse("chart-file", args=[slug, chart.slug, "csv"]))
        for chart in row["charts"]
    }
    return {name: list(csv.reader(StringIO(file.content.decode()))) for name, file in files.items()}


def change_many(by: User) -> str:
    """How long it takes to change all that have a common word, and to put them back; for sense, and
    not as a ratio.
    """
    change = BulkChange(key=uuid4(), by=by, query="word=youth", act=BulkChange.Act.READ)
    began = time.perf_counter()
    asked = ask_for_change(change=change, seen=forecast(change))
    seen = time.perf_counter()
    carry_out(asked)
    changed = time.perf_counter()
    ask_to_undo(change=asked, by=by)
    carry_out(asked)
    undone = time.perf_counter()
    counts = f"{asked.changed:,} changed and {asked.undone:,} put back of {asked.seen:,}"
    return (
        f"a change to many: {counts}; {seen - began:.1f} s to count, {changed - seen:.1f} s to "
        f"change, {undone - changed:.1f} s to put back"
    )


def carry_out(change: BulkChange) -> None:
    change.refresh_from_db()
    while change.state in AT_WORK:
        make_due_changes()
        change.refresh_from_db()


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--count", type=int, default=50_000)
    asked.add_argument("--rounds", type=int, default=15)
    options = asked.parse_args()
    setup_test_environment(debug=False)
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        consultation = open_consultation()
        reviewer = User.objects.create(username="rosa", role=User.Role.REVIEWER, is_staff=True)
        planted = plant(consultation=consultation, count=FEW, seed=1, reviewer=reviewer)
        find_clusters(consultation=consultation)
        name_campaign(
            cluster=ClusterMember.objects.get(response=planted.same[0]).cluster,
            name="The letter",
            by=reviewer,
        )
        client = signed_in(reviewer)
        tally(consultation=consultation)
        few = measure(client, rounds=options.rounds)
        fill_responses(
            consultation=consultation,
            count=options.count - FEW,
            seed=2,
            actor=None,
            beside_real_people=True,
            production=False,
        )
        tally(consultation=consultation)
        many = measure(client, rounds=options.rounds)
        print(f"{'':26}{FEW:>12,}{options.count:>12,} ms{'times as long':>16}{'queries':>10}")
        for name, (took, queries) in many.items():
            before, queries_before = few[name]
            differing = "" if queries == queries_before else f"  ({queries_before} with few)"
            print(
                f"{name:26}{before:12.1f}{took:12.1f}   "
                f"{took / before:16.1f}{queries:10}{differing}"
            )
        differing_figures = figures_that_differ(consultation, charts(client, consultation.slug))
        print(
            (
                "figures of the dashboard that differ from a count of the rows: "
                f"{len(differing_figures)}"
            ),
            *differing_figures,
            sep="\n",
        )
        print(change_many(reviewer))
    finally:
        teardown_databases(databases, verbosity=0)


if __name__ == "__main__":
    main()
