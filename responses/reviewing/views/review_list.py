"""The reviewers' list: finding responses, and saving filters for later."""

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from consult import clock
from consult.models import Consultation, Right, User
from consult.staff.access import StaffRequest, staff_only
from consult.text import with_symbols
from consult.views.one_by_one import each_shown
from responses.models import Response, SavedFilter
from responses.requests import number_in
from responses.responding.flagging import flags_in_words
from responses.reviewing.filters import Filter, read_filter, written
from responses.reviewing.matching import find, words_of
from responses.reviewing.passages import where_found
from responses.reviewing.reading import opened_by
from responses.reviewing.reviews import note_list_read, turn_page
from responses.reviewing.saved_filters import FilterTooLong, NameMissing, forget_filter, save_filter
from responses.reviewing.views.filtering import boxes_of, chips_of, offered, pairs_of
from responses.reviewing.word_search import is_a_reference, query_of

# The fields of the filter that are always shown; the others open if one is in use.
IN_SIGHT = ["word", "state", "unread"]


def _saving(request: StaffRequest, wanted: Filter) -> HttpResponse | str:
    """Save or delete a filter. Returns why it cannot be saved, in words."""
    query = urlencode(written(wanted))
    if remove := number_in(request.POST.get("remove", "")):
        forget_filter(by=request.user, number=remove)
        return redirect(request.get_full_path())
    try:
        save_filter(by=request.user, name=request.POST.get("name", ""), query=query)
    except NameMissing:
        return _("Give it a name of up to 80 characters.")
    except FilterTooLong:
        return _("This filter is too long to be saved. Remove some of it, or keep its address.")
    return redirect(f"{request.path}?{query}")


def _opened(row: Response, mine: set[int]) -> str:
    if row.pk in mine:
        return _("Opened by you")
    return _("Opened by others") if row.review.first_read_at else _("Never opened")


@staff_only(Right.READ_RESPONSES)
def review_list(request: StaffRequest) -> HttpResponse:
    """The responses, newest first, through the filters in the address."""
    wanted, bad = read_filter(pairs_of(request))
    problem = ""
    if request.method == "POST":
        saved = _saving(request, wanted)
        if not isinstance(saved, str):
            return saved
        problem = saved
    reader: User = request.user
    page = turn_page(
        find(wanted, reader=reader),
        before=number_in(request.GET.get("before", "")) or None,
        after=number_in(request.GET.get("after", "")) or None,
    )
    note_list_read(reader=reader, wanted=wanted)
    words = words_of(wanted) if wanted.word and not is_a_reference(wanted.word) else None
    passages = where_found(page.rows, words) if words else {}
    mine = opened_by(page.rows, reader)
    kinds = {"organisation": _("Organisation"), "individual": _("Individual")}

    def show(row: Response) -> dict[str, object]:
        return {
            "response": row,
            "received": clock.in_words(row.received_at),
            "kind": kinds.get(str(row.choices.get("capacity", "")), ""),
            "passage": passages.get(row.pk),
            "words": with_symbols(next(iter(row.texts.values()), "")),
            "flags": flags_in_words(row.flags),
            "opened": _opened(row, mine),
        }

    rows = each_shown(request, page.rows, show)
    groups = offered(list(Consultation.objects.prefetch_related("editions")))
    boxes = boxes_of(wanted, bad, groups)
    context = {
        "in_sight": [box for name in IN_SIGHT for box in boxes if box.name == name],
        "boxes": (others := [box for box in boxes if box.name not in IN_SIGHT]),
        "opened": any(box.value for box in others) or bool(wanted.answer),
        "answers": wanted.answer,
        "chips": chips_of(wanted, groups),
        "page": page,
        "rows": rows,
        "filters": urlencode(written(wanted)),
        "filtered": bool(written(wanted)),
        "problem": problem,
        "unsearchable": words is not None and not query_of(words),
        "saved": list(SavedFilter.objects.filter(by=reader)),
        "several": len(groups["consultation"][0][1]) > 1,
        "may_take": reader.may(Right.TAKE_BATCHES),
    }
    return render(request, "reviewing/list.html", context)
