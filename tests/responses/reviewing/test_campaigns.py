"""Campaigns: what the search finds, what reviewers make of it, and that every step can be taken
back.
"""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.models import Action, AuditEntry, Consultation, User
from responses.models import Campaign, Cluster, Response
from responses.responding.amending import withdraw_response
from responses.reviewing.campaign_steps import campaign_shown
from responses.reviewing.campaigns import (
    NameMissing,
    NameTaken,
    NotFound,
    NotTheLastStep,
    Numbers,
    add_response,
    add_suggested,
    last_step,
    name_campaign,
    numbers_of,
    remove_responses,
    rename_campaign,
    suggested_members,
    undo_step,
)
from responses.reviewing.clusters import find_clusters, people_with_several, same_person
from tests.responses.reviewing.test_similarity import EDITS, LETTER, OTHERS
from tests.support.pressing import press

Send = Callable[..., Response]


@pytest.fixture
def letters(send: Send) -> list[Response]:
    """Four of one letter, one under another question, one of them changed, two by one person; and
    an answer that is someone's own.
    """
    sent = [
        send({"missing": LETTER}, email="a@example.org"),
        send({"anything-else": LETTER.upper()}, email="A@example.org"),
        send({"missing": LETTER}, email=""),
        send({"missing": EDITS["an opening"]}, email=""),
    ]
    send({"missing": OTHERS[0]}, email="b@example.org")
    return sent


@pytest.fixture
def cluster(consultation: Consultation, letters: list[Response]) -> Cluster:
    find_clusters(consultation=consultation)
    return Cluster.objects.get()


def members_of(campaign: Campaign) -> set[str]:
    return set(campaign.members.values_list("response__reference", flat=True))


def test_a_campaign_shows_its_three_numbers_together(
    cluster: Cluster, letters: list[Response]
) -> None:
    assert (cluster.responses, cluster.texts, cluster.people) == (4, 2, 3)
    assert set(cluster.members.values_list("response__reference", flat=True)) == {
        letter.reference for letter in letters
    }
    assert cluster.sample.texts[cluster.question] == LETTER


def test_searching_again_finds_the_same_and_leaves_nothing_over(
    consultation: Consultation, cluster: Cluster
) -> None:
    assert find_clusters(consultation=consultation) == 1
    again = Cluster.objects.get()
    assert (again.responses, again.texts, again.people) == (4, 2, 3)
    assert again.members.count() == 4


def test_a_withdrawn_response_no_longer_counts_in_a_campaign(
    cluster: Cluster, letters: list[Response], reviewer: User
) -> None:
    campaign = name_campaign(cluster=cluster, name="Youth workers", by=reviewer)
    withdraw_response(earlier=letters[3], submission_key=uuid4(), started_at=timezone.now())
    assert numbers_of(campaign) == Numbers(3, 1, 2)
    assert campaign.members.count() == 4


def test_a_campaign_needs_a_name_of_its_own(cluster: Cluster, reviewer: User) -> None:
    with pytest.raises(NameMissing):
        name_campaign(cluster=cluster, name="  ", by=reviewer)
    campaign = name_campaign(cluster=cluster, name="Youth  workers", by=reviewer)
    assert campaign.name == "Youth workers"
    with pytest.raises(NameTaken):
        name_campaign(cluster=cluster, name="YOUTH WORKERS", by=reviewer)
    with pytest.raises(NameMissing):
        rename_campaign(campaign=campaign, name="", by=reviewer)


def test_campaign_steps_are_undone_from_the_last_to_the_first(
    consultation: Consultation,
    cluster: Cluster,
    letters: list[Response],
    send: Send,
    reviewer: User,
) -> None:
    everyone = {letter.reference for letter in letters}
    campaign = name_campaign(cluster=cluster, name="Youth workers", by=reviewer)
    assert members_of(campaign) == everyone
    assert remove_responses(campaign=campaign, versions=[letters[3].pk], by=reviewer) == 1
    assert suggested_members(campaign).count() == 1
    late = send({"missing": LETTER}, email="late@example.org")
    find_clusters(consultation=consultation)
    assert add_suggested(campaign=campaign, by=reviewer) == 2
    assert members_of(campaign) == {*everyone, late.reference}
    stranger = send({"missing": OTHERS[1]}, email="c@example.org")
    assert add_response(campaign=campaign, reference=stranger.reference.lower(), by=reviewer) == 1
    assert add_response(campaign=campaign, reference=stranger.reference, by=reviewer) == 0
    rename_campaign(campaign=campaign, name="A worker in every ward", by=reviewer)
    left = []
    first = campaign.steps.first()
    assert first is not None
    with pytest.raises(NotTheLastStep):
        undo_step(step=first, by=reviewer)
    while step := last_step(campaign):
        undo_step(step=step, by=reviewer)
        campaign.refresh_from_db()
        left.append((campaign.name, members_of(campaign)))
    assert left == [
        ("Youth workers", {*everyone, late.reference, stranger.reference}),
        ("Youth workers", {*everyone, late.reference}),
        ("Youth workers", everyone - {letters[3].reference}),
        ("Youth workers", everyone),
        ("Youth workers", set()),
    ]
    assert campaign.ended
    assert (
        name_campaign(
            cluster=Cluster.objects.get(), name="Youth workers", by=reviewer
        ).members.count()
        == 5
    )
    trail = AuditEntry.objects.filter(
        action=Action.CAMPAIGN_CHANGED, subject=f"campaign {campaign.pk}", actor=reviewer
    )
    assert trail.count() == campaign.steps.count() == 10


def test_two_similar_answers_are_a_group_listed_largest_first(
    consultation: Consultation,
    send: Send,
    reviewer: User,
    sign_in: Callable[[User], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("responses.reviewing.views.campaigns.SHOWN", 2)
    for text, size in zip([*OTHERS, LETTER], [2, 4, 3, 2], strict=True):
        for _time in range(size):
            send({"missing": text})
    find_clusters(consultation=consultation)
    client, address, seen = sign_in(reviewer), reverse("campaign-list"), []
    for _page in range(2):
        page = client.get(address)
        [row] = page.context["rows"]
        seen += [one["cluster"].responses for one in row["clusters"]]
        address = f"{reverse('campaign-list')}?after={row['next']}"
        assert (address in page.content.decode()) == (row["next"] is not None)
    assert seen == [4, 3, 2, 2]
    assert client.get(reverse("campaign-list") + "?after=x").status_code == 200


def test_only_a_response_of_this_consultation_can_be_added(
    cluster: Cluster, reviewer: User
) -> None:
    campaign = name_campaign(cluster=cluster, name="Youth workers", by=reviewer)
    for nonsense in ("", "nonsense", "AAAA-AAAA-A"):
        with pytest.raises(NotFound):
            add_response(campaign=campaign, reference=nonsense, by=reviewer)


def test_possible_duplicate_senders_are_suggested_with_the_reason(
    send: Send, consultation: Consultation
) -> None:
    first = send({"missing": "Once."}, name="Rita Respondent", email="rita@example.org")
    second = send({"missing": "Twice."}, name="R.", email="RITA@example.org")
    third = send({"missing": "Thrice."}, name="rita respondent", email="")
    send(
        {"missing": "Elsewhere."},
        name="Rita Respondent",
        email="",
        contact={"name": "Rita Respondent", "email": "", "postcode_district": "N1"},
    )
    assert [(found.reason, found.references) for found in same_person(first)] == [
        ("email", [second.reference]),
        ("name-and-postcode", [third.reference]),
    ]
    assert [
        (found.shared, set(found.references)) for found in people_with_several(consultation)
    ] == [("rita@example.org", {first.reference, second.reference})]


def test_a_reviewer_walks_from_the_search_to_a_campaign_and_back(
    cluster: Cluster, letters: list[Response], reviewer: User, sign_in: Callable[[User], Client]
) -> None:
    rosa = sign_in(reviewer)
    assert LETTER[:100] in rosa.get(reverse("campaign-list")).content.decode()
    address = reverse("cluster", args=[cluster.pk])
    page = rosa.get(address).content.decode()
    assert "4 responses, 2 different texts, from 3 people" in " ".join(page.split())
    assert "As a grandmother in Tottenham" in page.partition("<ins>")[2]
    refused = press(rosa, address, {"name": ""}).content.decode()
    assert "<title>Error: " in refused
    made = press(rosa, address, {"name": "<b>Youth"}, follow=True)
    assert "&lt;b&gt;Youth" in made.content.decode()
    campaign = Campaign.objects.get()
    change = reverse("change-campaign", args=[campaign.pk])
    taken = rosa.post(
        change,
        {"do": "remove", "member": [letters[0].pk], "shown": campaign_shown(campaign)},
        follow=True,
    ).content.decode()
    assert "1 response was taken out." in taken
    assert "3 responses, 2 different texts, from 3 people" in " ".join(taken.split())
    back = rosa.post(
        change, {"do": "undo", "step": last_step(campaign).pk}, follow=True
    ).content.decode()
    assert "That step is undone." in back
    assert "4 responses" in back
    for nonsense in ({"do": "undo", "step": "x"}, {"do": "undo", "step": "9" * 17}):
        assert rosa.post(change, nonsense).status_code == 404
    assert (
        "There is no response with that reference"
        in rosa.post(
            change, {"do": "add", "reference": "x", "shown": campaign_shown(campaign)}, follow=True
        ).content.decode()
    )
    read = set(
        AuditEntry.objects.filter(action=Action.CAMPAIGN_READ, actor=reviewer).values_list(
            "subject", flat=True
        )
    )
    assert read == {f"cluster {cluster.pk}", f"campaign {campaign.pk}"}


def test_a_page_of_members_takes_a_constant_number_of_queries(
    consultation: Consultation,
    reviewer: User,
    send: Send,
    sign_in: Callable[[User], Client],
    django_assert_num_queries: Callable[..., object],
) -> None:
    rosa = sign_in(reviewer)
    counts = []
    for more in (3, 27):
        for number in range(more):
            send({"missing": LETTER}, email=f"{more}-{number}@example.org")
        find_clusters(consultation=consultation)
        address = reverse("cluster", args=[Cluster.objects.get().pk])
        with django_assert_num_queries(7):
            page = rosa.get(address).content.decode()
        counts.append(page.count("govuk-summary-card__title-wrapper"))
    assert counts == [3, 25]


def test_a_response_names_its_campaign_and_similar_answers(
    cluster: Cluster, letters: list[Response], reviewer: User, sign_in: Callable[[User], Client]
) -> None:
    name_campaign(cluster=cluster, name="Youth workers", by=reviewer)
    page = (
        sign_in(reviewer).get(reverse("review-one", args=[letters[0].reference])).content.decode()
    )
    assert "Youth workers" in page
    assert "4 similar answers" in page
