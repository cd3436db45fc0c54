"""Decision packs: what those who decide have before them, sealed so that it stays what it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from consult.auditing import record
from consult.models import Action, Consultation, User
from consult.plans.editions import current_edition
from consult.text import counted
from responses.current import current_responses
from responses.deciding.answers_in_words import ANSWERS, MADE, REASONED, arguments_for
from responses.deciding.equality_figures import equality_tables
from responses.deciding.figures import (
    Counted,
    as_rows,
    tables_of,
    who_answered,
)
from responses.deciding.pack_files import folder_of, hold_packs, write_pack
from responses.deciding.points import TEXT_MAX_CHARS, TextTooLong
from responses.deciding.register import Row, said_on, the_register
from responses.deciding.unweighed import Weighing, count_weighed, list_unweighed
from responses.models import (
    DecisionPack,
    PackPoint,
    Point,
    PointVersion,
    Response,
    Review,
    ReviewStep,
)


class SomethingLeadsNowhere(Exception):
    """Answers lead nowhere, or messages wait, and nobody said why the pack is sealed all the same.
    `weighing` has how many.
    """

    def __init__(self, weighing: Weighing) -> None:
        super().__init__(
            f"{counted(weighing.nowhere, 'answer')}, {counted(weighing.messages, 'message')}"
        )
        self.weighing = weighing


class PointsNotReady(Exception):
    """Some points have no proposed answer yet. `numbers` says which."""

    def __init__(self, numbers: list[int]) -> None:
        super().__init__(", ".join(map(str, numbers)))
        self.numbers = numbers


class NothingToDecide(Exception):
    """There is no point on the register."""


class SummaryMissing(ValueError):
    """Those who decide are told in a few words what is before them."""


@contextmanager
def _one_moment() -> Iterator[None]:
    """A transaction in which nobody else seals a pack, and in which everything that is read is as
    it was at one moment. Within another one, it is that one's.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        hold_packs()
        yield


def seal_pack(
    *, consultation: Consultation, summary: str, by: User, unweighed_reason: str = ""
) -> DecisionPack:
    """Freeze the register as it is at one moment, with everything that belongs to it, and write its
    files. What is written while it is being sealed is not in it, and in the next one.

    While an answer in words leads nowhere it is refused, unless `unweighed_reason` says why; then
    the pack names each of them, and who sealed it. Raises SummaryMissing, TextTooLong,
    NothingToDecide, PointsNotReady and SomethingLeadsNowhere; and OSError, StoredDifferently,
    HandedOverAlready or BadKey where its files could not be stored: then nothing is sealed.
    """
    summary, reason = summary.strip(), unweighed_reason.strip()
    if not summary:
        raise SummaryMissing
    if max(len(summary), len(reason)) > TEXT_MAX_CHARS:
        raise TextTooLong
    with _one_moment():
        rows = the_register(consultation)
        _check(rows)
        left = list_unweighed(consultation, limit=None)
        weighing = count_weighed(consultation)
        if (left or weighing.messages) and not reason:
            raise SomethingLeadsNowhere(weighing)
        highest = consultation.decision_packs.aggregate(highest=Max("number"))["highest"] or 0
        pack = DecisionPack.objects.create(
            consultation=consultation,
            edition=current_edition(consultation),
            number=highest + 1,
            summary=summary,
            contents=_contents(consultation, weighing)
            | {"unweighed": [[one.response, one.question] for one in left]},
            unweighed_reason=reason if left or weighing.messages else "",
            sealed_by=by,
        )
        pack.refresh_from_db(fields=["sealed_at"])
        _freeze_points(pack, rows)
        record(
            action=Action.PACK_SEALED,
            actor=by,
            subject=folder_of(pack),
            points=len(rows),
            unweighed=len(left),
        )
        write_pack(pack)
    return pack


def _check(rows: list[Row]) -> None:
    if not rows:
        raise NothingToDecide
    ready = {Point.Status.READY, Point.Status.DECIDED}
    if open_ones := [row.point.number for row in rows if row.point.status not in ready]:
        raise PointsNotReady(open_ones)


def _freeze_points(pack: DecisionPack, rows: list[Row]) -> None:
    versions = {
        version.point_id: version
        for version in PointVersion.objects.filter(point__in=[row.point for row in rows]).order_by(
            "version"
        )
    }
    PackPoint.objects.bulk_create(
        PackPoint(
            pack=pack,
            version=versions[row.point.pk],
            number=row.point.number,
            makers=asdict(row.makers),
            answers=[
                [one.response.pk, one.question, one.start, one.end, one.quote]
                for one in said_on(row.point, limit=None)
            ],
        )
        for row in rows
    )


def _contents(consultation: Consultation, weighing: Weighing) -> dict[str, Any]:
    counted = Counted(consultation)
    organisations = current_responses(consultation).filter(choices__capacity="organisation")
    steps = (
        ReviewStep.objects.filter(
            review__in=Review.objects.filter(
                response__in=current_responses(consultation), state=Review.State.SET_ASIDE
            ),
            to_state=Review.State.SET_ASIDE,
        )
        .exclude(from_state=Review.State.SET_ASIDE)
        .order_by("review", "-pk")
        .distinct("review")
    )
    return {
        "received": Response.objects.filter(consultation=consultation, version=1).count(),
        "counted": counted.base,
        "weighing": asdict(weighing),
        "who": as_rows(who_answered(consultation, counted)),
        "figures": as_rows(tables_of(consultation, counted)),
        "equality": equality_tables(consultation),
        "organisations": list(organisations.order_by("pk").values_list("pk", flat=True)),
        "reasons": _reasons(consultation),
        "set_aside": [step.pk for step in steps],
    }


def _reasons(consultation: Consultation) -> list[list[Any]]:
    """Each answer that makes no point, why, and who said so."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH {ANSWERS}, {MADE}, {REASONED}
            SELECT DISTINCT ON (response_id, question) response_id, question, reason, username
            FROM reasoned JOIN answer USING (response_id, question)
            JOIN consult_user AS officer ON officer.id = reasoned.by_id
            WHERE NOT EXISTS (SELECT FROM made WHERE made.response_id = reasoned.response_id
                AND made.question = reasoned.question)
            ORDER BY response_id, question, at DESC""",  # noqa: S608
            arguments_for(consultation),
        )
        return [list(row) for row in cursor.fetchall()]
