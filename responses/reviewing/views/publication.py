"""Redacting a response, and deciding whether it and all of them are published."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from consult.models import Consultation, Right
from consult.nudging import nudge
from consult.plans.editions import plan_of
from consult.shown import ChangedSinceShown
from consult.staff.access import StaffRequest, staff_only
from consult.staff.views.shown import CHANGED_WORDS
from consult.views.one_by_one import each_shown
from responses.models import PublishedSet, Redaction, Response
from responses.requests import number_in, reference_or_404
from responses.reviewing.public_version import (
    MAY_BE_PUBLISHED,
    public_digest,
    public_version,
    wants,
)
from responses.reviewing.publication import (
    NotToBePublished,
    ReasonMissing,
    RedactedSinceOpened,
    decide_publication,
    gaps,
    publish_set,
    published_responses,
    set_shown,
    unpublish_set,
)
from responses.reviewing.reading import ChangedSinceOpened, as_shown, open_response
from responses.reviewing.redacting import (
    SENDER,
    NoSuchPassage,
    redact_passage,
    suggest_redactions,
    take_off,
    texts_to_redact,
)
from responses.reviewing.tasks import make_public_files
from responses.reviewing.views.shown import REDACTED_WORDS
from responses.wording import titles_of_texts


@staff_only(Right.READ_RESPONSES)
def redact(request: StaffRequest, reference: str) -> HttpResponse:
    """A response beside what the public would see of it; passages to redact, and the decision."""
    known = reference_or_404(reference)
    trouble: dict[str, Any] = {"problem": "", "field": ""}
    status = 200
    if request.method == "POST":
        try:
            response = as_shown(reference=known, shown=request.POST.get("shown", ""))
            problem, field = _carry_out(request, response)
        except Response.DoesNotExist as reason:
            raise Http404 from reason
        except ChangedSinceOpened:
            trouble, status = {"changed": CHANGED_WORDS}, 409
        except RedactedSinceOpened:
            trouble, status = {"changed": REDACTED_WORDS}, 409
        else:
            if not problem:
                return redirect("redact", response.reference)
            trouble = {"problem": problem, "field": field}
    try:
        response = open_response(reference=known, reader=request.user)
    except Response.DoesNotExist as reason:
        raise Http404 from reason
    context = _redact_page(response) | trouble | {"typed": request.POST}
    return render(request, "reviewing/redact.html", context, status=status)


def _redact_page(response: Response) -> dict[str, Any]:
    words = texts_to_redact(response)
    titles = titles_of_texts(plan_of(response.edition)) | {SENDER: _("The sender’s name")}
    return {
        "response": response,
        "texts": [
            {"key": key, "title": titles.get(key, key), "text": text} for key, text in words.items()
        ],
        "redactions": [
            {"row": row, "words": words.get(row.text, "")[row.start : row.end]}
            for row in response.redactions.filter(removed_at=None).select_related("by")
        ],
        "suggestions": suggest_redactions(response),
        "public": public_version(response),
        "seen": public_digest(response),
        "may": wants(response) in MAY_BE_PUBLISHED,
        "decision": response.approvals.select_related("by").last(),
        "reasons": Redaction.Reason.choices,
    }


def _carry_out(request: StaffRequest, response: Response) -> tuple[str, str]:
    """Return what went wrong, in words, and at which field; both are empty if nothing did."""
    by, do = request.user, request.POST.get("do", "")
    try:
        if do == "redact":
            reason = request.POST.get("reason", "")
            if reason not in Redaction.Reason:
                return _("Choose why the public may not read it."), "reason"
            made = redact_passage(
                response=response,
                text=request.POST.get("text", ""),
                passage=request.POST.get("passage", ""),
                reason=Redaction.Reason(reason),
                by=by,
            )
            words = ngettext(
                "%(count)s passage is kept back.", "%(count)s passages are kept back.", len(made)
            )
            messages.success(request, words % {"count": len(made)})
        elif do == "take-off":
            number = number_in(request.POST.get("redaction", ""))
            take_off(redaction=get_object_or_404(Redaction, pk=number, response=response), by=by)
            messages.success(request, _("The passage can be read again."))
        elif do in {"publish", "hold"}:
            decide_publication(
                response=response,
                publish=do == "publish",
                reason=request.POST.get("why", ""),
                seen=request.POST.get("seen", ""),
                by=by,
            )
            messages.success(request, _("Your decision is recorded."))
    except NoSuchPassage:
        return _("The text does not contain these words. Copy them exactly."), "passage"
    except ReasonMissing:
        return _("Write why it is held back."), "why"
    except NotToBePublished:
        return _("Its sender did not agree to that, or has changed or withdrawn it since."), "why"
    return "", ""


@staff_only(Right.READ_RESPONSES)
@require_safe
def publication(request: StaffRequest) -> HttpResponse:
    """For each consultation, what can be published, what cannot and why, and whether it is
    published.
    """

    def show(consultation: Consultation) -> dict[str, object]:
        return {
            "consultation": consultation,
            "count": published_responses(consultation).count(),
            "gaps": gaps(consultation),
            "published": PublishedSet.objects.filter(consultation=consultation).first(),
            "shown": set_shown(consultation),
        }

    rows = each_shown(request, Consultation.objects.filter(published_at__isnull=False), show)
    return render(
        request,
        "reviewing/publication.html",
        {"rows": rows, "may_publish": request.user.may(Right.PUBLISH_RESPONSES)},
    )


@staff_only(Right.PUBLISH_RESPONSES)
@require_POST
def change_publication(request: StaffRequest, consultation: str) -> HttpResponse:
    """Publish the approved responses, or take them off the website."""
    found = get_object_or_404(Consultation, slug=consultation, published_at__isnull=False)
    shown = request.POST.get("shown", "")
    try:
        if request.POST.get("do") == "publish":
            publish_set(consultation=found, by=request.user, shown=shown)
            nudge(make_public_files)
            messages.success(request, _("Everyone can read the approved responses now."))
        else:
            unpublish_set(consultation=found, by=request.user, shown=shown)
            messages.success(request, _("The responses are off the website."))
    except ChangedSinceShown:
        messages.error(request, CHANGED_WORDS)
    return redirect("publication")
