"""What the public may read of the responses, on a page and as a file."""

from collections.abc import Iterator
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consult.clock import in_words
from consult.jobs import ROW_TROUBLE
from consult.models import published
from consult.views.errors import say
from consult.views.pages import page_context
from responses.models import PublishedSet, Response
from responses.requests import number_in
from responses.reviewing.petitions import petitions_of
from responses.reviewing.public_file import (
    FileBeingMade,
    has_public_file,
    note_unreadable,
    public_file,
)
from responses.reviewing.public_version import (
    public_version,
)
from responses.reviewing.publication import (
    published_responses,
)

PAGE = 25


def _published(slug: str) -> PublishedSet:
    """The set of a consultation that the public may see."""
    return get_object_or_404(
        PublishedSet.objects.select_related("consultation"),
        consultation__in=published().filter(slug=slug),
    )


def _readable(rows: list[Response]) -> Iterator[dict[str, Any]]:
    """Yield what can be shown. One that cannot be does not stop the others; the worker names it."""
    for row in rows:
        try:
            yield {"reference": row.reference, "public": public_version(row)}
        except ROW_TROUBLE as trouble:
            note_unreadable(row, trouble)


@require_safe
def published_responses_page(request: HttpRequest, consultation: str) -> HttpResponse:
    """The approved responses, in the order of their arrival, and why others are not among them.

    The figures are from the last time that a worker counted.
    """
    found = _published(consultation)
    start = number_in(request.GET.get("after", ""))
    rows = list(published_responses(found.consultation, after=start)[: PAGE + 1])
    context = page_context(consultation) | {
        "rows": list(_readable(rows[:PAGE])),
        "count": found.count,
        "gaps": found.gaps or [],
        "petitions": petitions_of(found.consultation),
        "counted": in_words(found.written_at) if found.written_at else "",
        "file_ready": has_public_file(found),
        "next": rows[PAGE - 1].pk if len(rows) > PAGE else None,
        "after": start,
    }
    return render(request, "reviewing/published.html", context)


@require_safe
def published_file(request: HttpRequest, consultation: str) -> HttpResponseBase:
    """The same as lines of JSON: one response a line, with the questions' wording."""
    found = _published(consultation)
    try:
        file = public_file(found)
    except FileBeingMade:
        lines = [
            _("The file of these responses is being made. Try again in a few minutes."),
            _("You can read the responses themselves on the previous page."),
        ]
        page = say(request, status=503, heading=_("The file is not ready yet"), lines=lines)
        page["Retry-After"] = "120"
        return page
    return FileResponse(
        file,
        as_attachment=True,
        filename=f"{consultation}-responses.jsonl",
        content_type="application/x-ndjson; charset=utf-8",
    )
