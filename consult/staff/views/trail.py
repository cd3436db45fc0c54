"""The audit trail: who did or read what, and when."""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consult.auditing import find_entries, record
from consult.cells import safe_cell
from consult.clock import in_words, iso
from consult.models import Action, AuditEntry, Right
from consult.staff.access import StaffRequest, staff_only
from consult.staff.forms.trail import TrailForm
from consult.views.one_by_one import each_shown

PAGE = 100
INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.]*(?:Z|[+-]\d\d:\d\d)")
COLUMNS = ["id", "at", "who", "action", "subject", "details"]


class Echo:
    """A file that returns what is written to it, so that a table can be streamed line by line."""

    def write(self, text: str) -> str:
        return text


def _address(wanted: dict[str, Any]) -> str:
    return urlencode(
        {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in wanted.items()
        }
    )


@staff_only(Right.READ_TRAIL)
@require_safe
def trail(request: StaffRequest) -> HttpResponse:
    """Show the newest entries first, with filters in the address."""
    form = TrailForm(request.GET)
    wanted = form.wanted
    before = request.GET.get("before", "")
    found = find_entries(**wanted)
    if before.isascii() and before.isdigit() and len(before) < 18:
        found = found.filter(id__lt=int(before))
    entries = list(found[: PAGE + 1])
    record(action=Action.TRAIL_READ, actor=request.user, filters=sorted(wanted))
    context = {
        "form": form,
        "rows": each_shown(request, entries[:PAGE], _row),
        "older": entries[PAGE - 1].pk if len(entries) > PAGE else None,
        "filters": _address(wanted),
        "filtered": bool(wanted),
    }
    return render(request, "staff/trail.html", context)


def _row(entry: AuditEntry) -> dict[str, Any]:
    return {"entry": entry, "at": in_words(entry.at), "details": _details(entry)}


def _details(entry: AuditEntry) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')}: {_in_words(value)}"
        for name, value in entry.details.items()
        if value not in ("", [], {}, None)
    )


def _in_words(value: Any) -> str:
    """A value of an entry's details as it is read, with instants in UK time."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(map(_in_words, value))
    if isinstance(value, dict):
        return "; ".join(
            f"{name.replace('_', ' ')} {_in_words(one)}" for name, one in value.items()
        )
    if isinstance(value, str) and INSTANT.fullmatch(value):
        # What someone typed may look like an instant, and be none.
        with suppress(ValueError, OverflowError):
            return in_words(datetime.fromisoformat(value))
    return str(value)


@staff_only(Right.READ_TRAIL)
@require_safe
def trail_file(request: StaffRequest) -> StreamingHttpResponse:
    """Return all entries that match the filters as CSV, oldest first."""
    wanted = TrailForm(request.GET).wanted
    record(action=Action.TRAIL_EXPORTED, actor=request.user, filters=sorted(wanted))
    found = find_entries(**wanted).order_by("id").iterator(chunk_size=2000)
    answer = StreamingHttpResponse(_lines(found), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="audit-trail.csv"'
    return answer


def _lines(entries: Iterable[AuditEntry]) -> Iterator[str]:
    writer = csv.writer(Echo())
    yield writer.writerow(COLUMNS)
    for entry in entries:
        details = json.dumps(entry.details, ensure_ascii=False)
        cells = [
            str(entry.pk),
            iso(entry.at),
            entry.actor_name,
            entry.action,
            entry.subject,
            details,
        ]
        yield writer.writerow(map(safe_cell, cells))
