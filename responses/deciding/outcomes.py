"""You said, we did: what was decided on each point, in words that everyone may read."""

from django.db import connection, transaction
from django.db.models import F, OuterRef, Subquery

from consult.auditing import record
from consult.models import Action, Consultation, TwoPersonAct, User
from consult.shown import fingerprint_of, refuse_changed
from consult.staff.second_person import require_second_person
from responses.deciding.answers_in_words import ANSWERS, MADE, arguments_for
from responses.models import Point, PointDecision, PublishedPoint, Response


class NothingDecided(Exception):
    """No point has been decided in the version that it has now."""


def decided_points(consultation: Consultation) -> list[PointDecision]:
    """Return the newest decision of each point that was decided in the version that it has now."""
    newest = PointDecision.objects.filter(
        point__version__point=OuterRef("pk"), point__version__version=OuterRef("version")
    ).order_by("-pk")
    points = Point.objects.filter(consultation=consultation, status=Point.Status.DECIDED)
    ids = points.annotate(newest=Subquery(newest.values("pk")[:1])).values("newest")
    return list(
        PointDecision.objects.filter(pk__in=ids)
        .select_related("point__version__point")
        .order_by("point__number")
    )


def outcomes_shown(consultation: Consultation) -> str:
    """The fingerprint of what can be published: which points are decided, by which decisions."""
    return _fingerprint_of(decided_points(consultation))


def _fingerprint_of(decisions: list[PointDecision]) -> str:
    return fingerprint_of([one.pk for one in decisions])


def publish_outcomes(*, consultation: Consultation, by: User, shown: str | None = None) -> int:
    """Let everyone read each point that is decided, with the answer and the new wording that those
    who decided had before them, and how they decided. Returns how many. Where they decided
    differently from what was proposed, their reason is the answer and no wording is published. What
    was published of points that were put into one of these is published no more by itself.

    Raises NothingDecided, ChangedSinceShown and SecondPersonNeeded.
    """
    with transaction.atomic():
        Consultation.objects.select_for_update(no_key=True).get(pk=consultation.pk)
        decisions = decided_points(consultation)
        if not decisions:
            raise NothingDecided
        refuse_changed(shown=shown, now=_fingerprint_of(decisions))
        require_second_person(
            act=TwoPersonAct.PUBLISH,
            actor=by,
            subject=consultation.slug,
            details={
                "points": [one.point.version.point.number for one in decisions],
                "decisions": [one.pk for one in decisions],
            },
        )
        for decision in decisions:
            said = decision.point.version.content
            agreed = decision.outcome == PointDecision.Outcome.AGREED
            PublishedPoint.objects.update_or_create(
                point=decision.point.version.point,
                defaults={
                    "decision": decision,
                    "sentence": said["sentence"],
                    "answer": said["answer"] if agreed else decision.reason,
                    "outcome": decision.outcome,
                    "new_wording": said["new_wording"] if agreed else "",
                    "responses": decision.point.makers["responses"],
                    "by": by,
                },
            )
            PublishedPoint.objects.filter(
                point__consultation=consultation, point__number__in=said["takes_in"]
            ).delete()
        record(
            action=Action.OUTCOMES_PUBLISHED,
            actor=by,
            subject=consultation.slug,
            points=len(decisions),
        )
    return len(decisions)


def points_made_by(response: Response) -> list[PublishedPoint]:
    """Return the published points that a response counts under, in its newest version."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH {ANSWERS}, {MADE}
            SELECT DISTINCT made.point_id FROM made JOIN answer USING (response_id, question)
            WHERE made.response_id = %(response)s""",  # noqa: S608
            arguments_for(response.consultation, only=response) | {"response": response.pk},
        )
        ids = [row[0] for row in cursor.fetchall()]
    found = PublishedPoint.objects.filter(point__in=ids).select_related("point")
    return list(found.order_by(F("point__number")))
