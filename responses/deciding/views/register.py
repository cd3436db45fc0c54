"""The register of points of each consultation, and putting points on it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_safe

from consult.models import Consultation, Right, once_published
from consult.staff.access import StaffRequest, staff_only
from responses.deciding.feeding import make_point_of_code
from responses.deciding.points import (
    SENTENCE_MAX_CHARS,
    NoSuchPart,
    SentenceMissing,
    SentenceTooLong,
    make_point,
    parts_of,
)
from responses.deciding.register import Row, codes_without_a_point, the_register
from responses.deciding.unweighed import count_weighed
from responses.models import Code, Point
from responses.requests import number_in

PROBLEMS: dict[type[Exception], tuple[str, object]] = {
    SentenceMissing: ("sentence", _lazy("Write the point in one sentence.")),
    SentenceTooLong: (
        "sentence",
        _lazy("A point has at most %(most)s characters. Say it in a shorter sentence.")
        % {"most": SENTENCE_MAX_CHARS},
    ),
    NoSuchPart: ("part", _lazy("Choose the part of the plan that it concerns.")),
}


def consultation_or_404(slug: str) -> Consultation:
    return get_object_or_404(once_published(), slug=slug)


@staff_only(Right.READ_RESPONSES)
@require_safe
def points(request: StaffRequest) -> HttpResponse:
    """Each consultation with how many points it has and how many answers lead nowhere."""
    rows = [
        {
            "consultation": one,
            "points": one.points.exclude(status=Point.Status.MERGED).count(),
            "weighing": count_weighed(one),
        }
        for one in once_published().order_by("title")
    ]
    return render(request, "deciding/points.html", {"rows": rows})


@staff_only(Right.READ_RESPONSES)
def register(request: StaffRequest, consultation: str) -> HttpResponse:
    """All points of a consultation by the part of the plan, single voices beside, and a new one."""
    found = consultation_or_404(consultation)
    problems: list[tuple[str, object]] = []
    if request.method == "POST":
        code = _code(request, found)
        said = {name: request.POST.get(name, "") for name in ("part", "sentence")}
        try:
            if code:
                made = make_point_of_code(code=code, by=request.user, **said)
            else:
                made = make_point(consultation=found, by=request.user, **said)
        except (SentenceMissing, SentenceTooLong, NoSuchPart) as problem:
            problems = [PROBLEMS[type(problem)]]
        else:
            messages.success(request, _("Point %(number)s is on the register.") % vars(made))
            return redirect("point", consultation, made.number)
    rows = the_register(found)
    context = {
        "consultation": found,
        "parts": _by_part(found, rows),
        "choices": parts_of(found),
        "single": [row for row in rows if row.single],
        "silent": [row for row in rows if not row.makers.responses],
        "count": len(rows),
        "codes": codes_without_a_point(found).order_by("question", "name"),
        "weighing": count_weighed(found),
        "problems": problems,
        "typed": request.POST,
    }
    return render(request, "deciding/register.html", context)


def _code(request: StaffRequest, consultation: Consultation) -> Code | None:
    number = number_in(request.POST.get("code", ""))
    return get_object_or_404(Code, pk=number, consultation=consultation) if number else None


def _by_part(consultation: Consultation, rows: list[Row]) -> list[dict[str, Any]]:
    """The points by part in the plan's order; those of a part that the plan has no more come last,
    under its slug.
    """
    titles = {part.slug: part.title for part in parts_of(consultation)}
    gone = {row.point.part: row.point.part for row in rows if row.point.part not in titles}
    parts = [
        {"title": title, "rows": [row for row in rows if row.point.part == slug]}
        for slug, title in (titles | gone).items()
    ]
    return [part for part in parts if part["rows"]]
