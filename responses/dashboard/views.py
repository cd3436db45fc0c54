"""The dashboard: what has arrived and how much of it has been read, for reviewers and analysts."""

import csv
from dataclasses import dataclass
from datetime import date
from io import StringIO
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from consult.cells import safe_cell
from consult.clock import day_in_words, in_words, start_of_day
from consult.models import Consultation, Right, once_published
from consult.nudging import nudge
from consult.staff.access import StaffRequest, staff_only
from consult.views.one_by_one import each_shown
from responses.dashboard.charts import bars, columns, tiles
from responses.dashboard.tallies import (
    FEWEST_SHOWN,
    counted_questions,
    distribution,
    full_titles,
    waiting_now,
)
from responses.dashboard.tasks import count
from responses.exporting.due import due_at
from responses.models import Response, Review, Tally
from responses.reviewing.codebooks import questions_to_code
from responses.reviewing.petitions import signatures_of

BOROUGH = "borough"
DAYS = "received-by-day"
STATES = "read-so-far"
CODED = "coded-so-far"


@dataclass(frozen=True)
class Chart:
    """One chart and the table of its figures. A figure that is None is not shown."""

    slug: str
    title: str
    svg: str
    head: list[str]
    rows: list[list[str | int | None]]

    @property
    def drawing(self) -> SafeString:
        """Return the SVG for a page. responses.dashboard.charts escapes the text in it."""
        return SafeString(self.svg)


@staff_only(Right.SEE_FIGURES)
@require_safe
def dashboard(request: StaffRequest) -> HttpResponse:
    """Show each consultation's figures as last counted, and what is waiting now."""
    rows = each_shown(request, once_published(), _figures_of)
    return render(request, "dashboard/dashboard.html", {"rows": rows, "fewest": FEWEST_SHOWN})


def _figures_of(consultation: Consultation) -> dict[str, object]:
    counted = Tally.objects.filter(consultation=consultation).first()
    now = waiting_now(consultation)
    due = due_at(consultation=consultation, now=consultation.now)
    return {
        "consultation": consultation,
        "counted": in_words(counted.counted_at) if counted else "",
        "figures": counted.figures if counted else {},
        "charts": charts_of(consultation, counted.figures) if counted else [],
        "now": now,
        "signed": signatures_of(consultation),
        "oldest_unread": in_words(now["oldest_unread"]) if now["oldest_unread"] else "",
        "due": in_words(due) if due else "",
        "sealed": in_words(now["batch"].sealed_at) if now["batch"] else "",
    }


@staff_only(Right.SEE_FIGURES)
@require_POST
def count_now(request: StaffRequest) -> HttpResponse:
    """Ask a worker to count again."""
    nudge(count)
    messages.success(request, _("The service is counting. Load this page again in a moment."))
    return redirect("dashboard")


@staff_only(Right.SEE_FIGURES)
@require_safe
def chart_file(request: StaffRequest, consultation: str, chart: str, kind: str) -> HttpResponse:
    """Download one chart, as SVG or as the CSV of its figures."""
    counted = get_object_or_404(
        Tally.objects.select_related("consultation"), consultation__slug=consultation
    )
    found = next(
        (one for one in charts_of(counted.consultation, counted.figures) if one.slug == chart), None
    )
    if found is None or kind not in {"svg", "csv"}:
        raise Http404
    if kind == "svg":
        answer = HttpResponse(found.svg, content_type="image/svg+xml")
    else:
        table = StringIO()
        writer = csv.writer(table)
        writer.writerow(map(safe_cell, found.head))
        for row in found.rows:
            writer.writerow(
                [
                    f"fewer than {FEWEST_SHOWN}" if cell is None else safe_cell(str(cell))
                    for cell in row
                ]
            )
        answer = HttpResponse(table.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{consultation}-{chart}.{kind}"'
    return answer


def charts_of(consultation: Consultation, figures: dict[str, Any]) -> list[Chart]:
    """Return the charts of one count: by day and channel, what was read, where from, and each
    question that can be counted.
    """
    made = [_by_day(figures), _by_state(figures), _coded(consultation, figures)]
    titles = full_titles(consultation)
    for question in counted_questions(consultation):
        title = titles[question.slug]
        rows = distribution(figures, question)
        counts = {row.slug: row.count for row in rows}
        if question.slug == BOROUGH:
            svg = tiles(title, counts, {row.slug: row.label for row in rows})
        else:
            svg = bars(title, [(row.label, row.count) for row in rows])
        table: list[list[str | int | None]] = [[row.label, row.count] for row in rows]
        made.append(Chart(question.slug, title, svg, [_("Answer"), _("Responses")], table))
    return made


def _by_day(figures: dict[str, Any]) -> Chart:
    days = sorted({day for day, _channel, _count in figures["days"]})
    counts = {(day, channel): count for day, channel, count in figures["days"]}
    channels = [
        channel
        for channel in Response.Channel
        if any(day_channel[1] == channel for day_channel in counts)
    ]
    series = {
        str(channel.label): [counts.get((day, channel), 0) for day in days] for channel in channels
    }
    named = [day_in_words(start_of_day(date.fromisoformat(day))) for day in days]
    rows: list[list[str | int | None]] = [
        [name, *(counts.get((day, channel), 0) for channel in channels)]
        for name, day in zip(named, days, strict=True)
    ]
    title = _("Received by day (UK time) and channel, letters on the day they reached us")
    return Chart(DAYS, title, columns(title, named, series), [_("Day"), *series], rows)


def _by_state(figures: dict[str, Any]) -> Chart:
    in_bulk = figures.get("in_bulk", {})
    states = []
    for state in Review.State:
        many = in_bulk.get(state, 0)
        states.append((str(state.label), figures["states"].get(state, 0) - many))
        if many:
            label = _("%(state)s by a bulk change") % {"state": state.label}
            states.append((label, many))
    if "unopened" in figures:
        states.append((_("Never opened by anyone"), figures["unopened"]))
    title = _("Read so far")
    return Chart(
        STATES,
        title,
        bars(title, states),
        [_("State"), _("Responses")],
        [[label, count] for label, count in states],
    )


def _coded(consultation: Consultation, figures: dict[str, Any]) -> Chart:
    title = _("Free text coded so far")
    titles = full_titles(consultation)
    rows: list[list[str | int | None]] = []
    for question in questions_to_code(consultation):
        answers, coded = figures["coded"].get(question.slug, [0, 0])
        rows.append([titles[question.slug], answers, coded])
    drawn = [
        (
            _("%(question)s: of %(answers)s") % {"question": row[0], "answers": f"{row[1]:,}"},
            int(row[2] or 0),
        )
        for row in rows
    ]
    return Chart(CODED, title, bars(title, drawn), [_("Question"), _("Answers"), _("Coded")], rows)
