"""The batches that MOPAC receives."""

from itertools import groupby
from operator import attrgetter

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from consult.clock import day_in_words, in_words
from consult.models import Consultation, Right, User, once_published
from consult.nudging import nudge
from consult.staff.access import StaffRequest, confirm_password_first, staff_only
from consult.staff.views.auto_refresh import address_to_watch, render_work
from consult.views.errors import say
from consult.views.one_by_one import each_shown
from responses.exporting.batches import count_waiting, seal_batch
from responses.exporting.downloading import (
    FileGone,
    FilesRemoved,
    NoSuchFile,
    may_hold_contacts,
    open_file,
)
from responses.exporting.due import due_at
from responses.exporting.high_water import CannotTell, has_destination
from responses.exporting.lost_batches import LostUnread
from responses.exporting.progress import being_written
from responses.exporting.taking_contacts import (
    MayNotTakeContacts,
    may_take_contacts,
    require_right_to_contacts,
)
from responses.exporting.tasks import seal_due_batches
from responses.exporting.views.deliveries import number_in
from responses.exporting.views.downloads import goes_on, resumable
from responses.exporting.zipping import PACK
from responses.models import Batch, Writing
from responses.responding.equality import too_few_to_hand_over


@staff_only(Right.TAKE_BATCHES)
@require_safe
def batch_list(request: StaffRequest) -> HttpResponse:
    """List every batch of every consultation, newest first, with its files."""
    found = Batch.objects.select_related(
        "sealed_by", "delivery__acknowledged_by", "removal"
    ).order_by("consultation_id", "-number")
    batches = {pk: list(group) for pk, group in groupby(found, key=attrgetter("consultation_id"))}
    waiting, writing = count_waiting(), being_written()

    def show(consultation: Consultation) -> dict[str, object]:
        due = due_at(consultation=consultation, now=consultation.now)
        mine, number = batches.get(consultation.pk, []), waiting.get(consultation.pk, 0)
        return {
            "consultation": consultation,
            "waiting": number,
            "figure": f"{number:,}",
            "due": in_words(due) if due else "",
            "few": too_few_to_hand_over(consultation, now=consultation.now).count(),
            "overdue": due is not None and due <= consultation.now,
            "next_number": mine[0].number + 1 if mine else 1,
            "batches": each_shown(
                request, mine, lambda one: _row(one, writing.get(one.pk), reader=request.user)
            ),
        }

    rows = each_shown(request, once_published(), show)
    context = {"rows": rows, "has_destination": has_destination()}
    return render_work(
        request,
        "exporting/batch_list.html",
        context,
        at_work=any(batch.written_at is None for batch in found),
    )


def _row(batch: Batch, writing: Writing | None, *, reader: User) -> dict[str, object]:
    delivery = getattr(batch, "delivery", None)
    kept_back = not may_take_contacts(reader) and may_hold_contacts(batch=batch, name=PACK)
    return {
        "batch": batch,
        "delivery": delivery,
        "writing": writing,
        "done": f"{writing.done:,}" if writing else "",
        "total": f"{writing.total:,}" if writing else "",
        "percent": writing.done * 100 // max(writing.total, 1) if writing else 0,
        "sealed": in_words(batch.sealed_at),
        "size": f"{batch.size:,}",
        "bytes": sum(file["bytes"] for file in batch.files),
        # Files in folders are for programs, which take the zip.
        "files": [
            file | {"kept_back": kept_back and may_hold_contacts(batch=batch, name=file["name"])}
            for file in batch.files
            if "/" not in file["name"]
        ],
        "kept_back": kept_back,
        "delivered": in_words(delivery.last_delivered_at)
        if delivery and delivery.last_delivered_at
        else "",
        "acknowledged": in_words(delivery.acknowledged_at)
        if delivery and delivery.acknowledged_at
        else "",
        "removed": day_in_words(batch.removal.at) if hasattr(batch, "removal") else "",
        "next_try": in_words(delivery.due_at) if delivery else "",
    }


@staff_only(Right.TAKE_BATCHES)
@require_POST
def batch_now(request: StaffRequest) -> HttpResponse:
    """Seal the next batch at once; a worker writes its files."""
    consultation = get_object_or_404(
        Consultation, slug=request.POST.get("consultation", ""), published_at__isnull=False
    )
    expected = number_in(request, "number")
    if expected < 1:
        messages.warning(
            request,
            _("No batch was sealed: your page did not say which one. Press the button below."),
        )
        return redirect("batch-list")
    try:
        batch = seal_batch(consultation=consultation, actor=request.user, number=expected)
    except LostUnread:
        messages.warning(
            request,
            _(
                "No batch was sealed. An earlier batch was handed over and is not in our records, "
                "and what it holds cannot be read here. Ask those who run this service to recover "
                "it first: “After a restore” in docs/operations.md says how."
            ),
        )
        return redirect("batch-list")
    except CannotTell:
        messages.warning(
            request,
            _(
                "No batch was sealed. The places where batches are kept cannot all be reached, so "
                "the service cannot be sure which numbers are used. Try again later."
            ),
        )
        return redirect("batch-list")
    nudge(seal_due_batches)
    words = ngettext(
        "Batch %(number)s is sealed: %(size)s response.",
        "Batch %(number)s is sealed: %(size)s responses.",
        batch.size,
    )
    messages.success(request, words % {"number": batch.number, "size": f"{batch.size:,}"})
    if batch.lost_before:
        messages.warning(
            request,
            _(
                "Handed over before a backup was restored, and not in our records: %(numbers)s. "
                "Tell the people who run this service."
            )
            % {"numbers": ", ".join(str(lost["number"]) for lost in batch.lost_before)},
        )
    return redirect(address_to_watch("batch-list"))


@staff_only(Right.TAKE_BATCHES)
@require_safe
def batch_file(
    request: StaffRequest, consultation: str, number: int, name: str
) -> HttpResponseBase:
    """Download one file of a batch, or the zip of all of them."""
    batch = get_object_or_404(
        Batch.objects.select_related("consultation"), consultation__slug=consultation, number=number
    )
    reader: User = request.user
    try:
        if may_hold_contacts(batch=batch, name=name):
            require_right_to_contacts(reader)
            # A screen left open is not enough.
            if asked := confirm_password_first(request):
                return asked
        file, entry = open_file(batch=batch, name=name, reader=reader, goes_on=goes_on(request))
    except MayNotTakeContacts as reason:
        raise PermissionDenied from reason
    except NoSuchFile as reason:
        raise Http404 from reason
    except FilesRemoved:
        lines = [
            _(
                "They were removed on %(day)s by the retention rule, after MOPAC had acknowledged "
                "them."
            )
            % {"day": day_in_words(batch.removal.at)},
            _("The list of batches still has their names and sizes. Ask MOPAC for their content."),
        ]
        return say(
            request,
            status=410,
            heading=_("The files of batch %(number)s are gone") % {"number": number},
            lines=lines,
        )
    except FileGone:
        lines = [
            _(
                "The file was written, but it is not where batches are kept. Someone who runs "
                "this service can put it back."
            )
        ]
        return say(request, status=404, heading=_("This file is missing"), lines=lines)
    called = f"{batch.consultation.slug}-batch-{batch.number:04}"
    saved_as = f"{called}.zip" if name == PACK else f"{called}-{name}"
    return resumable(request, file, size=entry.bytes, sha256=entry.sha256, saved_as=saved_as)
