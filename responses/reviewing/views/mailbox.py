"""Working through a mailbox: loading it, and one message."""

import mimetypes
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from consult.auditing import record
from consult.models import Action, Consultation, Right
from consult.shown import ChangedSinceShown
from consult.staff.access import StaffRequest, staff_only
from consult.staff.views.shown import CHANGED_WORDS
from responses.models import Message, Transcription
from responses.reviewing.mailboxes import (
    NoSuchPart,
    NotAMailbox,
    load_mailbox,
    loaded_in_words,
    original_of,
    others_with_its_id,
    read_part,
    take_up_forwarded,
)
from responses.reviewing.transcribing import (
    MessageDecided,
    ReasonMissing,
    message_shown,
    reopen_message,
    set_message_aside,
)
from responses.reviewing.views.downloads import as_download
from responses.reviewing.views.entering import letter_of, taking_entries

MAILBOX_MAX_BYTES = 50_000_000
MOST_NAMED = 20


@staff_only(Right.READ_RESPONSES)
def message(request: StaffRequest, pk: int) -> HttpResponse:
    """One message of the mailbox, to be entered as a response or set aside with a reason."""
    if request.method != "POST":
        return _message_page(request, pk)
    return _decided(request, pk, set_message_aside) or redirect("entering")


@staff_only(Right.READ_RESPONSES)
@require_POST
def reopen(request: StaffRequest, pk: int) -> HttpResponse:
    """Let a message that was set aside wait for a decision again."""
    return _decided(request, pk, reopen_message) or redirect("message", pk)


def _decided(request: StaffRequest, pk: int, rule: Callable[..., None]) -> HttpResponse | None:
    """None if it is done; otherwise the page says why not, and keeps the reason that was typed."""
    aside = rule is set_message_aside
    found = get_object_or_404(Message, pk=pk)
    reason, shown = request.POST.get("reason", ""), request.POST.get("shown", "")
    try:
        rule(message=found, reason=reason, by=request.user, shown=shown)
    except ReasonMissing:
        problem = _("Write why it is not a response.") if aside else _("Write why it is opened.")
        return _message_page(request, pk, problem=problem)
    except (MessageDecided, ChangedSinceShown):
        return _message_page(request, pk, changed=str(CHANGED_WORDS))
    done = (
        _("The message is set aside. We keep it.")
        if aside
        else _("The message waits for a decision again.")
    )
    messages.success(request, done)
    return None


def _message_page(
    request: StaffRequest, pk: int, *, problem: str = "", changed: str = ""
) -> HttpResponse:
    found = get_object_or_404(Message.objects.select_related("consultation", "decided_by"), pk=pk)
    record(action=Action.MESSAGE_READ, actor=request.user, subject=f"message {found.pk}")
    transcription = Transcription.objects.filter(message=found).select_related("response").first()
    context = {
        "message": found,
        "letter": letter_of(found),
        "problem": problem,
        "changed": changed,
        "shown": message_shown(found),
        "typed": request.POST.get("reason", ""),
        "namesakes": others_with_its_id(found)[:MOST_NAMED],
        "forwarded": found.forwarded.all(),
        "transcription": transcription,
    }
    return render(request, "reviewing/message.html", context, status=409 if changed else 200)


@staff_only(Right.READ_RESPONSES)
@require_safe
def message_original(request: StaffRequest, pk: int) -> HttpResponseBase:
    """The whole message as it was in the mailbox."""
    found = get_object_or_404(Message, pk=pk)
    try:
        content = original_of(found)
    except FileNotFoundError as reason:
        raise Http404 from reason
    record(action=Action.FILE_READ, actor=request.user, subject=f"message {found.pk}")
    ending = Path(found.file).suffix
    return as_download(
        BytesIO(content), name=f"message-{pk}{ending}", kind="application/octet-stream"
    )


@staff_only(Right.READ_RESPONSES)
@require_safe
def message_part(request: StaffRequest, pk: int, number: int) -> HttpResponseBase:
    """A part of a message, under the name that it has there."""
    found = get_object_or_404(Message, pk=pk)
    try:
        part = read_part(found, number)
    except (FileNotFoundError, NoSuchPart) as reason:
        raise Http404 from reason
    record(action=Action.FILE_READ, actor=request.user, subject=f"message {found.pk}")
    guessed = mimetypes.guess_extension(part.kind) or ".bin"
    name = part.name or f"message-{pk}-part-{number}{'.eml' if part.forwarded else guessed}"
    return as_download(BytesIO(part.content), name=name, kind="application/octet-stream")


@staff_only(Right.READ_RESPONSES)
@require_POST
def take_up_within(request: StaffRequest, pk: int, number: int) -> HttpResponse:
    """Make a message that was forwarded within another one a letter of its own."""
    found = get_object_or_404(Message, pk=pk)
    try:
        taken = take_up_forwarded(message=found, number=number, by=request.user)
    except (FileNotFoundError, NoSuchPart) as reason:
        raise Http404 from reason
    return redirect("message", taken.pk)


@staff_only(Right.READ_RESPONSES)
@require_POST
def take_up_mailbox(request: StaffRequest, consultation: str) -> HttpResponse:
    """Load a mailbox file that was exported from a mail program."""
    found = taking_entries(consultation)
    files = [file for file in request.FILES.getlist("file") if file.size]
    if not files:
        messages.error(request, _("Choose mailbox files: mbox, .eml, .msg, or a zip of them."))
    elif sum(file.size or 0 for file in files) > MAILBOX_MAX_BYTES:
        messages.error(
            request,
            _(
                "The files are larger than 50 MB together. The people who run this service can "
                "load them with manage.py load_mailbox."
            ),
        )
    else:
        for file in files:
            with tempfile.NamedTemporaryFile() as copy:
                for chunk in file.chunks():
                    copy.write(chunk)
                copy.flush()
                _load(request, found, Path(copy.name), str(file.name))
    return redirect("entering")


def _load(request: StaffRequest, consultation: Consultation, path: Path, name: str) -> None:
    try:
        loaded = load_mailbox(consultation=consultation, path=path, by=request.user, name=name)
    except NotAMailbox:
        messages.error(
            request,
            _(
                "No message was found in %(name)s. Export the mailbox as mbox, or save messages as "
                ".eml or .msg; many of them can be loaded in one zip."
            )
            % {"name": name},
        )
    else:
        messages.success(request, loaded_in_words(loaded))
