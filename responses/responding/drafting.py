"""Drafts: what someone is writing and has not sent yet."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from consult.models import Consultation, Edition
from consult.plans.editions import current_edition, plan_of
from responses.models import Draft, DraftAnswer, Response, SentDraft
from responses.responding.attaching import copy_files
from responses.responding.draft_tokens import hash_of, key_of
from responses.responding.draft_values import (
    as_kept,
    fingerprint,
    mark_of_typed,
    most_kept,
    size_of,
)


@dataclass(frozen=True)
class Saved:
    """A draft after a save.

    `elsewhere` is what someone else wrote, by field, where this save would have overwritten it
    unseen. `too_long` names the fields that are longer than a draft keeps. Neither was saved.
    `changed_at` is when the draft was last saved before this.
    """

    draft: Draft
    elsewhere: dict[str, Any]
    too_long: tuple[str, ...]
    changed_at: datetime


def start_draft(*, consultation: Consultation, started_at: datetime) -> tuple[Draft, str]:
    """Start an empty draft; return it and the token that opens it, of which we keep the SHA-256."""
    return _new_draft(consultation=consultation, started_at=started_at)


def start_amending(*, response: Response, started_at: datetime) -> tuple[Draft, str]:
    """Start a draft with what `response` says; return it and the token that opens it."""
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
    with transaction.atomic():
        draft, token = _new_draft(
            consultation=response.consultation, started_at=started_at, amends=response
        )
        DraftAnswer.objects.bulk_create(
            DraftAnswer(
                draft=draft, name=name, value=value, edition_id=response.edition_id, revision=0
            )
            for name, value in answers.items()
        )
        copy_files(response=response, draft=draft)
    return draft, token


def _new_draft(**values: Any) -> tuple[Draft, str]:
    token = secrets.token_urlsafe(24)
    return Draft.objects.create(token_hash=hash_of(token), submission_key=uuid4(), **values), token


def find_draft(*, consultation: Consultation, token: str) -> Draft:
    """Return the draft that `token` opens, whether from a cookie or a link.

    Raises Draft.DoesNotExist.
    """
    found = find_drafts(consultation=consultation, tokens=[token])
    if token not in found:
        raise Draft.DoesNotExist
    return found[token]


def find_drafts(*, consultation: Consultation, tokens: list[str]) -> dict[str, Draft]:
    """Return the drafts that these tokens open, by token and in their order."""
    keys = {token: key_of(token) for token in tokens}
    hashes = {token: hash_of(token) for token in tokens}
    drafts = (
        Draft.objects.select_related("amends__consultation")
        .filter(consultation=consultation)
        .filter(
            Q(token_hash__in=hashes.values()) | Q(submission_key__in=filter(None, keys.values()))
        )
    )
    by_hash = {draft.token_hash: draft for draft in drafts} if tokens else {}
    by_key = {draft.submission_key: draft for draft in by_hash.values()}
    found = {
        token: by_hash.get(hashes[token]) or by_key.get(keys[token] or UUID(int=0))
        for token in tokens
    }
    return {token: draft for token, draft in found.items() if draft}


def find_sent(*, consultation: Consultation, token: str) -> Response | None:
    """Return the response that the draft behind `token` became."""
    sent = Response.objects.filter(consultation=consultation)
    key = key_of(token)
    if key:
        return sent.filter(submission_key=key).first()
    became = SentDraft.objects.filter(token_hash=hash_of(token)).values("response_id")
    return sent.filter(pk__in=became).first()


def save_part(
    *,
    draft: Draft,
    part: str,
    fields: list[str],
    values: Mapping[str, Any],
    done: bool | None,
    seen: Mapping[str, str] | None = None,
    tried: Collection[tuple[str, str]] = (),
    edition: Edition | None = None,
) -> Saved:
    """Save what was typed on one page, even if it is wrong, and whether the page is done (None:
    unchanged).

    `fields` are the page's field names; those missing from `values` were emptied. Answers on other
    pages stay as they are, even if another tab saves them at this moment. `seen` has the
    fingerprint of what the page first showed in each field. A field that was not touched takes what
    someone else saved meanwhile. One that both changed is left as it is and reported. What is there
    is not someone else's if its field and mark are among those `tried`: the page saved it, and our
    reply was lost. `edition` is the one whose wording the page showed, by default the current one.

    Raises Draft.DoesNotExist if the draft was sent or discarded meanwhile.
    """
    with transaction.atomic():
        kept = Draft.objects.select_for_update().select_related("consultation").get(pk=draft.pk)
        edition = edition or current_edition(kept.consultation)
        rows = {row.name: row for row in kept.kept.filter(name__in=fields)}
        before = {name: row.value for name, row in rows.items()}
        typed = {name: as_kept(values.get(name), name) for name in fields}
        elsewhere = _changed_elsewhere(typed, before, seen or {}, tried)
        plan = plan_of(edition)
        too_long = tuple(
            name for name, value in typed.items() if size_of(value) > most_kept(plan, name)
        )
        left_alone = {*elsewhere, *too_long}
        changed = [
            DraftAnswer(
                draft=kept, name=name, value=value, edition=edition, revision=kept.revision + 1
            )
            for name, value in typed.items()
            if name not in left_alone and value != before.get(name, "")
        ]
        _write(kept, changed)
        # Answered before and now seen with new wording, so it answers the new wording.
        unchanged = [
            row.pk
            for name, row in rows.items()
            if name not in left_alone and row.edition_id != edition.pk
        ]
        if unchanged:
            DraftAnswer.objects.filter(pk__in=unchanged).update(edition=edition)
        changed_at = kept.saved_at
        if done is not None:
            finished = {part} if done and not left_alone else set()
            kept.parts_done = sorted({*kept.parts_done} - {part} | finished)
        kept.revision += bool(changed)
        kept.save(update_fields=["parts_done", "revision"])
        Draft.objects.filter(pk=kept.pk).update(saved_at=Now())
    return Saved(kept, elsewhere, too_long, changed_at)


def _changed_elsewhere(
    typed: dict[str, Any],
    before: dict[str, Any],
    seen: Mapping[str, str],
    tried: Collection[tuple[str, str]],
) -> dict[str, Any]:
    """Return what someone else wrote, by field, where it and what was `typed` both differ from what
    the page had shown.

    A field that was not touched takes what they wrote.
    """
    elsewhere = {}
    for name, mine in list(typed.items()):
        theirs, shown = before.get(name, ""), seen.get(name)
        if shown is None or mine == theirs or fingerprint(theirs) == shown:
            continue
        if (name, mark_of_typed(theirs)) in tried:
            continue
        if fingerprint(mine) == shown:
            typed[name] = theirs
        else:
            elsewhere[name] = theirs
    return elsewhere


def _write(draft: Draft, changed: list[DraftAnswer]) -> None:
    DraftAnswer.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["draft", "name"],
        update_fields=["value", "edition", "revision"],
    )


def changed_since(*, draft: Draft, revision: int) -> set[str]:
    """Return the names of the fields saved after `revision`."""
    return {row.name for row in draft.kept.all() if row.revision > revision}


def mark_of(written: Draft | Response | None) -> str:
    """Return a label by which a browser knows one draft from another, even after sending. It opens
    nothing.
    """
    return fingerprint(f"mark of {written.submission_key}") if written else "new"


def expire_at(consultation: Consultation) -> datetime:
    """Return when drafts of a consultation may first be removed."""
    return consultation.grace_ends_at + timedelta(days=settings.KEEP["drafts"])


def discard_draft(*, draft: Draft) -> None:
    """Remove a draft. Removing it twice does no harm."""
    Draft.objects.filter(pk=draft.pk).delete()
