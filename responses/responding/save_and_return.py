"""Coming back later: the email with the link to a draft, which starts as a row like every email."""

from datetime import timedelta
from email.utils import make_msgid
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from consult.clock import closing_in_words, day_in_words
from consult.leases import claim
from consult.web.rate_limits import take_turn
from responses.contacts import inbox_of
from responses.models import Draft, DraftLink
from responses.responding.draft_tokens import emailed_token
from responses.responding.drafting import expire_at
from responses.responding.outbox import Outbox, Tally, send_due
from responses.responding.trying import record_failure, record_sent


def ask_for_link(*, draft: Draft, email: str, language: str = "en-gb") -> DraftLink:
    """Have the link to `draft` sent to `email`, a valid address.

    Raises OverLimit when the address or the draft has reached its limit: anyone can type anyone's
    address, and must not be able to fill a stranger's inbox.
    """
    with transaction.atomic():
        for key in (f"to {inbox_of(email)}", f"of draft {draft.pk}"):
            take_turn(limit="link", key=key)
        return DraftLink.objects.create(
            draft=draft,
            email=email,
            language=language,
            message_id=make_msgid(domain=urlsplit(settings.SITE_URL).hostname),
        )


def send_due_links(*, limit: int = 5000, lease: timedelta | None = None) -> Tally:
    """Send the links that are due; see `send_due`. One is given up after a day of tries."""
    return send_due(LINKS, limit=limit, lease=lease)


def claim_due_links(*, limit: int, lease: timedelta) -> list[DraftLink]:
    """Claim up to `limit` due links: no other worker gets them until the lease ends."""
    due = DraftLink.objects.filter(due_at__lte=Now()).order_by("due_at", "pk")
    return claim(due.select_related("draft__consultation"), limit=limit, lease=lease)


def link_address(draft: Draft, token: str) -> str:
    """Return the full address of a link to a draft, with its `token`."""
    return settings.SITE_URL.rstrip("/") + reverse(
        "come-back", args=[draft.consultation.slug, token]
    )


def build_link_email(link: DraftLink) -> EmailMessage:
    """Make the email with the link. Raises ValidationError if the address is not valid.

    It holds nothing that was typed into the form, since the address may be someone else's.
    """
    validate_email(link.email)
    with translation.override(link.language):
        return _in_its_language(link)


def _in_its_language(link: DraftLink) -> EmailMessage:
    consultation = link.draft.consultation
    words = {
        "title": consultation.title,
        "address": link_address(link.draft, emailed_token(link.draft)),
        "closing": closing_in_words(consultation.closes_at),
        "kept_until": day_in_words(expire_at(consultation)),
    }
    return EmailMessage(
        subject=_("Your link to continue your response"),
        body=render_to_string("emails/link.txt", words).strip() + "\n",
        to=[link.email],
        headers={"Message-ID": link.message_id, "Auto-Submitted": "auto-generated"},
    )


LINKS = Outbox(
    claim=lambda limit, lease: claim_due_links(limit=limit, lease=lease),
    address=lambda link: link.email,
    build=build_link_email,
    sent=record_sent,
    failed=record_failure,
)
