"""Loads a plan file: checked first, then written in one transaction or not at all."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from consult.auditing import record
from consult.clock import NotADate, closing_in_words, names_a_year, parse_closing, parse_opening
from consult.models import Action, Consultation, PlanFile, User
from consult.plans.checking import CheckedPlan, check_plan
from consult.plans.publishing import (
    ClosesBeforeItOpens,
    ClosesInThePast,
    ClosesMuchEarlier,
    change_schedule,
    change_window,
    database_now,
    publish_edition,
)
from consult.plans.reading import PlanProblems
from consult.plans.rows import consultation_values, write_rows
from consult.plans.shapes import Problem


@dataclass(frozen=True)
class Loaded:
    """What loading did: the consultation, and each change in words.

    Nothing in `done` means that nothing changed.
    """

    consultation: Consultation
    done: list[str] = field(default_factory=list)


def load_plan(
    *, text: str | bytes, opens: str | None = None, closes: str | None = None, actor: User | None
) -> Loaded:
    """Create or update the consultation that a plan file describes, and publish it.

    `opens` and `closes` override the file. An existing consultation keeps its window unless one of
    them is given or the file has a different full date: "21 January" is resolved once, when first
    loaded, and a file without `opens` opens when first loaded. Once there are responses, wording
    may change and questions may be added, but nothing that was asked may be removed or become
    something else.

    Raises PlanProblems; then nothing was changed.
    """
    plan = check_plan(text)
    slug = plan.consultation["slug"]
    with transaction.atomic(), connection.cursor() as cursor:
        # Two first loads at once would both find nothing and both create it.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"load plan {slug}"])
        consultation = Consultation.objects.select_for_update(no_key=True).filter(slug=slug).first()
        if consultation is None:
            loaded = _create(plan, opens=opens, closes=closes, actor=actor)
            _keep(text, loaded.consultation, actor)
            return loaded
        _refuse_what_would_orphan_answers(consultation, plan)
        editions = consultation.editions.count()
        done = []
        if _move_window(consultation, plan, opens=opens, closes=closes, actor=actor):
            done.append("moved the window")
        hour = plan.consultation.get("batch_hour", consultation.batch_hour)
        if change_schedule(consultation=consultation, batch_hour=hour, actor=actor):
            done.append("changed the hour of the daily batch")
        write_rows(consultation, plan)
        edition = publish_edition(consultation=consultation, actor=actor)
        if edition.number > editions:
            done.append(f"changed wording: edition {edition.number}")
        # What changed has been recorded; a text that changed nothing has not.
        if _keep(text, consultation, actor) and not done:
            record(action=Action.PLAN_LOADED, actor=actor, subject=slug, done=done)
        consultation.refresh_from_db()
        return Loaded(consultation, done)


def _keep(text: str | bytes, consultation: Consultation, actor: User | None) -> bool:
    """Keep the text for the next change to begin with. Returns False if the newest is the same."""
    decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
    newest = PlanFile.newest_published().filter(Q(consultation=consultation) | Q(consultation=None))
    if newest.values_list("text", flat=True).first() == decoded:
        return False
    PlanFile.objects.create(
        text=decoded,
        consultation=consultation,
        published_at=Now(),
        made_by=actor,
        changed_by=actor,
    )
    return True


def _create(
    plan: CheckedPlan, *, opens: str | None, closes: str | None, actor: User | None
) -> Loaded:
    now = database_now()
    opens_at = _instant(plan, "opens", opens, now) or now
    closes_at = _instant(plan, "closes", closes, now)
    if closes_at is None or opens_at >= closes_at:
        raise _problem(plan, "closes", given=closes is not None, why="is not after the opening")
    named = {
        name: plan.consultation[name]
        for name in ("grace_minutes", "batch_hour")
        if name in plan.consultation
    }
    consultation = Consultation.objects.create(
        slug=plan.consultation["slug"],
        opens_at=opens_at,
        closes_at=closes_at,
        published_at=Now(),
        **named,
        **consultation_values(plan),
    )
    write_rows(consultation, plan)
    publish_edition(consultation=consultation, actor=actor)
    record(action=Action.PLAN_LOADED, actor=actor, subject=consultation.slug)
    consultation.refresh_from_db()
    return Loaded(consultation, ["loaded and published it"])


def _move_window(
    consultation: Consultation,
    plan: CheckedPlan,
    *,
    opens: str | None,
    closes: str | None,
    actor: User | None,
) -> bool:
    """Change the window if the caller or the file asks for a different one."""
    now = database_now()
    # A day without a year meant the next such day when it was first loaded, and means that day for
    # ever.
    dated = {
        name: value
        for name in ("opens", "closes")
        if names_a_year(value := plan.consultation.get(name, ""))
    }
    try:
        return change_window(
            consultation=consultation,
            opens_at=_instant(plan, "opens", opens, now)
            if opens is not None or "opens" in dated
            else None,
            closes_at=_instant(plan, "closes", closes, now)
            if closes is not None or "closes" in dated
            else None,
            grace_minutes=plan.consultation.get("grace_minutes"),
            # A date given beside the file is meant for now; one in the file may be an old one.
            sure=closes is not None,
            actor=actor,
        )
    except ClosesBeforeItOpens as reason:
        raise _problem(
            plan, "closes", given=closes is not None, why="is not after the opening"
        ) from reason
    except ClosesInThePast as reason:
        raise _problem(
            plan, "closes", given=closes is not None, why="has passed already"
        ) from reason
    except ClosesMuchEarlier as reason:
        before = closing_in_words(consultation.closes_at)
        why = f"is much earlier than it is now, {before}: if that is right, give it by --closes"
        raise _problem(plan, "closes", given=False, why=why) from reason


def _instant(plan: CheckedPlan, name: str, given: str | None, now: datetime) -> datetime | None:
    """Return the instant that the caller, or otherwise the file, gives for `name`, or None."""
    value = plan.consultation.get(name) if given is None else given
    if value is None:
        return None
    try:
        return (parse_opening if name == "opens" else parse_closing)(value, now=now)
    except NotADate as reason:
        raise _problem(plan, name, given=given is not None, why=str(reason)) from reason


def _problem(plan: CheckedPlan, name: str, *, given: bool, why: str) -> PlanProblems:
    key = f"--{name}" if given else f"consultation.{name}"
    return PlanProblems([Problem(plan.lines.get(key, 0), key, why)])


def _refuse_what_would_orphan_answers(consultation: Consultation, plan: CheckedPlan) -> None:
    """Raise PlanProblems if responses have answered what the file would drop or turn into something
    else.
    """
    if not consultation.responses.exists():
        return
    wanted = {question["slug"]: question for question in plan.questions}
    problems = []
    for question in consultation.questions.prefetch_related("options"):
        new = wanted.get(question.slug)
        line = plan.lines.get(new["key"] if new else "questions", 1)
        if new is None:
            problems.append(
                Problem(
                    line,
                    "questions",
                    f"“{question.slug}” is gone, but responses have come in: it must stay",
                )
            )
            continue
        if (new["kind"], new["part"]) != (question.kind, question.part):
            problems.append(
                Problem(
                    line,
                    new["key"],
                    (
                        f"“{question.slug}” was kind {question.kind} on page {question.part}: "
                        "it must stay the same"
                    ),
                )
            )
        kept = {option["slug"] for option in new["options"]}
        for option in question.options.all():
            if option.slug not in kept:
                problems.append(
                    Problem(
                        line,
                        f"{new['key']}.options",
                        f"option “{option.slug}” of “{question.slug}” is gone: it must stay",
                    )
                )
    parts = {part["slug"] for part in [*plan.sections, *plan.recommendations]}
    kept_parts = [
        *consultation.sections.values_list("slug", flat=True),
        *consultation.recommendations.values_list("slug", flat=True),
    ]
    for slug in kept_parts:
        if slug not in parts:
            problems.append(
                Problem(
                    plan.lines["sections"],
                    "sections",
                    f"the part “{slug}” is gone, but responses have come in",
                )
            )
    if problems:
        raise PlanProblems(sorted(problems, key=lambda problem: problem.line))
