"""Working through a mailbox: loading it, and one message."""

import tempfile
from pathlib import Path

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from consult.auditing import record
from consult.models import Action, Consultation, Right
from consult.staff.access import StaffRequest, staff_only
from responses.models import Message, Transcription
from responses.reviewing.mailboxes import NotAMailbox, load_mailbox
from responses.reviewing.transcribing import MessageDecided, ReasonMissing, set_message_aside
from responses.reviewing.views.entering import letter_of, taking_entries

MAILBOX_MAX_BYTES = 50_000_000


@staff_only(Right.READ_RESPONSES)
def message(request: StaffRequest, pk: int) -> HttpResponse:
    """One message of the mailbox: to be entered as a response, or set aside with the reason."""
    found = get_object_or_404(Message.objects.select_related("consultation", "decided_by"), pk=pk)
    problem = ""
    if request.method == "POST":
        try:
            set_message_aside(message=found, reason=request.POST.get("reason", ""), by=request.user)
        except ReasonMissing:
            problem = _("Write why it is not a response.")
        except MessageDecided:
            messages.error(request, _("Someone else has dealt with this message already."))
            return redirect("message", pk)
        else:
            messages.success(request, _("The message is set aside. It stays on record."))
            return redirect("entering")
    record(action=Action.MESSAGE_READ, actor=request.user, subject=f"message {found.pk}")
    transcription = Transcription.objects.filter(message=found).select_related("response").first()
    context = {
        "message": found,
        "letter": letter_of(found),
        "problem": problem,
        "typed": request.POST.get("reason", ""),
        "transcription": transcription,
    }
    return render(request, "reviewing/message.html", context)


@staff_only(Right.READ_RESPONSES)
@require_POST
def take_up_mailbox(request: StaffRequest, consultation: str) -> HttpResponse:
    """Load a mailbox file that was exported from the mail program."""
    found = taking_entries(consultation)
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile) or not file.size:
        messages.error(request, _("Choose a mailbox file: mbox, or one message as .eml."))
    elif file.size > MAILBOX_MAX_BYTES:
        messages.error(
            request,
            _(
                "The file is larger than 50 MB. The people who run this service can load it with "
                "manage.py load_mailbox."
            ),
        )
    else:
        ending = ".eml" if str(file.name).lower().endswith(".eml") else ".mbox"
        with tempfile.NamedTemporaryFile(suffix=ending) as copy:
            for chunk in file.chunks():
                copy.write(chunk)
            copy.flush()
            _load(request, found, Path(copy.name))
    return redirect("entering")


def _load(request: StaffRequest, consultation: Consultation, path: Path) -> None:
    try:
        loaded = load_mailbox(consultation=consultation, path=path, by=request.user)
    except NotAMailbox:
        messages.error(
            request,
            _(
                "No message was found in the file. Export the mailbox as mbox, or one message as "
                ".eml."
            ),
        )
    else:
        words = _("%(messages)s messages are in the file; %(known)s of them were loaded before.")
        messages.success(
            request, words % {"messages": f"{loaded.messages:,}", "known": f"{loaded.known:,}"}
        )
