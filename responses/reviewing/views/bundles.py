"""Loading many responses at once, and what became of them."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from consult.clock import in_words
from consult.models import Edition, Right
from consult.nudging import nudge
from consult.plans.document import ABOUT_YOU
from consult.plans.editions import current_edition
from consult.staff.access import StaffRequest, staff_only
from responses.models import Bundle
from responses.requests import number_in, numbers_in
from responses.reviewing.bundles.left import rows_left
from responses.reviewing.bundles.loading import LoadedBefore, RowsRefused, load_mails, load_table
from responses.reviewing.bundles.mails import Search, mails_with
from responses.reviewing.bundles.receiving import CannotBeUndone, sample_of, undo_bundle
from responses.reviewing.bundles.rows import Problem, place_of_letter
from responses.reviewing.bundles.tables import MOST_ROWS, NotATable, TooLarge, TooManyRows
from responses.reviewing.bundles.template import template_for
from responses.reviewing.forms.bundles import FILE_MAX_BYTES, FROM_MAILS, LetterForm, TableForm
from responses.reviewing.forms.transcribing import WholeForm
from responses.reviewing.tasks import receive_bundles
from responses.reviewing.transcribing import ReasonMissing, plan_to_key
from responses.reviewing.views.downloads import as_download
from responses.reviewing.views.entering import edition_shown, taking_entries
from responses.wording import reworded_answers

SHOWN_PROBLEMS, SHOWN_ROWS = 50, 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@staff_only(Right.READ_RESPONSES)
def bundle_list(request: StaffRequest, consultation: str) -> HttpResponse:
    """What came many at once, and the form for another table of it."""
    found = taking_entries(consultation)
    form = TableForm(request.POST or None, initial={"key": uuid4()})
    problems: Sequence[Problem] = ()
    if request.method == "POST" and form.is_valid():
        made, problems = _load(request, current_edition(found), form, {}, form.cleaned_data["kind"])
        if made:
            return redirect("bundle", made.pk)
    context = {
        "consultation": found,
        "form": form,
        "wrong": problems[:SHOWN_PROBLEMS],
        "wrong_count": len(problems),
        "bundles": found.bundles.select_related("by")[:SHOWN_ROWS],
        "problems": _field_problems(form),
        "general": form.non_field_errors(),
    }
    return render(request, "reviewing/bundle_list.html", context)


@staff_only(Right.READ_RESPONSES)
@require_safe
def bundle_template(request: StaffRequest, consultation: str, kind: str) -> HttpResponseBase:
    """The spreadsheet for one kind of bundle, made from the plan as it is now."""
    if kind not in Bundle.Kind.values:
        raise Http404
    found = taking_entries(consultation)
    content = template_for(kind, plan_to_key(current_edition(found)))
    return as_download(BytesIO(content), name=f"{found.slug}-{kind}.xlsx", kind=XLSX)


@staff_only(Right.READ_RESPONSES)
def bundle_letter(request: StaffRequest, consultation: str) -> HttpResponse:
    """A standard letter, keyed once, and its senders: a list, or the messages that carry it."""
    found = taking_entries(consultation)
    newest = current_edition(found)
    edition = edition_shown(found, request.POST.get("edition", "")) or newest
    plan = plan_to_key(edition)
    form = LetterForm(request.POST or None, initial={"key": uuid4()})
    whole = WholeForm(plan=plan, data=request.POST or None)
    whole.parts = [part for part in whole.parts if part.part.kind != ABOUT_YOU]
    context: dict[str, Any] = {"consultation": found, "form": form, "whole": whole}
    if request.method == "POST":
        fits = whole.is_valid()
        asked_now = plan_to_key(newest)
        reworded = reworded_answers(given_to=plan, asked_now=asked_now, raw=whole.typed)
        if reworded:
            # The page now has today's wording; sending it again answers that.
            edition, plan = newest, asked_now
            whole = WholeForm(plan=plan, data=request.POST)
            whole.parts = [part for part in whole.parts if part.part.kind != ABOUT_YOU]
            context |= {"reworded": reworded, "whole": whole}
        elif form.is_valid() and fits:
            letter = {name: value for name, value in whole.typed.items() if value}
            if form.cleaned_data["senders"] == FROM_MAILS:
                chosen = numbers_in(request.POST.get("messages", "").split(","))
                search = mails_with(
                    consultation=found,
                    plan=plan,
                    letter=letter,
                    only=chosen or None,
                    after=0 if chosen else number_in(request.POST.get("after", "")),
                )
                if chosen and search.matches:
                    made = load_mails(
                        edition=edition,
                        name=form.cleaned_data["name"],
                        key=form.cleaned_data["key"],
                        letter=letter,
                        mails=[
                            (one.message, one.fields, one.received_on) for one in search.matches
                        ],
                        by=request.user,
                    )
                    nudge(receive_bundles)
                    return redirect("bundle", made.pk)
                context |= _matches(form, search)
            else:
                made_one, wrong = _load(request, edition, form, letter, Bundle.Kind.LETTER)
                if made_one:
                    return redirect("bundle", made_one.pk)
                context |= {"wrong": wrong[:SHOWN_PROBLEMS], "wrong_count": len(wrong)}
    context |= {
        "problems": _field_problems(form) + whole.problems(),
        "general": form.non_field_errors(),
        "edition": edition,
        "place": plan.by_slug[place].text if (place := place_of_letter(plan)) else "",
    }
    return render(request, "reviewing/bundle_letter.html", context)


def _matches(form: LetterForm, search: Search) -> dict[str, Any]:
    matches = search.matches
    if not matches and search.looked_at == search.waiting:
        form.add_error(
            None,
            _("No message that waits carries this letter. Enter more of it, or load a list."),
        )
    return {
        "search": search,
        "matches": matches,
        "own": sum(one.own for one in matches),
        "numbers": ",".join(str(one.message.pk) for one in matches),
    }


def _load(
    request: StaffRequest,
    edition: Edition,
    form: TableForm | LetterForm,
    letter: dict[str, Any],
    kind: str,
) -> tuple[Bundle | None, Sequence[Problem]]:
    """Return the bundle, or what is wrong with its rows; what is wrong with the file stands at the
    form.
    """
    file = request.FILES.get("file")
    if file is None or not file.size:
        form.add_error(None, _("Choose the file with the rows: CSV or XLSX."))
        return None, ()
    if file.size > FILE_MAX_BYTES:
        form.add_error(None, _("The file is larger than 50 MB. Load it in parts."))
        return None, ()
    try:
        made = load_table(
            edition=edition,
            kind=kind,
            name=form.cleaned_data["name"],
            key=form.cleaned_data["key"],
            content=file.read(),
            letter=letter,
            today=timezone.localdate(),
            by=request.user,
        )
    except RowsRefused as refused:
        return None, refused.problems
    except LoadedBefore as before:
        form.add_error(
            None,
            _("This file was loaded before, as bundle %(number)s. Undo that one first.")
            % {"number": before.bundle.pk},
        )
    except NotATable:
        form.add_error(
            None,
            _("No table was found in the file. Save it as CSV or XLSX, with the names of columns."),
        )
    except TooManyRows:
        form.add_error(
            None, _("There are more than %(most)s rows. Load it in parts.") % {"most": MOST_ROWS}
        )
    except TooLarge:
        form.add_error(None, _("There is more in the file than can be read. Load it in parts."))
    else:
        nudge(receive_bundles)
        return made, ()
    return None, ()


def _field_problems(form: TableForm | LetterForm) -> list[tuple[str, str]]:
    return [
        (form[name].id_for_label, str(errors[0]))
        for name, errors in form.errors.items()
        if name in form.fields
    ]


@staff_only(Right.READ_RESPONSES)
@require_safe
def bundle(request: HttpRequest, pk: int) -> HttpResponse:
    """One bundle: how far it is, what was left as it is, and which rows to key again."""
    found = get_object_or_404(Bundle.objects.select_related("consultation", "by", "undo_by"), pk=pk)
    rows, left = found.rows, rows_left(found)
    after = number_in(request.GET.get("after", ""))
    shown = list(left.filter(number__gt=after)[: SHOWN_ROWS + 1])
    context = {
        "bundle": found,
        "at": in_words(found.at),
        "undone_at": in_words(found.undone_at) if found.undone_at else "",
        "total": rows.count(),
        "received": rows.exclude(response=None).count(),
        "undone": rows.filter(undone=True).count(),
        "left": shown[:SHOWN_ROWS],
        "left_count": left.count(),
        "left_next": shown[SHOWN_ROWS - 1].number if len(shown) > SHOWN_ROWS else None,
        "sample": sample_of(found) if found.state == Bundle.State.DONE else [],
        "responses": rows.exclude(response=None).select_related("response")[:SHOWN_ROWS],
    }
    return render(request, "reviewing/bundle.html", context)


@staff_only(Right.READ_RESPONSES)
@require_POST
def bundle_undo(request: StaffRequest, pk: int) -> HttpResponse:
    """Have all of a bundle's responses withdrawn."""
    found = get_object_or_404(Bundle, pk=pk)
    try:
        undo_bundle(bundle=found, reason=request.POST.get("reason", ""), by=request.user)
    except ReasonMissing:
        messages.error(request, _("Write why it is undone."))
    except CannotBeUndone:
        messages.error(request, _("It cannot be undone: it is being received, or is undone."))
    else:
        nudge(receive_bundles)
        messages.success(request, _("It is being undone. Load this page again in a moment."))
    return redirect("bundle", pk)
