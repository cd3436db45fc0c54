"""Redacting a response, deciding whether it is published, and what everybody may read."""

from collections.abc import Iterator

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from consult.auditing import record
from consult.cells import json_line
from consult.models import Action, Consultation, Right
from consult.plans.editions import plan_of
from consult.staff.access import StaffRequest, staff_only
from consult.views.pages import page_context
from responses.models import PublishedSet, Redaction, Response
from responses.requests import reference_or_404
from responses.reviewing.publication import (
    MAY_BE_PUBLISHED,
    NoSuchPassage,
    NotToBePublished,
    ReasonMissing,
    decide_publication,
    gaps,
    in_force,
    public_version,
    publish_set,
    published_responses,
    redact_passage,
    suggest_redactions,
    take_off,
    unpublish_set,
    wants,
)

PAGE = 25


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 18 else 0


@staff_only(Right.READ_RESPONSES)
def redact(request: StaffRequest, reference: str) -> HttpResponse:
    """A response beside what the public would see of it; passages to keep back, and the
    decision.
    """
    found = Response.objects.select_related("consultation", "edition", "contact").filter(
        reference=reference_or_404(reference)
    )
    response = found.order_by("-version").first()
    if response is None:
        raise Http404
    problem, field = "", ""
    if request.method == "POST":
        problem, field = _carry_out(request, response)
        if not problem:
            return redirect("redact", response.reference)
    record(action=Action.RESPONSE_READ, actor=request.user, subject=response.reference)
    titles = {question.slug: question.text for question in plan_of(response.edition).asked}
    decision = response.approvals.select_related("by").last()
    context = {
        "response": response,
        "texts": [
            {"key": key, "title": titles.get(key.partition("--")[0], key), "text": text}
            for key, text in response.texts.items()
        ],
        "redactions": [
            {"row": row, "words": response.texts.get(row.text, "")[row.start : row.end]}
            for row in in_force(response)
        ],
        "suggestions": suggest_redactions(response),
        "public": public_version(response),
        "may": wants(response) in MAY_BE_PUBLISHED,
        "decision": decision,
        "reasons": Redaction.Reason.choices,
        "problem": problem,
        "field": field,
        "typed": request.POST,
    }
    return render(request, "reviewing/redact.html", context)


def _carry_out(request: StaffRequest, response: Response) -> tuple[str, str]:
    """What went wrong in words and at which field, both empty where nothing did."""
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
            messages.success(request, _("%(count)s passages are kept back.") % {"count": len(made)})
        elif do == "take-off":
            number = _number(request.POST.get("redaction", ""))
            take_off(redaction=get_object_or_404(Redaction, pk=number, response=response), by=by)
            messages.success(request, _("The passage can be read again."))
        elif do in {"publish", "hold"}:
            decide_publication(
                response=response,
                publish=do == "publish",
                reason=request.POST.get("why", ""),
                by=by,
            )
            messages.success(request, _("Your decision is on record."))
    except NoSuchPassage:
        return _(
            "The text does not hold these words. Copy them from it just as they are."
        ), "passage"
    except ReasonMissing:
        return _("Write why it is held back."), "why"
    except NotToBePublished:
        return _("Its sender did not agree to that, or has changed or taken it back since."), "why"
    return "", ""


@staff_only(Right.READ_RESPONSES)
@require_safe
def publication(request: StaffRequest) -> HttpResponse:
    """For each consultation, what can be published, what cannot and why, and whether it is."""
    rows = [
        {
            "consultation": consultation,
            "count": published_responses(consultation).count(),
            "gaps": gaps(consultation),
            "published": PublishedSet.objects.filter(consultation=consultation).exists(),
        }
        for consultation in Consultation.objects.filter(published_at__isnull=False)
    ]
    return render(
        request,
        "reviewing/publication.html",
        {"rows": rows, "may_publish": request.user.may(Right.PUBLISH_RESPONSES)},
    )


@staff_only(Right.PUBLISH_RESPONSES)
@require_POST
def change_publication(request: StaffRequest, consultation: str) -> HttpResponse:
    """Put the approved responses on the website, or take them off it."""
    found = get_object_or_404(Consultation, slug=consultation, published_at__isnull=False)
    if request.POST.get("do") == "publish":
        publish_set(consultation=found, by=request.user)
        messages.success(request, _("Everybody can read the approved responses now."))
    else:
        unpublish_set(consultation=found, by=request.user)
        messages.success(request, _("The responses are off the website."))
    return redirect("publication")


def _published(slug: str) -> Consultation:
    return get_object_or_404(
        PublishedSet.objects.select_related("consultation"), consultation__slug=slug
    ).consultation


@require_safe
def published(request: HttpRequest, consultation: str) -> HttpResponse:
    """The approved responses, in the order of their arrival, and why others are not among them."""
    found = _published(consultation)
    start = _number(request.GET.get("after", ""))
    rows = list(published_responses(found).filter(id__gt=start)[: PAGE + 1])
    context = page_context(consultation) | {
        "rows": [
            {"reference": row.reference, "public": public_version(row)} for row in rows[:PAGE]
        ],
        "count": published_responses(found).count(),
        "gaps": gaps(found),
        "next": rows[PAGE - 1].pk if len(rows) > PAGE else None,
        "after": start,
    }
    return render(request, "reviewing/published.html", context)


@require_safe
def published_file(request: HttpRequest, consultation: str) -> HttpResponse:
    """The same as lines of JSON: one response a line, with the questions' wording."""
    found = _published(consultation)
    answer = StreamingHttpResponse(
        _lines(found), content_type="application/x-ndjson; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="{consultation}-responses.jsonl"'
    return answer  # type: ignore[return-value]  # a stream, but with headers like any other page


def _lines(consultation: Consultation) -> Iterator[str]:
    for row in published_responses(consultation).iterator(chunk_size=500):
        public = public_version(row)
        answers = [
            {
                "part": part.part.title,
                "question": answer.question.text,
                "answer": list(answer.lines),
            }
            for part in public.parts
            for answer in part.answers
            if answer.lines
        ]
        yield json_line({"reference": row.reference, "from": public.who, "answers": answers})
