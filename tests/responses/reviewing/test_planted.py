"""A large set of responses, in which what is to be found is known: what the desk finds, and each
figure, against a count of its own.
"""

import csv
from collections.abc import Callable
from io import StringIO
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.models import Consultation, User
from responses.dashboard.tallies import tally
from responses.models import ClusterMember, Response
from responses.responding.amending import withdraw_response
from responses.reviewing.campaigns import name_campaign, numbers_of
from responses.reviewing.clusters import find_clusters, people_with_several
from tests.support.planting import (
    EDITED,
    RARE_WORD,
    SAME,
    SAYING_IT,
    Planted,
    figures_that_differ,
    plant,
)

COUNT = 3_400


@pytest.fixture
def planted(consultation: Consultation, reviewer: User) -> Planted:
    return plant(consultation=consultation, count=COUNT, seed=4, reviewer=reviewer)


@pytest.fixture
def desk(reviewer: User, sign_in: Callable[[User], Client]) -> Client:
    return sign_in(reviewer)


def charts(desk: Client, consultation: Consultation) -> dict[str, list[list[str]]]:
    """Every chart that the dashboard offers, as the rows of its file."""
    page = desk.get(reverse("dashboard"))
    [row] = page.context["rows"]
    files = {
        chart.slug: reverse("chart-file", args=[consultation.slug, chart.slug, "csv"])
        for chart in row["charts"]
    }
    assert all(address in page.content.decode() for address in files.values())
    return {
        slug: list(csv.reader(StringIO(desk.get(address).content.decode())))
        for slug, address in files.items()
    }


def test_every_figure_of_the_dashboard_is_right(
    planted: Planted, consultation: Consultation, desk: Client
) -> None:
    withdraw_response(
        earlier=Response.objects.get(pk=planted.rare[0]),
        submission_key=uuid4(),
        started_at=timezone.now(),
    )
    figures = tally(consultation=consultation).figures
    assert (figures["received"], figures["current"]) == (COUNT, COUNT - 1)
    shown = charts(desk, consultation)
    assert figures_that_differ(consultation, shown) == []
    # The comparison itself: one more anywhere is told.
    shown["read-so-far"][1][1] = str(int(shown["read-so-far"][1][1]) + 1)
    assert figures_that_differ(consultation, shown) == [
        f"read so far: {COUNT - 69} where there are {COUNT - 70}"
    ]


def test_the_planted_letter_is_found_with_all_its_senders_and_no_others(
    planted: Planted, consultation: Consultation, reviewer: User
) -> None:
    find_clusters(consultation=consultation)
    cluster = ClusterMember.objects.get(response=planted.same[0]).cluster
    assert {member.response_id for member in cluster.members.all()} == {
        *planted.same,
        *planted.edited,
    }
    # What was done to it with punctuation alone is the same text.
    assert (cluster.responses, cluster.people, cluster.texts) == (
        SAME + EDITED,
        SAME + EDITED,
        1 + 4,
    )
    named = name_campaign(cluster=cluster, name="Stations after dark", by=reviewer)
    weighed = numbers_of(named)
    assert (weighed.responses, weighed.texts, weighed.people) == (SAME + EDITED, 5, SAME + EDITED)


def test_repeat_writers_are_named_and_a_rare_word_finds_every_use(
    planted: Planted, consultation: Consultation, desk: Client
) -> None:
    found = {one.shared: one.references for one in people_with_several(consultation)}
    assert found == {email: sorted(references) for email, references in planted.several.items()}
    page = desk.get(reverse("review-list"), {"word": RARE_WORD}).context["page"]
    assert (page.count, [row.pk for row in page.rows]) == (SAYING_IT, planted.rare[::-1])
    assert desk.get(reverse("review-list"), {"state": "set-aside"}).context["page"].count == 9
