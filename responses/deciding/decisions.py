"""Reading a pack, and deciding on its points one by one."""

from django.db import transaction
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, User
from responses.deciding.pack_files import folder_of, hold_packs, write_pack
from responses.deciding.points import TEXT_MAX_CHARS, TextTooLong
from responses.models import DecisionPack, PackOpening, PackPoint, Point, PointDecision


class NotOpened(Exception):
    """Nobody decides on a point that they did not have before them."""


class NoSuchOutcome(ValueError):
    """A decision is one of those that the list has."""


class WhyMissing(ValueError):
    """A decision against what officers propose says why."""


class DecidedMeanwhile(Exception):
    """Someone else decided on the point since the page was opened."""


class ChangedSinceSealed(Exception):
    """The point was changed after the pack was sealed: the next pack has it as it is now."""


class InNewerPack(Exception):
    """A newer pack has the point, with all who made it until then: it is decided there. `number` is
    that pack's.
    """

    def __init__(self, number: int) -> None:
        super().__init__(str(number))
        self.number = number


def open_pack(*, pack: DecisionPack, by: User, point: PackPoint | None = None) -> PackOpening:
    """Note that someone has a pack, or a point of it, on the screen; each time is on the trail."""
    with transaction.atomic():
        opening, _new = PackOpening.objects.update_or_create(
            pack=pack, point=point, by=by, defaults={"last_at": Now()}
        )
        details = {"point": point.number} if point else {}
        record(action=Action.PACK_READ, actor=by, subject=folder_of(pack), **details)
    return opening


def opened_points(pack: DecisionPack, by: User) -> list[int]:
    """Return the numbers of a pack's points that someone had on the screen."""
    mine = PackOpening.objects.filter(pack=pack, by=by, point__isnull=False)
    return sorted(mine.values_list("point__number", flat=True))


def decide_point(
    *, point: PackPoint, outcome: str, reason: str, by: User, after: int = 0
) -> PointDecision:
    """Decide on a point in the version that its pack sealed. `after` is the id of the decision that
    the page showed, 0 where it showed none. Files of the pack that were removed, since something in
    them was erased, are written again first: the decision names their manifest.

    Raises NoSuchOutcome, WhyMissing, TextTooLong, NotOpened, DecidedMeanwhile,
    ChangedSinceSealed, InNewerPack and what `write_pack` raises.
    """
    why = reason.strip()
    if outcome not in PointDecision.Outcome.values:
        raise NoSuchOutcome(outcome)
    if outcome != PointDecision.Outcome.AGREED and not why:
        raise WhyMissing
    if len(why) > TEXT_MAX_CHARS:
        raise TextTooLong
    with transaction.atomic():
        hold_packs()
        write_pack(point.pack)
        # Two who decide at once: the second waits here, and is told.
        live = Point.objects.select_for_update(of=("self",)).get(pk=point.version.point_id)
        if live.version != point.version.version:
            raise ChangedSinceSealed
        newer = PackPoint.objects.filter(
            version__point=live, pack__number__gt=point.pack.number
        ).select_related("pack")
        if later := newer.order_by("-pack__number").first():
            raise InNewerPack(later.pack.number)
        newest = PointDecision.objects.filter(point=point).order_by("-pk").first()
        if (newest.pk if newest else 0) != after:
            raise DecidedMeanwhile
        opened = opened_points(point.pack, by)
        if point.number not in opened:
            raise NotOpened
        decision = PointDecision.objects.create(
            point=point,
            outcome=outcome,
            reason=why,
            by=by,
            before={
                "manifest_sha256": point.pack.manifest_sha256,
                "point_version": point.version.version,
                "opened": opened,
                "of": point.pack.points.count(),
            },
        )
        Point.objects.filter(pk=live.pk).update(status=Point.Status.DECIDED)
        record(
            action=Action.POINT_DECIDED,
            actor=by,
            subject=f"{folder_of(point.pack)} point {point.number}",
            outcome=outcome,
            version=point.version.version,
        )
    return decision
