"""Drafts: what somebody is writing and has not sent."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models.functions import Now

from consult.models import Consultation
from consult.text import storable
from responses.models import Draft, Response

# Of each field's fingerprint; a page carries one for every field, and nobody gains by making two
# values alike.
FINGERPRINT_DIGITS = 12
LINK = "link to a draft"


@dataclass(frozen=True)
class Saved:
    """A draft after a save.

    `elsewhere` is what somebody else wrote, by field, where this save would have overwritten it
    unseen.

    Those fields were not saved. `changed_at` is when the draft was saved before this.
    """

    draft: Draft
    elsewhere: dict[str, Any]
    changed_at: datetime


def start_draft(*, consultation: Consultation, started_at: datetime) -> tuple[Draft, str]:
    """A new, empty draft, and the token that opens it; only the token's SHA-256 is kept."""
    token = secrets.token_urlsafe(24)
    draft = Draft.objects.create(
        consultation=consultation,
        token_hash=_hash(token),
        submission_key=uuid4(),
        started_at=started_at,
    )
    return draft, token


def start_amending(*, response: Response, started_at: datetime) -> tuple[Draft, str]:
    """A draft that holds what `response` says, to be changed, and the token that opens it."""
    token = secrets.token_urlsafe(24)
    contact = {
        "name": response.contact.name,
        "email": response.contact.reachable_at,
        "postcode": response.contact.postcode_district,
    }
    answers = (
        response.choices
        | response.texts
        | {name: value for name, value in contact.items() if value}
    )
    draft = Draft.objects.create(
        consultation=response.consultation,
        token_hash=_hash(token),
        submission_key=uuid4(),
        started_at=started_at,
        amends=response,
        answers=answers,
    )
    return draft, token


def link_token(draft: Draft) -> str:
    """The token in the link to a draft.

    Computed with the secret key, so that an email can carry it although none is stored.
    """
    return Signer(salt=LINK).sign(draft.submission_key.hex)


def find_draft(*, consultation: Consultation, token: str) -> Draft:
    """The draft that `token` opens, be it a browser's own or a link's.

    Raises Draft.DoesNotExist.
    """
    drafts = Draft.objects.select_related("amends__consultation").filter(consultation=consultation)
    if ":" not in token:
        return drafts.get(token_hash=_hash(token))
    try:
        return drafts.get(submission_key=UUID(Signer(salt=LINK).unsign(token)))
    except (BadSignature, ValueError) as reason:
        raise Draft.DoesNotExist from reason


def find_sent(*, consultation: Consultation, token: str) -> Response | None:
    """The response that the draft behind a link became, if `token` is one of a link; a browser's
    own goes with its draft.
    """
    try:
        return Response.objects.filter(
            consultation=consultation, submission_key=UUID(Signer(salt=LINK).unsign(token))
        ).first()
    except (BadSignature, ValueError):
        return None


def save_part(
    *,
    draft: Draft,
    part: str,
    fields: list[str],
    values: Mapping[str, Any],
    done: bool | None,
    seen: Mapping[str, str] | None = None,
) -> Saved:
    """Keep what was typed on one page, right or wrong, and whether the page is done (None: as it
    was).

    `fields` are the page's field names; those that `values` lacks were emptied. Other pages'
    answers stay as they are, also where another tab saves them at this moment. `seen` has the
    fingerprint of what the page showed in each field before anything was typed: a field that was
    not touched keeps what somebody else put there meanwhile, and one that both changed is left as
    it is and told. Raises Draft.DoesNotExist where the draft was sent or discarded meanwhile.
    """
    elsewhere: dict[str, Any] = {}
    with transaction.atomic():
        kept = Draft.objects.select_for_update().get(pk=draft.pk)
        changed_at = kept.saved_at
        answers = {name: value for name, value in kept.answers.items() if name not in fields}
        for name in fields:
            mine, theirs, shown = (
                _storable(values.get(name)),
                _storable(kept.answers.get(name)),
                (seen or {}).get(name),
            )
            if shown is not None and mine != theirs and fingerprint(theirs) != shown:
                if fingerprint(mine) != shown:
                    elsewhere[name] = theirs
                mine = theirs
            if mine:
                answers[name] = mine
        kept.answers = answers
        if done is not None:
            kept.parts_done = sorted(
                {*kept.parts_done, part} if done and not elsewhere else {*kept.parts_done} - {part}
            )
        kept.revision += 1
        kept.save(update_fields=["answers", "parts_done", "revision"])
        Draft.objects.filter(pk=kept.pk).update(saved_at=Now())
    return Saved(kept, elsewhere, changed_at)


def fingerprint(value: Any) -> str:
    """What a page carries of a field's value, to find out later whether it is still the same."""
    return _hash(repr(_storable(value)))[:FINGERPRINT_DIGITS]


def mark_of(draft: Draft | None) -> str:
    """A label by which a browser knows one draft from another. Opens nothing."""
    return _hash(f"mark of {draft.submission_key}")[:FINGERPRINT_DIGITS] if draft else "new"


def expire_at(consultation: Consultation) -> datetime:
    """From when on drafts of a consultation may be removed."""
    return consultation.grace_ends_at + timedelta(days=settings.KEEP["drafts"])


def discard_draft(*, draft: Draft) -> None:
    """Remove a draft, once it has become a response. Removing it twice is removing it once."""
    Draft.objects.filter(pk=draft.pk).delete()


def _storable(value: Any) -> Any:
    """A value as a draft keeps it; nothing at all, in whatever form it comes, is an
    empty string.
    """
    return (
        ([storable(item) for item in value] if isinstance(value, list) else storable(value))
        if value
        else ""
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
