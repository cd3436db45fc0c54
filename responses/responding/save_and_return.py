"""Coming back later: the email with the link to a draft.

A row first, like every email, and sent by whoever comes by.
"""

import logging
from datetime import timedelta
from email.utils import make_msgid
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from consult.clock import closing_in_words, day_in_words
from consult.web.rate_limits import count_hit, refuse_over_limit
from responses.models import Draft, DraftLink
from responses.responding.drafting import expire_at, link_token

log = logging.getLogger(__name__)

GROUP = 50
# How long a claim holds, and the least time between two tries, in minutes; it doubles with each
# try, up to an hour.
PAUSE_MINUTES = 5
LONGEST_PAUSE_MINUTES = 60
TRY_FOR = timedelta(hours=24)
# Trouble with the mail server or with the recipient: smtplib's errors are OSErrors.
TROUBLE = (OSError,)


def ask_for_link(*, draft: Draft, email: str) -> DraftLink:
    """Have the link to `draft` sent to `email`, a valid address.

    Raises OverLimit where the address or the draft had its fill.

    Anybody can type anybody's address, and this must be no way to fill a stranger's inbox.
    """
    keys = [f"to {email.lower()}", f"of draft {draft.pk}"]
    for key in keys:
        refuse_over_limit(limit="link", key=key)
    with transaction.atomic():
        for key in keys:
            count_hit(limit="link", key=key)
        return DraftLink.objects.create(
            draft=draft,
            email=email,
            message_id=make_msgid(domain=urlsplit(settings.SITE_URL).hostname),
        )


def send_due_links() -> int:
    """Send the links that are due, up to GROUP; how many went.

    May run any number of times at once.
    """
    sent = 0
    mail = get_connection()
    for link in claim_due_links(limit=GROUP):
        try:
            mail.send_messages([build_link_email(link)])
        except TROUBLE as error:
            mail.close()
            log.warning("A link to a draft was not sent: %s", type(error).__name__)
            continue
        DraftLink.objects.filter(pk=link.pk).update(state=DraftLink.State.SENT)
        sent += 1
    mail.close()
    return sent


def claim_due_links(*, limit: int) -> list[DraftLink]:
    """Take up to `limit` due links in hand: they are due again after a pause, unless they were
    sent. Old ones are given up.
    """
    waiting = DraftLink.objects.filter(state=DraftLink.State.WAITING, due_at__lte=Now())
    waiting.filter(created_at__lt=Now() - TRY_FOR).update(state=DraftLink.State.FAILED)
    with transaction.atomic():
        # Two workers at once: SKIP LOCKED gives them different rows, and whoever comes after the
        # commit sees the new time.
        claimed = list(
            waiting.select_for_update(skip_locked=True, of=("self",))
            .select_related("draft__consultation")
            .order_by("pk")[:limit]
        )
        for link in claimed:
            link.due_at = Now() + timedelta(
                minutes=min(PAUSE_MINUTES * 2**link.attempts, LONGEST_PAUSE_MINUTES)
            )
            link.attempts += 1
            link.save(update_fields=["due_at", "attempts"])
    return claimed


def link_address(draft: Draft) -> str:
    """The whole address of the link to a draft."""
    return settings.SITE_URL.rstrip("/") + reverse(
        "come-back", args=[draft.consultation.slug, link_token(draft)]
    )


def build_link_email(link: DraftLink) -> EmailMessage:
    """The email with the link.

    Holds nothing that was typed into the form, since the address may be a third party's.
    """
    consultation = link.draft.consultation
    words = {
        "title": consultation.title,
        "address": link_address(link.draft),
        "closing": closing_in_words(consultation.closes_at),
        "kept_until": day_in_words(expire_at(consultation)),
    }
    return EmailMessage(
        subject=_("Your link to go on with your response"),
        body=render_to_string("emails/link.txt", words).strip() + "\n",
        to=[link.email],
        headers={"Message-ID": link.message_id, "Auto-Submitted": "auto-generated"},
    )
