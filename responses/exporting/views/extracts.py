"""Extracts for staff to download: everything so far, or what matches a filter. Not batches."""

from urllib.parse import parse_qsl

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from consult.clock import in_words
from consult.models import Consultation, Right, User
from consult.nudging import nudge
from consult.staff.access import StaffRequest, confirm_password_first, staff_only
from consult.staff.views.auto_refresh import address_to_watch, render_work
from consult.views.errors import say
from consult.views.one_by_one import each_shown
from responses.exporting.downloading import FileGone, NoSuchFile
from responses.exporting.extracts import ask_for_extract, expires_at, open_extract
from responses.exporting.taking_contacts import (
    MayNotTakeContacts,
    may_take_contacts,
    require_right_to_contacts,
)
from responses.exporting.tasks import make_due_extracts
from responses.exporting.views.downloads import goes_on, resumable
from responses.models import Extract
from responses.periods import KEEP_EXTRACTS_FOR
from responses.reviewing.filters import read_filter

SHOWN = 50
MOST_QUERY_CHARACTERS = 4000


@staff_only(Right.TAKE_BATCHES)
@require_safe
def extract_list(request: StaffRequest) -> HttpResponse:
    """List what was asked for, the newest first, with how far each has got."""
    user: User = request.user
    may_take = may_take_contacts(user)
    extracts = list(Extract.objects.select_related("consultation", "asked_by")[:SHOWN])

    def show(extract: Extract) -> dict[str, object]:
        return {
            "extract": extract,
            "asked": in_words(extract.asked_at),
            "until": in_words(until) if (until := expires_at(extract)) else "",
            "filter": ", ".join(f"{name}: {value}" for name, value in parse_qsl(extract.query)),
            "total": f"{extract.total:,}",
            "done": f"{extract.done:,}",
            "kept_back": extract.includes_contacts and not may_take,
        }

    rows = each_shown(request, extracts, show)
    context = {
        "rows": rows,
        "consultations": list(Consultation.objects.filter(published_at__isnull=False)),
        "may_take_contacts": may_take,
        "days": KEEP_EXTRACTS_FOR.days,
    }
    making = any(extract.state == Extract.State.WAITING for extract in extracts)
    return render_work(request, "exporting/extract_list.html", context, at_work=making)


@staff_only(Right.TAKE_BATCHES)
@require_POST
def ask(request: StaffRequest) -> HttpResponse:
    """Ask for an extract. A worker makes it; this answers at once."""
    query = request.POST.get("query")
    published = Consultation.objects.filter(published_at__isnull=False)
    if query is None:
        consultation = get_object_or_404(published, slug=request.POST.get("consultation", ""))
    else:
        # Staff who may not read responses may not search them either.
        if not request.user.may(Right.READ_RESPONSES):
            raise PermissionDenied
        query = query[:MOST_QUERY_CHARACTERS]
        wanted, _bad = read_filter(parse_qsl(query))
        named = published.filter(slug=wanted.consultation) if wanted.consultation else published
        if len(named) > 1:
            messages.warning(
                request,
                _(
                    "Choose a consultation in the filters first: an extract holds the responses to "
                    "one."
                ),
            )
            return redirect("extract-list")
        consultation = get_object_or_404(named)
    try:
        extract = ask_for_extract(
            consultation=consultation,
            query=query,
            actor=request.user,
            with_contacts=request.POST.get("contacts") == "yes",
        )
    except MayNotTakeContacts as reason:
        raise PermissionDenied from reason
    nudge(make_due_extracts)
    messages.success(request, _("Extract %(number)s is being made.") % {"number": extract.pk})
    return redirect(address_to_watch("extract-list"))


@staff_only(Right.TAKE_BATCHES)
@require_safe
def extract_file(request: StaffRequest, pk: int) -> HttpResponseBase:
    """Download an extract."""
    extract = get_object_or_404(Extract.objects.select_related("consultation"), pk=pk)
    reader: User = request.user
    try:
        if extract.includes_contacts:
            require_right_to_contacts(reader)
            # A screen left open is not enough.
            if asked := confirm_password_first(request):
                return asked
        file = open_extract(extract=extract, reader=reader, goes_on=goes_on(request))
    except MayNotTakeContacts as reason:
        raise PermissionDenied from reason
    except NoSuchFile as reason:
        raise Http404 from reason
    except FileGone:
        lines = [_("The file was made, but it is not where extracts are kept. Ask for it again.")]
        return say(request, status=404, heading=_("This file is missing"), lines=lines)
    saved_as = f"{extract.consultation.slug}-extract-{extract.pk}.zip"
    return resumable(request, file, size=extract.bytes, sha256=extract.sha256, saved_as=saved_as)
