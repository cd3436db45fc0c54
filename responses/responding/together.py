"""Several people on one draft: a link that lets others read it and nothing else, and who else has
it open now.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.urls import reverse

from consult.models import Consultation
from responses.models import Draft, DraftVisit, Response

SALT = "read-only link to a draft"
NOW_MEANS = timedelta(minutes=10)


def reading_token(draft: Draft) -> str:
    """What opens a draft to read. Nobody can make a link that writes from it."""
    return Signer(salt=SALT).sign(draft.submission_key.hex)


def reading_address(draft: Draft) -> str:
    """The whole address at which a draft can be read."""
    path = reverse("read-draft", args=[draft.consultation.slug, reading_token(draft)])
    return settings.SITE_URL.rstrip("/") + path


def find_to_read(*, consultation: Consultation, token: str) -> Draft | Response:
    """The draft that `token` lets someone read, or the response that it became.

    Raises Draft.DoesNotExist, also where the draft was deleted.
    """
    try:
        key = UUID(Signer(salt=SALT).unsign(token))
    except (BadSignature, ValueError) as reason:
        raise Draft.DoesNotExist from reason
    sent = Response.objects.filter(consultation=consultation, submission_key=key).first()
    return sent or Draft.objects.prefetch_related("kept").get(
        consultation=consultation, submission_key=key
    )


@dataclass(frozen=True)
class Other:
    """Someone else who has the draft open: on which page, and when they were last seen there."""

    part: str
    seen_at: datetime


def note_visit(*, draft: Draft, browser: str, part: str) -> list[Other]:
    """Note that `browser`, a secret of its own, has a page of `draft` open. Returns who else has
    one, the most recent first.

    Kept is a hash that differs from draft to draft, for as long as the draft.
    """
    mine = hashlib.sha256(f"{draft.submission_key} {browser}".encode()).hexdigest()
    try:
        with transaction.atomic():
            DraftVisit.objects.bulk_create(
                [DraftVisit(draft=draft, browser=mine, part=part, seen_at=Now())],
                update_conflicts=True,
                unique_fields=["draft", "browser"],
                update_fields=["part", "seen_at"],
            )
    except IntegrityError:
        # Someone sent or deleted the draft at this moment: nobody is in it any more.
        return []
    others = draft.visits.exclude(browser=mine).filter(seen_at__gt=Now() - NOW_MEANS)
    return [Other(row.part, row.seen_at) for row in others.order_by("-seen_at")]
