"""Putting a point of the register into another that says the same."""

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from consult.models import User
from responses.deciding.points import hold_version, write_version
from responses.models import Point, PointCode, PointPassage


class NotInto(ValueError):
    """A point goes into another point of its consultation that stands by itself."""


def merge_point(*, point: Point, version: int, into: int, by: User) -> Point:
    """Make a point part of the one with the number `into`: whatever makes it makes that one from
    now on. Its own row and history stay. Returns the other, in a new version that says what it
    takes in: a pack that was sealed before has it without these voices, so that one that was
    decided is to be decided again.

    Raises PointChangedMeanwhile, MergedAlready and NotInto.
    """
    with transaction.atomic():
        # In the order of their ids: two who put two points into each other at once wait in turn.
        both = (
            Point.objects.select_for_update(of=("self",))
            .select_related("consultation", "owner", "merged_into")
            .filter(Q(pk=point.pk) | Q(consultation=point.consultation, number=into))
            .order_by("pk")
        )
        other = next((one for one in both if one.number == into), None)
        locked = hold_version(point, version)
        if other is None or other == locked or other.status == Point.Status.MERGED:
            raise NotInto
        _move_feeds(locked, other, by)
        write_version(locked, {"status": Point.Status.MERGED, "merged_into": other}, by)
        decided = other.status == Point.Status.DECIDED
        write_version(other, {"status": Point.Status.READY if decided else other.status}, by)
    return other


def _move_feeds(point: Point, into: Point, by: User) -> None:
    codes = PointCode.objects.filter(point=point, removed_at=None)
    passages = PointPassage.objects.filter(point=point, removed_at=None)
    PointCode.objects.bulk_create(
        [PointCode(point=into, code_id=one.code_id, by=by) for one in codes],
        ignore_conflicts=True,
    )
    fields = ("response_id", "question", "start", "end", "quote")
    PointPassage.objects.bulk_create(
        [
            PointPassage(point=into, by=by, **{field: getattr(one, field) for field in fields})
            for one in passages
        ],
        ignore_conflicts=True,
    )
    codes.update(removed_at=Now())
    passages.update(removed_at=Now())
