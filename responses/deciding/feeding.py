"""What makes a point: codes, and passages of single answers."""

from django.db import transaction
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, User
from responses.deciding.places import place_in
from responses.deciding.points import MergedAlready, make_point, name_of
from responses.models import Code, NoPoint, Point, PointCode, PointPassage, Response
from responses.reviewing.reading import hold_as_shown


class OfAnotherConsultation(ValueError):
    """A point is made by codes and answers of its own consultation alone."""


def feed_code(*, point: Point, code: Code, by: User) -> PointCode:
    """Let whatever has `code`, now and later, make `point`. The second time changes nothing.

    Raises MergedAlready and OfAnotherConsultation.
    """
    if code.consultation_id != point.consultation_id:
        raise OfAnotherConsultation
    with transaction.atomic():
        _hold(point)
        fed, new = PointCode.objects.get_or_create(
            point=point, code=code, removed_at=None, defaults={"by": by}
        )
        if new:
            record(action=Action.POINT_FED, actor=by, subject=name_of(point), code=code.pk)
    return fed


def make_point_of_code(*, code: Code, part: str, sentence: str, by: User) -> Point:
    """Put a point on the register that whatever has a code makes: both or neither. Raises what
    `make_point` raises.
    """
    with transaction.atomic():
        point = make_point(consultation=code.consultation, part=part, sentence=sentence, by=by)
        feed_code(point=point, code=code, by=by)
    return point


def stop_code(*, fed: PointCode, by: User) -> None:
    """Let a code make its point no longer. The row stays, with the time."""
    with transaction.atomic():
        if PointCode.objects.filter(pk=fed.pk, removed_at=None).update(removed_at=Now()):
            record(
                action=Action.POINT_FED, actor=by, subject=name_of(fed.point), code_off=fed.code_id
            )


def feed_passage(
    *, point: Point, response: Response, question: str, passage: str, by: User, quote: bool = False
) -> PointPassage:
    """Let an answer make `point`: by the first place where it contains `passage`, whatever its line
    breaks, or by all of it where `passage` is empty. What was kept as the answer's reason for
    making no point is taken back. The second time, it can become a quote, and nothing else changes.

    Raises NoSuchAnswer, NoSuchPassage, FileIsWhole, MergedAlready, OfAnotherConsultation and
    ChangedSinceOpened.
    """
    if response.consultation_id != point.consultation_id:
        raise OfAnotherConsultation
    with transaction.atomic():
        hold_as_shown(response)
        start, end = place_in(response, question, passage)
        _hold(point)
        fed, new = PointPassage.objects.get_or_create(
            point=point,
            response=response,
            question=question,
            start=start,
            end=end,
            removed_at=None,
            defaults={"by": by, "quote": quote},
        )
        if quote and not new:
            mark_quote(fed=fed, quote=True, by=by)
        reasons = NoPoint.objects.filter(response=response, question=question, removed_at=None)
        reasons.update(removed_at=Now())
        if new:
            record(
                action=Action.POINT_FED,
                actor=by,
                subject=name_of(point),
                reference=response.reference,
                version=response.version,
                question=question,
            )
    return fed


def make_point_of(
    *,
    response: Response,
    question: str,
    passage: str,
    part: str,
    sentence: str,
    by: User,
    quote: bool = False,
) -> Point:
    """Put a point on the register that an answer makes: both or neither. Raises what `make_point`
    and `feed_passage` raise.
    """
    with transaction.atomic():
        point = make_point(consultation=response.consultation, part=part, sentence=sentence, by=by)
        feed_passage(
            point=point, response=response, question=question, passage=passage, by=by, quote=quote
        )
    return point


def mark_quote(*, fed: PointPassage, quote: bool, by: User) -> None:
    """Count a passage among the best quotes of its point, or no longer."""
    with transaction.atomic():
        live = PointPassage.objects.filter(pk=fed.pk, removed_at=None)
        if live.exclude(quote=quote).update(quote=quote):
            record(
                action=Action.POINT_FED,
                actor=by,
                subject=name_of(fed.point),
                reference=fed.response.reference,
                quote=quote,
            )


def stop_passage(*, fed: PointPassage, by: User) -> None:
    """Let a passage make its point no longer. The row stays, with the time."""
    with transaction.atomic():
        if PointPassage.objects.filter(pk=fed.pk, removed_at=None).update(removed_at=Now()):
            record(
                action=Action.POINT_FED,
                actor=by,
                subject=name_of(fed.point),
                reference_off=fed.response.reference,
                question=fed.question,
            )


def _hold(point: Point) -> None:
    """Keep `point` from being put into another until this transaction ends."""
    locked = Point.objects.select_for_update(of=("self",)).get(pk=point.pk)
    if locked.status == Point.Status.MERGED:
        raise MergedAlready
