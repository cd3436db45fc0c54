"""How far the reading has got, for the one who shares out the work."""

from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consult.clock import day_in_words, start_of_day
from consult.models import Consultation, Right
from consult.staff.access import StaffRequest, staff_only
from consult.views.one_by_one import each_shown
from responses.reviewing.pace import pace_of


@staff_only(Right.READ_RESPONSES)
@require_safe
def reading_pace(request: StaffRequest) -> HttpResponse:
    """Done and left, by person and together, and when it will be done."""
    today, typed = timezone.localdate(), request.GET.get("until", "").strip()
    until, problem = _day_in(typed)

    def show(consultation: Consultation) -> dict[str, object]:
        pace = pace_of(consultation)
        done_on = pace.done_on(today)
        return {
            "consultation": consultation,
            "pace": pace,
            "a_day": f"{pace.a_day:.1f}".removesuffix(".0"),
            "done_on": day_in_words(start_of_day(done_on)) if done_on else "",
            "in_time": done_on is not None and until is not None and done_on <= until,
            "needed": pace.needed_a_day(today=today, until=until) if until else None,
        }

    rows = each_shown(request, Consultation.objects.filter(published_at__isnull=False), show)
    context = {
        "rows": rows,
        "typed": typed,
        "until": day_in_words(start_of_day(until)) if until else "",
        "over": until is not None and until < today,
        "problem": problem,
    }
    return render(request, "reviewing/pace.html", context)


def _day_in(typed: str) -> tuple[date | None, str]:
    """The day that someone typed, and what is wrong with it if it is none."""
    if not typed:
        return None, ""
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        day = date.min
    if not 2000 <= day.year < 2200:
        return None, _("Type the day as 2027-02-28.")
    return day, ""
