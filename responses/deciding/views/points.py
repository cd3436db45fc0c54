"""One point: who makes it and what they said, what officers make of it, and its history."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from consult.auditing import record
from consult.clock import in_words
from consult.models import Action, Right, User
from consult.plans.editions import current_edition, plan_of
from consult.staff.access import StaffRequest, staff_only
from responses.deciding.feeding import feed_code, mark_quote, stop_code, stop_passage
from responses.deciding.merging import NotInto, merge_point
from responses.deciding.pack_contents import decisions_about
from responses.deciding.points import (
    TEXT_MAX_CHARS,
    AnswerMissing,
    MergedAlready,
    PointChangedMeanwhile,
    TextTooLong,
    WordingMissing,
    change_point,
    name_of,
    parts_of,
    taken_in,
)
from responses.deciding.register import AMONG, Makers, count_makers, said_on
from responses.deciding.views.makers import makers_in_words
from responses.deciding.views.register import PROBLEMS, consultation_or_404
from responses.models import Code, Point, PointCode, PointPassage
from responses.requests import number_in
from responses.wording import titles_of_texts

PAGE = 50
FIELDS = ("part", "sentence", "analysis", "answer", "change", "old_wording", "new_wording")
CHANGED = _lazy(
    "A colleague changed this point since you opened it. It is shown as it is now, below what you "
    "typed. Nothing was saved."
)
CHANGE_PROBLEMS: dict[type[Exception], tuple[str, object]] = {
    **PROBLEMS,
    TextTooLong: (
        "analysis",
        _lazy("A text has at most %(most)s characters. Nothing was cut; shorten it.")
        % {"most": f"{TEXT_MAX_CHARS:,}"},
    ),
    AnswerMissing: (
        "answer",
        _lazy("Before it can be decided, propose an answer and say what changes in the plan."),
    ),
    WordingMissing: ("new_wording", _lazy("Write the new wording, or choose another change.")),
    NotInto: ("into", _lazy("Give the number of another point that stands by itself.")),
}


@staff_only(Right.READ_RESPONSES)
def point(request: StaffRequest, consultation: str, number: int) -> HttpResponse:
    """One point of the register, to be read and worked on."""
    found = get_object_or_404(
        Point.objects.select_related("consultation", "owner", "merged_into"),
        consultation=consultation_or_404(consultation),
        number=number,
    )
    if request.method != "POST":
        return _show(request, found, {})
    try:
        where = _carry_out(request, found)
    except PointChangedMeanwhile as changed:
        return _show(request, changed.newest, {"changed": CHANGED, "typed": request.POST})
    except MergedAlready:
        messages.warning(request, _("This point is part of another one. Work on that one."))
        return redirect("point", consultation, number)
    except tuple(CHANGE_PROBLEMS) as problem:
        said = {"problems": [CHANGE_PROBLEMS[type(problem)]], "typed": request.POST}
        return _show(request, found, said)
    return redirect("point", consultation, where)


def _carry_out(request: StaffRequest, found: Point) -> int:
    """Do what a form of the page says. Returns the number of the point to go on with."""
    by, do = request.user, request.POST.get("do", "")
    version = number_in(request.POST.get("version", ""))
    if do == "merge":
        into = number_in(request.POST.get("into", ""))
        other = merge_point(point=found, version=version, into=into, by=by)
        messages.success(
            request, _("Whatever made that point makes point %(number)s now.") % vars(other)
        )
        return other.number
    if do == "feed-code":
        codes = Code.objects.filter(consultation=found.consultation)
        code = get_object_or_404(codes, pk=number_in(request.POST.get("code", "")))
        feed_code(point=found, code=code, by=by)
    elif do == "stop-code":
        fed = number_in(request.POST.get("fed", ""))
        stop_code(fed=get_object_or_404(PointCode, pk=fed, point=found), by=by)
    elif do in {"stop-passage", "quote", "no-quote"}:
        fed = number_in(request.POST.get("fed", ""))
        passage = get_object_or_404(PointPassage, pk=fed, point=found)
        if do == "stop-passage":
            stop_passage(fed=passage, by=by)
        else:
            mark_quote(fed=passage, quote=do == "quote", by=by)
    else:
        owner = User.objects.filter(is_active=True, username=request.POST.get("owner", "")).first()
        change_point(
            point=found,
            version=version,
            by=by,
            ready=request.POST.get("ready", "") == "yes",
            owner=owner,
            **{field: request.POST.get(field, "") for field in FIELDS},
        )
    messages.success(request, _("It is saved."))
    return found.number


def _show(request: StaffRequest, found: Point, said: dict[str, Any]) -> HttpResponse:
    after = number_in(request.GET.get("after", ""))
    among = next((name for name in AMONG if name in request.GET), "all")
    which = request.GET.get(among, "")
    passages = said_on(found, after=after, limit=PAGE, among=among, which=which)
    shown = {one.response.pk for one in passages}
    record(
        action=Action.POINT_READ,
        actor=request.user,
        subject=name_of(found),
        references=sorted({one.response.reference for one in passages}),
    )
    makers = count_makers(found.consultation).get(found.pk, Makers())
    now = {field: getattr(found, field) for field in FIELDS}
    now |= {
        "owner": found.owner.username if found.owner else "",
        "ready": "" if found.status == Point.Status.OPEN else "yes",
    }
    plan = plan_of(current_edition(found.consultation))
    context = {
        "point": found,
        "consultation": found.consultation,
        "makers": makers,
        "lists": makers_in_words(found.consultation, makers),
        "said": passages,
        "among": "" if among == "all" else urlencode({among: which}),
        "next": max(shown) if len(shown) == PAGE else None,
        "titles": titles_of_texts(plan),
        "fed_codes": found.codes.filter(removed_at=None).select_related("code"),
        "codes": Code.objects.filter(consultation=found.consultation, retired=False)
        .exclude(points__in=found.codes.filter(removed_at=None))
        .order_by("question", "name"),
        "parts": parts_of(found.consultation),
        "changes": Point.Change.choices,
        "owners": [
            one
            for one in User.objects.filter(is_active=True).order_by("username")
            if one.may(Right.READ_RESPONSES)
        ],
        "versions": [
            {"version": one, "at": in_words(one.at)}
            for one in found.versions.select_related("by").order_by("-version")
        ],
        "decisions": decisions_about(found.consultation, [found.number, *taken_in(found)]),
        "values": said.get("typed") if said.get("typed", {}).get("do") == "change" else now,
        "now": now,
    }
    status = 409 if "changed" in said else 200
    return render(request, "deciding/point.html", context | said, status=status)
