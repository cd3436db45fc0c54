"""Everything that is held under one reference, in the form in which the person can have it."""

from typing import Any

from django.db.models import QuerySet

from consult.clock import in_words as moment
from consult.clock import iso
from consult.plans.editions import plan_of
from responses.models import BundleRow, Draft, Petition, Response
from responses.receipt_tokens import ReceiptKeyLost, receipt_token
from responses.responding.equality import gave_equality_answers
from responses.wording import in_words


class NothingAboutThem(Exception):
    """Nothing was sent under this reference."""


def everything_about(reference: str) -> dict[str, Any]:
    """Return everything that is held under a reference, in every version.
    Raises NothingAboutThem.
    """
    versions = list(_versions(reference))
    if not versions:
        raise NothingAboutThem
    return {
        "reference": reference,
        "consultation": versions[0].consultation.title,
        "answered_equality_questions": _answered_equality(versions[-1]),
        "drafts": [
            draft_as_saved(draft)
            for draft in Draft.objects.filter(amends__in=versions).order_by("pk")
        ],
        "versions": [_version(version) for version in versions],
    }


def _answered_equality(response: Response) -> bool:
    """Tell whether they answered the equality questions, which is all that leads from a response
    to them.
    """
    try:
        return gave_equality_answers(receipt_token(response))
    except ReceiptKeyLost:
        return False


def _versions(reference: str) -> QuerySet[Response]:
    every = Response.objects.filter(reference=reference).order_by("version")
    return every.select_related(
        "edition", "contact", "confirmation", "review", "consultation", "transcription__message"
    )


def _version(response: Response) -> dict[str, Any]:
    contact, email, review = response.contact, response.confirmation, response.review
    keyed = getattr(response, "transcription", None)
    codes = response.codings.filter(removed_at=None).select_related("code")
    return {
        "version": response.version,
        "act": response.get_act_display(),
        "received_at": iso(response.received_at),
        "received": moment(response.received_at),
        "started_at": iso(response.started_at),
        "channel": response.get_channel_display(),
        "timing": response.get_timing_display(),
        "flags": response.flags,
        "contact": {
            name: getattr(contact, name)
            for name in ("name", "email", "postcode_district", "corrected_email")
        },
        **_said(response),
        "email": {
            "state": email.get_state_display(),
            "reason": email.reason,
            "tries": [
                {"at": iso(one.at), "outcome": one.outcome, "detail": one.detail}
                for one in email.tries.order_by("pk")
            ],
        },
        "review": {
            "state": review.get_state_display(),
            "steps": [
                {
                    "at": iso(step.at),
                    "from": step.from_state,
                    "to": step.to_state,
                    "note": step.note,
                }
                for step in review.steps.all()
            ],
        },
        "publishing": [
            {"at": iso(one.at), "publish": one.publish, "reason": one.reason}
            for one in response.approvals.all()
        ],
        "codes": [
            {"question": one.question, "code": one.code.name, "from": one.start, "until": one.end}
            for one in codes
        ],
        "campaigns": list(
            response.campaign_members.filter(campaign__ended=False).values_list(
                "campaign__name", flat=True
            )
        ),
        "entered": {"received_on": keyed.received_on.isoformat(), "late_reason": keyed.late_reason}
        if keyed
        else None,
        "ledger": [
            {"at": iso(one.at), "event": one.get_event_display(), "batch": one.batch_number}
            for one in response.ledger.all()
        ],
    }


def _said(response: Response) -> dict[str, Any]:
    """Return what they sent, by question and in words, and the files that came with it."""
    return {
        "answers": response.choices | response.texts,
        "files": list(response.attachments.values("name", "bytes", "sha256")),
        "in_words": _in_words(response),
    }


def _in_words(response: Response) -> list[dict[str, str]]:
    parts = in_words(plan_of(response.edition), response.choices | response.texts)
    return [
        {"question": one.question.text, "answer": "\n".join(one.lines)}
        for part in parts
        for one in part.answers
        if one.lines
    ]


def draft_as_saved(draft: Draft) -> dict[str, Any]:
    """Return what was typed and not sent, and where links to it were sent."""
    return {
        "consultation": draft.consultation.title,
        "started_at": iso(draft.started_at),
        "saved_at": iso(draft.saved_at),
        "saved": moment(draft.saved_at),
        "answers": draft.answers,
        "files": list(draft.files.values("name", "bytes", "sha256")),
        "reminders_to": list(
            draft.reminder_requests.order_by("pk").values_list("email", flat=True)
        ),
        "links_sent_to": list(draft.links.order_by("pk").values_list("email", flat=True)),
    }


def row_as_loaded(row: BundleRow) -> dict[str, Any]:
    """Return what a row of a table that staff loaded says, of which no response was made."""
    return {
        "consultation": row.bundle.consultation.title,
        "loaded_at": iso(row.bundle.at),
        "loaded": moment(row.bundle.at),
        "sheet": row.sheet,
        "received_on": row.fields["received_on"],
        "channel": row.fields["channel"],
        "late_reason": row.fields["late_reason"],
        "said": row.fields["raw"],
        "why_not_received": row.why,
    }


def petition_as_recorded(petition: Petition) -> dict[str, Any]:
    """Return one record of a petition, for its organiser."""
    return {
        "consultation": petition.consultation.title,
        "recorded_at": iso(petition.at),
        "recorded": moment(petition.at),
        "title": petition.title,
        "text": petition.text,
        "signatures": petition.signatures,
        "received_on": petition.received_on.isoformat(),
        "channel": petition.get_channel_display(),
        "organiser_name": petition.organiser_name,
        "organiser_email": petition.organiser_email,
        "withdrawn": petition.withdrawn,
    }
