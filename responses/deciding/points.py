"""The register of points: writing them and changing them."""

from typing import Any

from django.db import transaction
from django.db.models import Max

from consult.auditing import record
from consult.models import Action, Consultation, User
from consult.plans.document import ABOUT_YOU, Part
from consult.plans.editions import current_edition, plan_of
from responses.models import Point, PointVersion

SENTENCE_MAX_CHARS = 300
TEXT_MAX_CHARS = 20_000
# What staff can change; everything else follows from it.
WORDS = ("sentence", "analysis", "answer", "old_wording", "new_wording")


class SentenceMissing(ValueError):
    """A point is one sentence."""


class SentenceTooLong(ValueError):
    """The sentence has more than SENTENCE_MAX_CHARS characters. Nothing is cut."""


class TextTooLong(ValueError):
    """One of the texts has more than TEXT_MAX_CHARS characters. Nothing is cut."""


class NoSuchPart(ValueError):
    """The plan has no such part."""


class AnswerMissing(ValueError):
    """Before a point can be decided, someone proposes an answer and says what changes."""


class WordingMissing(ValueError):
    """A change of the plan needs its new wording."""


class PointChangedMeanwhile(Exception):
    """Someone else changed the point since its page was opened. `newest` is what it is now."""

    def __init__(self, newest: Point) -> None:
        super().__init__(str(newest.number))
        self.newest = newest


class MergedAlready(Exception):
    """The point is part of another one: that one is worked on."""


def parts_of(consultation: Consultation) -> list[Part]:
    """Return the parts of the plan that a point can concern, in order."""
    plan = plan_of(current_edition(consultation))
    return [part for part in plan.parts if part.kind != ABOUT_YOU]


def name_of(point: Point) -> str:
    """What a point is called on the trail."""
    return f"{point.consultation.slug} point {point.number}"


def make_point(*, consultation: Consultation, part: str, sentence: str, by: User) -> Point:
    """Put a point on the register, under the next number.

    Raises SentenceMissing, SentenceTooLong and NoSuchPart.
    """
    said = _sentence(sentence)
    _check_part(consultation, part)
    with transaction.atomic():
        # Two people at once: the second waits, and takes the number after.
        Consultation.objects.select_for_update(no_key=True).get(pk=consultation.pk)
        highest = consultation.points.aggregate(highest=Max("number"))["highest"] or 0
        point = Point.objects.create(
            consultation=consultation, number=highest + 1, part=part, sentence=said
        )
        _keep_version(point, by)
    return point


def change_point(
    *,
    point: Point,
    version: int,
    by: User,
    part: str,
    sentence: str,
    analysis: str,
    answer: str,
    change: str,
    old_wording: str,
    new_wording: str,
    ready: bool,
    owner: User | None,
) -> Point:
    """Make a new version of a point; the one before is kept. What was decided before is about that
    one, so a changed point is to be decided again.

    Raises PointChangedMeanwhile if `version` is not the newest, MergedAlready, SentenceMissing,
    SentenceTooLong, TextTooLong, NoSuchPart, AnswerMissing and WordingMissing.
    """
    values: dict[str, Any] = {
        "part": part,
        "sentence": _sentence(sentence),
        "analysis": _text(analysis),
        "answer": _text(answer),
        "change": change if change in Point.Change.values else Point.Change.NOT_SAID,
        "old_wording": _text(old_wording),
        "new_wording": _text(new_wording),
        "status": Point.Status.READY if ready else Point.Status.OPEN,
        "owner": owner,
    }
    _check_part(point.consultation, part)
    if values["change"] == Point.Change.WORDING and not values["new_wording"]:
        raise WordingMissing
    if ready and not (values["answer"] and values["change"]):
        raise AnswerMissing
    with transaction.atomic():
        locked = hold_version(point, version)
        same = all(getattr(locked, field) == value for field, value in values.items())
        decided = locked.status == Point.Status.DECIDED and ready
        if same or (decided and _same_but_status(locked, values)):
            return locked
        write_version(locked, values, by)
    return locked


def hold_version(point: Point, version: int) -> Point:
    """Lock a point in the version that a page showed, until this transaction ends.

    Raises PointChangedMeanwhile and MergedAlready.
    """
    locked = (
        Point.objects.select_for_update(of=("self",))
        .select_related("consultation", "owner", "merged_into")
        .get(pk=point.pk)
    )
    if locked.status == Point.Status.MERGED:
        raise MergedAlready
    if locked.version != version:
        raise PointChangedMeanwhile(locked)
    return locked


def _same_but_status(point: Point, values: dict[str, Any]) -> bool:
    return all(
        getattr(point, field) == value for field, value in values.items() if field != "status"
    )


def write_version(point: Point, values: dict[str, Any], by: User) -> None:
    """Make a new version of a point that `hold_version` locked."""
    for field, value in values.items():
        setattr(point, field, value)
    point.version += 1
    point.save(update_fields=[*values, "version"])
    _keep_version(point, by)


def _keep_version(point: Point, by: User) -> None:
    content = {field: getattr(point, field) for field in ("part", "change", "status", *WORDS)}
    content["owner"] = point.owner.username if point.owner else ""
    content["merged_into"] = point.merged_into.number if point.merged_into else None
    content["takes_in"] = taken_in(point)
    PointVersion.objects.create(point=point, version=point.version, content=content, by=by)
    record(action=Action.POINT_CHANGED, actor=by, subject=name_of(point), version=point.version)


def taken_in(point: Point) -> list[int]:
    """Return the numbers of the points that were put into a point, and of those put into them."""
    found: list[int] = []
    level = list(Point.objects.filter(merged_into=point))
    while level:
        found += [one.number for one in level]
        level = list(Point.objects.filter(merged_into__in=level))
    return sorted(found)


def _sentence(words: str) -> str:
    said = " ".join(words.split())
    if not said:
        raise SentenceMissing
    if len(said) > SENTENCE_MAX_CHARS:
        raise SentenceTooLong
    return said


def _text(words: str) -> str:
    text = words.replace("\r\n", "\n").strip()
    if len(text) > TEXT_MAX_CHARS:
        raise TextTooLong
    return text


def _check_part(consultation: Consultation, part: str) -> None:
    if part not in {one.slug for one in parts_of(consultation)}:
        raise NoSuchPart(part)
