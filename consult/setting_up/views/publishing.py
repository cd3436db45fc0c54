"""Publishing a plan file, after a page that says what the public will then see."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from consult.clock import NotADate, closing_in_words, in_words, parse_closing, parse_opening
from consult.models import Consultation, Right
from consult.plans.checking import check_plan
from consult.plans.publishing import database_now
from consult.plans.reading import PlanProblems
from consult.setting_up.files import ChangedMeanwhile, NotBeingWorkedOn, publish_file, version_of
from consult.setting_up.problems import sort_problems
from consult.setting_up.views.files import file_or_redirect
from consult.staff.access import StaffRequest, staff_only


@staff_only(Right.EDIT_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def publish_plan_file(request: StaffRequest, pk: int) -> HttpResponse:
    """Say what publishing does, ask for a tick, and do it."""
    file = file_or_redirect(request, pk)
    if isinstance(file, HttpResponse):
        return file
    context: dict[str, Any] = {"file": file, "version": version_of({"text": file.text})}
    if request.method == "POST" and "sure" not in request.POST:
        context["wrong"] = _("Tick the box if this is what the public is to see.")
    elif request.method == "POST":
        try:
            loaded = publish_file(
                pk=pk, version=request.POST.get("version", ""), actor=request.user
            )
        except ChangedMeanwhile:
            context["wrong"] = _(
                "Someone changed the file while you had this page open. Look at it again, and then "
                "publish it."
            )
        except PlanProblems as found:
            context["problems"] = sort_problems(found.problems).all
        except NotBeingWorkedOn:
            return redirect("plan-file", pk)
        else:
            messages.success(request, _("Published."))
            return redirect("set-up-consultation", loaded.consultation.slug)
    try:
        context |= _what_it_does(file.text)
    except PlanProblems as found:
        context["problems"] = sort_problems(found.problems).all
    return render(request, "setting_up/publish.html", context)


def _what_it_does(text: str) -> dict[str, Any]:
    """What the public will see, in words. Raises PlanProblems."""
    plan = check_plan(text)
    given, now = plan.consultation, database_now()
    live = Consultation.objects.filter(slug=given["slug"]).first()
    try:
        opens_at = parse_opening(given["opens"], now=now) if "opens" in given else now
        closes_at = parse_closing(given["closes"], now=now)
    except NotADate:
        return {"plan": plan, "live": live}
    return {
        "plan": plan,
        "live": live,
        "sections": len(plan.sections),
        "questions": len(plan.questions),
        "opens": in_words(opens_at) if opens_at > now else _("at once"),
        "closes": closing_in_words(closes_at),
        "past": closes_at <= now,
    }
