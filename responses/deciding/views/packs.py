"""Decision packs: sealing one, and for those who decide the pages to read and decide it."""

from typing import Any

from django.contrib import messages
from django.core.files.storage import storages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_safe

from consult.clock import in_words
from consult.models import Consultation, Right, once_published
from consult.staff.access import StaffRequest, staff_only
from consult.views.one_by_one import each_shown
from responses.deciding.decisions import (
    ChangedSinceSealed,
    DecidedMeanwhile,
    InNewerPack,
    NoSuchOutcome,
    NotOpened,
    WhyMissing,
    decide_point,
    open_pack,
    opened_points,
)
from responses.deciding.outcomes import outcomes_shown
from responses.deciding.pack_contents import Contents
from responses.deciding.pack_files import stored_in, write_pack
from responses.deciding.packs import (
    NothingToDecide,
    PointsNotReady,
    SomethingLeadsNowhere,
    SummaryMissing,
    seal_pack,
)
from responses.deciding.points import TextTooLong
from responses.deciding.register import Makers
from responses.deciding.unweighed import count_weighed
from responses.deciding.views.makers import makers_in_words
from responses.deciding.views.register import consultation_or_404
from responses.exporting.signing import BadKey
from responses.exporting.storing import HandedOverAlready, StoredDifferently
from responses.models import DecisionPack, PackPoint, Point, PointDecision
from responses.requests import number_in

SEAL_PROBLEMS = {
    SummaryMissing: ("summary", _lazy("Say in a few words what is before those who decide.")),
    TextTooLong: ("summary", _lazy("This is too long. Nothing was cut; shorten it.")),
    NothingToDecide: ("summary", _lazy("There is no point on the register.")),
}
NOT_STORED = (OSError, StoredDifferently, HandedOverAlready, BadKey)
DECIDE_PROBLEMS = {
    NoSuchOutcome: ("outcome-agreed", _lazy("Choose what you decide.")),
    WhyMissing: ("reason", _lazy("Say why, since it is not agreed as it was proposed.")),
    TextTooLong: ("reason", _lazy("This is too long. Nothing was cut; shorten it.")),
    NotOpened: ("reason", _lazy("Read the point first: it is shown now.")),
    DecidedMeanwhile: (
        "reason",
        _lazy("A colleague decided on it since you opened it. Nothing was saved; read it first."),
    ),
    ChangedSinceSealed: (
        "reason",
        _lazy("The point was changed after this pack was sealed. Ask for a new pack."),
    ),
}


@staff_only(Right.READ_RESPONSES)
def seal(request: StaffRequest, consultation: str) -> HttpResponse:
    """What stands in the way of a pack, those that are sealed, and sealing the next one."""
    found = consultation_or_404(consultation)
    problems: list[tuple[str, object]] = []
    if request.method == "POST":
        try:
            pack = seal_pack(
                consultation=found,
                summary=request.POST.get("summary", ""),
                unweighed_reason=request.POST.get("reason", ""),
                by=request.user,
            )
        except tuple(SEAL_PROBLEMS) as problem:
            problems = [SEAL_PROBLEMS[type(problem)]]
        except PointsNotReady as problem:
            words = _("These points are not ready to be decided: %(numbers)s.")
            problems = [("summary", words % {"numbers": str(problem)})]
        except SomethingLeadsNowhere:
            words = _("Some answers lead nowhere yet. Weigh them, or say why it is sealed anyway.")
            problems = [("reason", words)]
        except NOT_STORED:
            words = _("The pack’s files could not be stored. Nothing was sealed; try again.")
            problems = [("summary", words)]
        else:
            messages.success(request, _("Decision pack %(number)s is sealed.") % vars(pack))
            return redirect("seal-pack", consultation)
    points = found.points.exclude(status=Point.Status.MERGED)
    context = {
        "consultation": found,
        "weighing": count_weighed(found),
        "open": points.filter(status=Point.Status.OPEN),
        "count": points.count(),
        "packs": [_row(pack) for pack in found.decision_packs.select_related("sealed_by")],
        "problems": problems,
        "typed": request.POST,
        "may_publish": request.user.may(Right.PUBLISH_RESPONSES),
        "outcomes_shown": outcomes_shown(found),
    }
    return render(request, "deciding/seal.html", context)


def _row(pack: DecisionPack) -> dict[str, Any]:
    decided = PackPoint.objects.filter(pack=pack, decisions__isnull=False).distinct().count()
    return {
        "pack": pack,
        "at": in_words(pack.sealed_at),
        "points": pack.points.count(),
        "decided": decided,
    }


@staff_only(Right.DECIDE_POINTS)
@require_safe
def packs_to_decide(request: StaffRequest) -> HttpResponse:
    """Every pack of every consultation, the newest first."""

    def show(one: Consultation) -> dict[str, object]:
        packs = one.decision_packs.select_related("sealed_by")
        return {"consultation": one, "packs": each_shown(request, packs, _row)}

    rows = each_shown(request, once_published().order_by("title"), show)
    return render(request, "deciding/packs.html", {"rows": rows})


def _pack(consultation: str, number: int) -> DecisionPack:
    packs = DecisionPack.objects.select_related("consultation", "edition", "sealed_by")
    return get_object_or_404(packs, consultation__slug=consultation, number=number)


@staff_only(Right.DECIDE_POINTS)
@require_safe
def pack(request: StaffRequest, consultation: str, number: int) -> HttpResponse:
    """A pack: its summary, its points with what was decided, and everything else that is in it."""
    found = _pack(consultation, number)
    open_pack(pack=found, by=request.user)
    contents = Contents(found)
    opened = set(opened_points(found, request.user))
    rows = found.points.select_related("version").prefetch_related("decisions__by")
    context = {
        "pack": found,
        "consultation": found.consultation,
        "at": in_words(found.sealed_at),
        "contents": contents,
        "rows": [
            {
                "row": row,
                "part": contents.parts.get(row.version.content["part"], ""),
                "opened": row.number in opened,
                "decision": next(reversed(row.decisions.all()), None),
            }
            for row in rows
        ],
    }
    return render(request, "deciding/pack.html", context)


@staff_only(Right.DECIDE_POINTS)
def pack_point(request: StaffRequest, consultation: str, number: int, point: int) -> HttpResponse:
    """One point of a pack with all that was said on it, and deciding on it."""
    found = _pack(consultation, number)
    row = get_object_or_404(found.points.select_related("version"), number=point)
    row.pack = found
    problems: list[tuple[str, object]] = []
    if request.method == "POST":
        try:
            decide_point(
                point=row,
                outcome=request.POST.get("outcome", ""),
                reason=request.POST.get("reason", ""),
                after=number_in(request.POST.get("after", "")),
                by=request.user,
            )
        except tuple(DECIDE_PROBLEMS) as problem:
            problems = [DECIDE_PROBLEMS[type(problem)]]
        except InNewerPack as newer:
            words = _("Decision pack %(number)s is newer and has this point too. Decide it there.")
            problems = [("reason", words % {"number": newer.number})]
        except NOT_STORED:
            words = _("The pack’s files could not be stored. Nothing was decided; try again.")
            problems = [("reason", words)]
        else:
            messages.success(request, _("Your decision is on record."))
            return redirect("pack", consultation, number)
    open_pack(pack=found, by=request.user, point=row)
    contents = Contents(found)
    packed = contents.point(row)
    taken = list(row.decisions.select_related("by"))
    context = {
        "pack": found,
        "consultation": found.consultation,
        "point": packed,
        "part": contents.parts.get(packed.content["part"], ""),
        "lists": makers_in_words(found.consultation, Makers(**row.makers)),
        "wholes": contents.wholes_of(row),
        "decisions": [{"decision": one, "at": in_words(one.at)} for one in taken],
        "after": taken[-1].pk if taken else 0,
        "outcomes": PointDecision.Outcome.choices,
        "next": found.points.filter(number__gt=point).values_list("number", flat=True).first(),
        "problems": problems,
        "typed": request.POST,
    }
    return render(request, "deciding/pack_point.html", context)


@staff_only(Right.DECIDE_POINTS)
@require_safe
def pack_file(request: StaffRequest, consultation: str, number: int, name: str) -> HttpResponse:
    """A file of a pack. Where files were removed, since something in them was erased, they are
    written again without it first.
    """
    found = _pack(consultation, number)
    open_pack(pack=found, by=request.user)
    try:
        write_pack(found)
        if name not in {file["name"] for file in found.files}:
            raise Http404
        with storages["exports"].open(f"{stored_in(found)}/{name}", "rb") as file:
            content = file.read()
    except NOT_STORED:
        words = _("The file cannot be read at the moment. What it says is on these pages too.")
        messages.error(request, words)
        return redirect("pack", consultation, number)
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="pack-{number}-{name}"'
    return response
