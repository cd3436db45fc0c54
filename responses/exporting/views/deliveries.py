"""What staff record about a batch's delivery: MOPAC has it, or it should be sent again."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from consult.clock import day_in_words
from consult.models import Right
from consult.nudging import nudge
from consult.staff.access import StaffRequest, staff_only
from responses.exporting.acknowledging import NotWritten, SentAgainSince, acknowledge
from responses.exporting.delivering import NoDestination, send_again
from responses.exporting.downloading import FilesRemoved
from responses.exporting.tasks import deliver_due_batches
from responses.models import Batch


def number_in(request: StaffRequest, name: str) -> int:
    """Return a number that a button of the page sends, or -1, which nothing has."""
    said = request.POST.get(name, "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 9 else -1


@staff_only(Right.TAKE_BATCHES)
@require_POST
def acknowledge_one(request: StaffRequest, consultation: str, number: int) -> HttpResponse:
    """Record that MOPAC has this batch."""
    batch = get_object_or_404(
        Batch.objects.select_related("consultation"), consultation__slug=consultation, number=number
    )
    sending = number_in(request, "sending")
    try:
        acknowledge(batch=batch, actor=request.user, sending=sending)
    except SentAgainSince:
        messages.warning(
            request,
            _(
                "Batch %(number)s was sent again after you opened this page. Acknowledge it once "
                "MOPAC has the new copy."
            )
            % {"number": number},
        )
    except NotWritten:
        messages.warning(
            request,
            _("Batch %(number)s has no files yet, so nobody can have it.") % {"number": number},
        )
    else:
        messages.success(request, _("Batch %(number)s is acknowledged.") % {"number": number})
    return redirect("batch-list")


@staff_only(Right.TAKE_BATCHES)
@require_POST
def again(request: StaffRequest, consultation: str, number: int) -> HttpResponse:
    """Deliver this batch once more, as it is."""
    batch = get_object_or_404(
        Batch.objects.select_related("consultation"), consultation__slug=consultation, number=number
    )
    try:
        send_again(batch=batch, actor=request.user, sending=number_in(request, "sending"))
    except SentAgainSince:
        messages.warning(
            request,
            _("Batch %(number)s was sent again after you opened this page. Nothing more was done.")
            % {"number": number},
        )
    except NoDestination:
        messages.warning(request, _("No setting says where to deliver batches."))
    except NotWritten:
        messages.warning(
            request,
            _("Batch %(number)s has no files yet. It is delivered once they are written.")
            % {"number": number},
        )
    except FilesRemoved:
        day = day_in_words(batch.removal.at)
        words = _(
            "Batch %(number)s cannot be sent again: its files were removed on %(day)s by the "
            "retention rule."
        )
        messages.warning(request, words % {"number": number, "day": day})
    else:
        nudge(deliver_due_batches)
        messages.success(request, _("Batch %(number)s is being sent again.") % {"number": number})
    return redirect("batch-list")
