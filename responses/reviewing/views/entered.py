"""What was entered: its scans, and how it was keyed."""

from pathlib import Path

from django.contrib import messages
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consult.auditing import record
from consult.clock import in_words
from consult.models import Action, Right
from consult.staff.access import StaffRequest, staff_only
from consult.virus_scan import VirusFound
from responses.models import Attachment, SecondKeying, Transcription
from responses.requests import reference_or_404
from responses.reviewing.attachments import attach_file
from responses.reviewing.reading import (
    ChangedSinceOpened,
    as_shown,
    newest_version,
    open_response,
)
from responses.reviewing.views.downloads import as_download
from responses.reviewing.views.shown import CHANGED_FILE_WORDS
from responses.stored_files import FileEmpty, FileTooLarge


@staff_only(Right.READ_RESPONSES)
def entered(request: StaffRequest, reference: str) -> HttpResponse:
    """What was entered: its reference to write on the letter, its scans, and the way to key it
    again.
    """
    known = reference_or_404(reference)
    found = transcription_of(known)
    problem = ""
    changed = ""
    if request.method == "POST":
        file = request.FILES.get("file")
        try:
            shown = as_shown(reference=known, shown=request.POST.get("shown", ""))
            if isinstance(file, UploadedFile):
                attach_file(
                    transcription=found,
                    shown=shown,
                    file=file,
                    by=request.user,
                )
                messages.success(request, _("The file is saved with the response."))
                return redirect("entered", reference)
            problem = _("Choose a file.")
        except ChangedSinceOpened:
            changed = str(CHANGED_FILE_WORDS)
        except FileTooLarge:
            problem = _("The file is larger than 15 MB. Scan the letter with fewer dots per inch.")
        except FileEmpty:
            problem = _("The file is empty. Choose another one.")
        except VirusFound as virus:
            words = _("The file has a virus (%(name)s), so it was not kept. Scan the letter again.")
            problem = words % {"name": virus}
    context = {
        "transcription": found,
        "keyed": in_words(found.keyed_at),
        "second": SecondKeying.objects.filter(transcription=found).select_related("by").first(),
        "mine": found.keyed_by_id == request.user.pk,
        "problem": problem,
        "changed": changed,
        "response": newest_version(known),
    }
    return render(request, "reviewing/entered.html", context, status=409 if changed else 200)


def transcription_of(reference: str) -> Transcription:
    """How a response was entered."""
    found = Transcription.objects.select_related(
        "response__consultation", "response__edition", "response__contact", "keyed_by", "message"
    )
    return get_object_or_404(found, response__reference=reference)


@staff_only(Right.READ_RESPONSES)
@require_safe
def attached_file(request: StaffRequest, pk: int) -> HttpResponseBase:
    """A file that came with a response, always as a download that no browser runs."""
    found = get_object_or_404(
        Attachment.objects.select_related("response", "transcription__response"), pk=pk
    )
    response = found.of
    open_response(reference=response.reference, reader=request.user, version=response.version)
    record(
        action=Action.FILE_READ,
        actor=request.user,
        subject=response.reference,
        sha256=found.sha256,
    )
    try:
        file = default_storage.open(found.file)
    except FileNotFoundError as reason:
        raise Http404 from reason
    ending = Path(found.file).suffix
    name = f"{response.reference}-{found.pk}{ending}"
    return as_download(file, name=name, kind=found.kind)
