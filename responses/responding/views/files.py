"""The page on which a respondent attaches files, where the plan lets them.

It has no answers on it, so that an upload that fails loses no words.
"""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consult.plans.attaching import ATTACHMENT_TYPES
from consult.plans.document import Attaching
from consult.views.errors import too_often
from consult.virus_scan import VirusFound
from consult.web.client_address import address_of
from consult.web.private import private
from consult.web.rate_limits import OverLimit, take_turn
from responses.models import Draft, DraftFile
from responses.requests import number_in
from responses.responding.attaching import TooManyFiles, attach_to_draft, detach_from_draft
from responses.responding.drafting import mark_of
from responses.responding.views.answering import take_draft
from responses.responding.views.part_page import is_in_hand
from responses.responding.views.posting import posted_from
from responses.responding.views.refusals import closed_page, gone_page
from responses.responding.views.session import (
    RespondentSession,
    keep_drafts,
    open_session,
    remember_opening,
    see_other,
)
from responses.stored_files import FileEmpty, FileTooLarge, KindNotTaken


@private
def files(request: HttpRequest, consultation: str) -> HttpResponse:
    """Attach a file, or see which there are."""
    session = open_session(request, consultation)
    allowed = session.context["plan"].attachments
    if session.sent or (request.method == "POST" and not is_in_hand(request, session)):
        return gone_page(request, session)
    if not session.may_answer:
        return closed_page(request, session)
    if allowed is None:
        return redirect("tasks", session.consultation.slug)
    if request.method == "POST":
        return _attach(request, session, allowed)
    return remember_opening(_page(request, session, allowed), session)


def _attach(request: HttpRequest, session: RespondentSession, allowed: Attaching) -> HttpResponse:
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        return _page(request, session, allowed, problem=_("Choose a file."))
    problem, token = "", ""
    try:
        take_turn(limit="upload", key=address_of(request))
        draft, token = take_draft(request, session)
        attach_to_draft(
            draft=draft,
            file=file,
            name=file.name or "",
            allowed=allowed,
        )
    except OverLimit as over:
        return too_often(request, seconds=over.seconds)
    except Draft.DoesNotExist:
        return gone_page(request, session)
    except FileTooLarge:
        problem = _("The file must be %(most)s MB or smaller.") % {"most": allowed.megabytes}
    except FileEmpty:
        problem = _("The file is empty. Choose another one.")
    except KindNotTaken:
        words = _("The file must be one of these: %(kinds)s. Its content decides, not its name.")
        problem = words % {"kinds": kinds_in_words(allowed)}
    except VirusFound:
        problem = _("The file has a virus, so we did not keep it. Choose another one.")
    except TooManyFiles:
        problem = ngettext(
            "You can attach %(most)s file. Remove it to attach another one.",
            "You can attach %(most)s files. Remove one to attach another one.",
            allowed.most,
        ) % {"most": allowed.most}
    page = (
        _page(request, session, allowed, problem=problem)
        if problem
        else see_other(reverse("files", args=[session.consultation.slug]))
    )
    if token:
        keep_drafts(page, session, [token, *session.tokens])
    return page


@private
@posted_from("files")
def remove_file(request: HttpRequest, consultation: str) -> HttpResponse:
    """Remove a file that was attached."""
    session = open_session(request, consultation)
    if session.draft is None or not is_in_hand(request, session):
        return gone_page(request, session)
    if not session.may_answer:
        return closed_page(request, session)
    number = number_in(request.POST.get("file", ""))
    if not number:
        raise Http404
    try:
        detach_from_draft(draft=session.draft, number=number)
    except Draft.DoesNotExist:
        return gone_page(request, session)
    return see_other(reverse("files", args=[session.consultation.slug]))


def _page(
    request: HttpRequest, session: RespondentSession, allowed: Attaching, *, problem: str = ""
) -> HttpResponse:
    attached = list(DraftFile.objects.filter(draft=session.draft)) if session.draft else []
    context: dict[str, Any] = {
        "files": attached,
        "allowed": allowed,
        "kinds": kinds_in_words(allowed),
        "more": allowed.most > len(attached),
        "problem": problem,
        "mark": mark_of(session.draft),
    }
    return render(request, "responding/files.html", session.context | context)


def kinds_in_words(allowed: Attaching) -> str:
    return ", ".join(ATTACHMENT_TYPES[kind] for kind in allowed.types)
