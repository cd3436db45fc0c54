"""Drafts: what somebody is writing and has not sent."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models.functions import Now

from consult.models import Consultation
from responses.answers import storable
from responses.models import Draft, Response

# Long enough to copy one's words somewhere else, and no longer than that.
DRAFTS_KEPT_FOR = timedelta(days=30)


def start_draft(*, consultation: Consultation, started_at: datetime) -> tuple[Draft, str]:
    """A new, empty draft, and the token that opens it; only the token's SHA-256 is kept."""
    token = secrets.token_urlsafe(24)
    draft = Draft.objects.create(consultation=consultation, token_hash=_hash(token), submission_key=uuid4(), started_at=started_at)
    return draft, token


def start_amending(*, response: Response, started_at: datetime) -> tuple[Draft, str]:
    """A draft that holds what `response` says, to be changed, and the token that opens it."""
    token = secrets.token_urlsafe(24)
    contact = {"name": response.contact.name, "email": response.contact.reachable_at, "postcode": response.contact.postcode_district}
    answers = response.choices | response.texts | {name: value for name, value in contact.items() if value}
    draft = Draft.objects.create(
        consultation=response.consultation,
        token_hash=_hash(token),
        submission_key=uuid4(),
        started_at=started_at,
        amends=response,
        answers=answers,
    )
    return draft, token


def find_draft(*, consultation: Consultation, token: str) -> Draft:
    """The draft that `token` opens. Raises Draft.DoesNotExist."""
    return Draft.objects.select_related("amends__consultation").get(consultation=consultation, token_hash=_hash(token))


def save_part(*, draft: Draft, part: str, fields: list[str], values: Mapping[str, Any], done: bool) -> Draft:
    """Keep what was typed on one page, right or wrong, and whether the page is done.

    `fields` are the page's field names; those that `values` lacks were emptied. Other pages' answers stay as they are,
    also where another tab saves them at this moment. Raises Draft.DoesNotExist where it was sent or discarded meanwhile.
    """
    with transaction.atomic():
        kept = Draft.objects.select_for_update().get(pk=draft.pk)
        answers = {name: value for name, value in kept.answers.items() if name not in fields}
        answers |= {name: _storable(values[name]) for name in fields if values.get(name)}
        kept.answers = answers
        kept.parts_done = sorted({*kept.parts_done, part} if done else {*kept.parts_done} - {part})
        kept.revision += 1
        kept.save(update_fields=["answers", "parts_done", "revision"])
        Draft.objects.filter(pk=kept.pk).update(saved_at=Now())
    return kept


def remove_expired_drafts() -> int:
    """Remove what was never sent, DRAFTS_KEPT_FOR after its consultation's grace period; how many there were."""
    over = [consultation.pk for consultation in Consultation.objects.annotate(now=Now()) if consultation.now > expire_at(consultation)]  # type: ignore[no-redef]
    return Draft.objects.filter(consultation__in=over).delete()[0]


def expire_at(consultation: Consultation) -> datetime:
    """From when on drafts of a consultation may be removed."""
    return consultation.grace_ends_at + DRAFTS_KEPT_FOR


def discard_draft(*, draft: Draft) -> None:
    """Remove a draft, once it has become a response. Removing it twice is removing it once."""
    Draft.objects.filter(pk=draft.pk).delete()


def _storable(value: Any) -> Any:
    return [storable(item) for item in value] if isinstance(value, list) else storable(value)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
