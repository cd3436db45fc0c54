"""Changing all responses that match a filter: what to do, what would change, and progress."""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID, uuid4

from django.contrib import messages
from django.core import signing
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consult.clock import in_words
from consult.models import Right, User
from consult.nudging import nudge
from consult.plans.editions import current_edition, plan_of
from consult.staff.access import StaffRequest, staff_only
from consult.staff.views.auto_refresh import address_to_watch, render_work
from consult.text import with_symbols
from consult.views.one_by_one import each_shown
from responses.models import BulkChange
from responses.reviewing.bulk_changes.asking import (
    AT_WORK,
    UNDOABLE,
    Forecast,
    NotUndoable,
    ask_for_change,
    ask_to_undo,
    forecast,
    sample,
)
from responses.reviewing.bulk_changes.judging import words_wanted
from responses.reviewing.campaign_steps import campaign_shown
from responses.reviewing.filters import read_filter, written
from responses.reviewing.forms.bulk import NEEDS, BulkForm
from responses.reviewing.passages import where_found
from responses.reviewing.reviews import note_list_read
from responses.reviewing.tasks import change_many
from responses.reviewing.views.bulk_words import act_in_words, filter_in_words, left_in_words
from responses.reviewing.views.filtering import pairs_of
from responses.wording import titles_of_questions

SAMPLE = 10
SHOWN = 100
SEEN_SECONDS = 24 * 3600
SALT = "what a change would do"


@staff_only(Right.READ_RESPONSES)
@require_http_methods(["GET", "HEAD", "POST"])
def bulk_new(request: StaffRequest) -> HttpResponse:
    """Choose what to do to all that match the filters of the address, see what that would change,
    then ask for it.
    """
    by: User = request.user
    wanted, bad = read_filter(pairs_of(request))
    query = urlencode(written(wanted))
    if bad:
        # A filter that is ignored would mean more responses than someone thinks; the list says
        # which one it is.
        return redirect(f"{reverse('review-list')}?{request.GET.urlencode()}")
    form = BulkForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "filters": query, "chips": filter_in_words(query)}
    if request.method == "POST" and form.is_valid() and "back" not in request.POST:
        change = BulkChange(key=_key(request), by=by, query=query, **form.change)
        seen = _seen(request, change)
        if seen is not None:
            asked = ask_for_change(change=change, seen=seen)
            nudge(change_many)
            return redirect(address_to_watch("bulk-one", asked.pk))
        return _preview(request, change, context)
    count = forecast(BulkChange(by=by, query=query, act=BulkChange.Act.READ)).fitting
    acts = [
        {"value": str(act), "label": label, "field": _field(form, str(act))}
        for act, label in form.fields["act"].choices  # type: ignore[attr-defined]
    ]
    context |= {"count": count, "count_in_words": f"{count:,}", "acts": acts}
    return render(request, "reviewing/bulk_new.html", context)


def _field(form: BulkForm, act: str) -> BoundField | None:
    name, _words = NEEDS.get(BulkChange.Act(act), ("", ""))
    return form[name] if name else None


def _key(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError:
        return uuid4()


def _seen(request: HttpRequest, change: BulkChange) -> Forecast | None:
    """What the page before showed about this same change, if someone has just agreed to it."""
    try:
        at, highest, fitting, changes, same = signing.loads(
            request.POST.get("seen", ""), salt=SALT, max_age=SEEN_SECONDS
        )
    except signing.BadSignature:
        return None
    seen = Forecast(datetime.fromisoformat(at), highest, fitting, changes, {})
    return seen if same == _fixed(change) and changes else None


def _fixed(change: BulkChange) -> list[object]:
    return [
        str(change.key),
        change.by_id,
        change.query,
        change.act,
        change.to_state,
        [change.code_id, change.code.version] if change.code else None,
        [change.campaign_id, campaign_shown(change.campaign)] if change.campaign else None,
        change.note,
    ]


def _preview(request: HttpRequest, change: BulkChange, context: dict[str, Any]) -> HttpResponse:
    told = forecast(change)
    note_list_read(reader=change.by, wanted=read_filter(parse_qsl(change.query))[0])
    seen = [told.at.isoformat(), told.highest, told.fitting, told.changes, _fixed(change)]
    context |= {
        "change": change,
        "title": act_in_words(change),
        "told": told,
        "fitting": f"{told.fitting:,}",
        "changes": f"{told.changes:,}",
        "left_in_words": f"{told.fitting - told.changes:,}",
        "left": left_in_words(told.left),
        "rows": _sample(change),
        "question": question_of(change),
        "seen": signing.dumps(seen, salt=SALT, compress=True),
        "nothing": not told.changes,
    }
    return render(request, "reviewing/bulk_check.html", context)


def _sample(change: BulkChange) -> list[dict[str, Any]]:
    """Some of the responses; for a code, each by the answer that would get it, with the searched
    words marked.
    """
    rows = sample(change, size=SAMPLE)
    question = change.code.question if change.code else ""
    words = words_wanted(change)
    passages = where_found(rows, words, question=question) if words else {}
    return [
        {
            "response": row,
            "words": with_symbols(
                row.texts.get(question, "") if question else next(iter(row.texts.values()), "")
            ),
            "passage": passages.get(row.pk),
        }
        for row in rows
    ]


def question_of(change: BulkChange) -> str:
    """The question whose answers a code would be given to, as staff know it."""
    if not change.code:
        return ""
    plan = plan_of(current_edition(change.code.consultation))
    return titles_of_questions(plan).get(change.code.question, change.code.question)


@staff_only(Right.READ_RESPONSES)
@require_safe
def bulk_list(request: StaffRequest) -> HttpResponse:
    """The bulk changes that were asked for, the newest first."""
    changes = BulkChange.objects.select_related("by", "code", "campaign")[:SHOWN]

    def show(change: BulkChange) -> dict[str, object]:
        return {
            "change": change,
            "title": act_in_words(change),
            "at": in_words(change.at),
            "changed": f"{change.changed:,}",
            "undone": f"{change.undone:,}" if change.undo_asked_at else "",
        }

    rows = each_shown(request, changes, show)
    return render(request, "reviewing/bulk_list.html", {"rows": rows})


@staff_only(Right.READ_RESPONSES)
@require_safe
def bulk_one(request: StaffRequest, pk: int) -> HttpResponse:
    """How far one change has got, what it changed, and the way to undo it."""
    change = get_object_or_404(
        BulkChange.objects.select_related("by", "undo_by", "code", "campaign"), pk=pk
    )
    at_work = change.state in AT_WORK
    undoing = change.state == BulkChange.State.UNDOING
    most = change.changed if undoing else change.total
    so_far = (
        change.undone + change.kept
        if undoing
        else change.total - change.items.filter(state="waiting").count()
    )
    context = {
        "change": change,
        "title": act_in_words(change),
        "asked": in_words(change.at),
        "ended": in_words(change.ended_at) if change.ended_at else "",
        "undo_asked": in_words(change.undo_asked_at) if change.undo_asked_at else "",
        "chips": filter_in_words(change.query),
        "left": left_in_words(change.left),
        "left_in_words": f"{sum(change.left.values()):,}",
        "changed": f"{change.changed:,}",
        "undone": f"{change.undone:,}",
        "kept": f"{change.kept:,}",
        "seen": f"{change.seen:,}",
        "so_far": so_far,
        "most": max(most, 1),
        "gone_through": f"{so_far:,}",
        "of": f"{most:,}",
        "gone": max(change.seen - change.changed - sum(change.left.values()), 0)
        if change.ended_at
        else 0,
        "undoable": change.state in UNDOABLE
        and not (change.state == BulkChange.State.FAILED and not change.changed),
    }
    return render_work(request, "reviewing/bulk_one.html", context, at_work=at_work)


@staff_only(Right.READ_RESPONSES)
@require_POST
def bulk_undo(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask for a change to be undone."""
    change = get_object_or_404(BulkChange, pk=pk)
    try:
        ask_to_undo(change=change, by=request.user)
    except NotUndoable:
        messages.warning(request, _("It has been undone, or is being undone."))
    else:
        nudge(change_many)
    return redirect(address_to_watch("bulk-one", pk))
