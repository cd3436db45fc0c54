"""Putting points into one another, and what that does to what was decided on them."""

import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from consult.models import Consultation, User
from responses.deciding import merging
from responses.deciding.decisions import ChangedSinceSealed, InNewerPack, decide_point, open_pack
from responses.deciding.merging import NotInto, merge_point
from responses.deciding.pack_contents import Contents
from responses.deciding.points import MergedAlready, PointChangedMeanwhile, hold_version
from responses.models import (
    DecisionPack,
    PackPoint,
    Point,
    PointDecision,
    Response,
)

Seal = Callable[..., DecisionPack]
Ready = Callable[..., Point]
Send = Callable[..., Response]
PATIENCE = 30


def decide(row: PackPoint, by: User, outcome: str = "agreed", reason: str = "") -> PointDecision:
    """Open a point of a pack, and decide on it after whatever was decided."""
    open_pack(pack=row.pack, point=row, by=by)
    newest = row.decisions.last()
    after = newest.pk if newest else 0
    return decide_point(point=row, outcome=outcome, reason=reason, by=by, after=after)


@pytest.fixture
def decided(seal: Seal, ready: Ready, send: Send, decision_maker: User) -> DecisionPack:
    """A pack with two points, of which the first is decided."""
    ready("More clubs.", send({"missing": "Clubs."}))
    ready("More youth clubs.", send({"missing": "Youth clubs."}))
    pack = seal()
    decide(pack.points.get(number=1), decision_maker, "partly", "A few.")
    return pack


def test_voices_that_join_a_decided_point_need_a_decision_of_their_own(
    decided: DecisionPack, seal: Seal, reviewer: User, decision_maker: User
) -> None:
    clubs, youth = Point.objects.order_by("number")
    assert clubs.status == Point.Status.DECIDED
    joined = merge_point(point=youth, version=2, into=1, by=reviewer)
    joined.refresh_from_db()
    assert (joined, joined.status, joined.version) == (clubs, Point.Status.READY, 3)
    with pytest.raises(ChangedSinceSealed):
        decide(decided.points.get(number=1), decision_maker)
    with pytest.raises(ChangedSinceSealed):
        decide(decided.points.get(number=2), decision_maker)
    later = seal().points.get()
    assert (later.makers["responses"], later.version.content["takes_in"]) == (2, [2])
    decide(later, decision_maker)
    clubs.refresh_from_db()
    assert clubs.status == Point.Status.DECIDED
    earlier = PointDecision.objects.earliest("pk")
    assert (earlier.point.pack, earlier.point.makers["responses"]) == (decided, 1)


def test_a_pack_says_what_a_point_takes_in_and_what_was_decided_before(
    decided: DecisionPack,
    consultation: Consultation,
    seal: Seal,
    ready: Ready,
    send: Send,
    reviewer: User,
    decision_maker: User,
    sign_in: Callable[[User], Client],
) -> None:
    third = ready("Clubs for the young.", send({"missing": "For the young."}))
    merge_point(point=Point.objects.get(number=1), version=2, into=2, by=reviewer)
    merge_point(point=Point.objects.get(number=2), version=3, into=third.number, by=reviewer)
    pack = seal()
    packed = Contents(pack).point(pack.points.get())
    assert packed.content["takes_in"] == [1, 2]
    assert [(one.point.number, one.outcome) for one in packed.before] == [(1, "partly")]
    client = sign_in(decision_maker)
    page = client.get(reverse("pack-point", args=[consultation.slug, pack.number, 3]))
    words = " ".join(page.content.decode().split())
    assert "were put into it: 1, 2." in words
    assert "Point 1, version 2, was decided in decision pack 1" in words
    assert "A few." in words
    desk = sign_in(reviewer).get(reverse("point", args=[consultation.slug, 3]))
    assert "it is to be decided again, in a new pack" in desk.content.decode()


def test_an_older_pack_never_overrules_a_newer_one(
    decided: DecisionPack,
    consultation: Consultation,
    seal: Seal,
    decision_maker: User,
    sign_in: Callable[[User], Client],
) -> None:
    newer = seal()
    decide(newer.points.get(number=1), decision_maker)
    with pytest.raises(InNewerPack, match="2"):
        decide(decided.points.get(number=1), decision_maker, "not-agreed", "No.")
    client = sign_in(decision_maker)
    address = reverse("pack-point", args=[consultation.slug, decided.number, 2])
    client.get(address)
    page = client.post(address, {"outcome": "partly", "reason": "Only some.", "after": "0"})
    assert "Decision pack 2 is newer and has this point too." in page.content.decode()
    assert "Only some." in page.content.decode()
    assert PointDecision.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_points_put_into_each_other_at_once_do_not_wait_for_ever(
    point: Callable[..., Point],
    reviewer: User,
    consultation: Consultation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clubs, youth = point("More clubs."), point("More youth clubs.")
    both = threading.Barrier(2)
    refused: list[type[Exception]] = []

    def together(found: Point, version: int) -> Point:
        # Each has what it locked first; one waits here in vain where the other waits for a lock.
        with suppress(threading.BrokenBarrierError):
            both.wait(timeout=1)
        return hold_version(found, version)

    monkeypatch.setattr(merging, "hold_version", together)

    def merges(one: Point, into: Point) -> None:
        try:
            merge_point(point=one, version=1, into=into.number, by=reviewer)
        except (NotInto, MergedAlready, PointChangedMeanwhile) as why:
            refused.append(type(why))
        finally:
            connection.close()

    people = [
        threading.Thread(target=merges, args=args) for args in ((clubs, youth), (youth, clubs))
    ]
    for person in people:
        person.start()
    for person in people:
        person.join(timeout=PATIENCE)
    assert len(refused) == 1
    assert Point.objects.filter(status=Point.Status.MERGED).count() == 1
