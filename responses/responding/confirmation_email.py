"""The email that tells a respondent what arrived."""

import textwrap

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from consult.clock import in_words
from responses.models import Confirmation, Response
from responses.receipt_tokens import receipt_token

# The heading and the subject of each email.
HEADINGS = {
    Response.Act.SENT: (
        _("Your response was received"),
        _("Your response %(reference)s was received"),
    ),
    Response.Act.AMENDED: (
        _("Your changed response was received"),
        _("Your changed response %(reference)s was received"),
    ),
    Response.Act.WITHDRAWN: (
        _("Your response was withdrawn"),
        _("Your response %(reference)s was withdrawn"),
    ),
    Response.Act.ERASED: (
        _("Your response was erased"),
        _("Your response %(reference)s was erased"),
    ),
}


def build_email(confirmation: Confirmation) -> EmailMultiAlternatives:
    """Make the email about one response.

    It holds nothing that was typed into the form, since the address may be someone else's.

    Raises ValidationError if the address is not valid, and ReceiptKeyLost.
    """
    validate_email(confirmation.response.contact.reachable_at)
    with translation.override(confirmation.response.language or settings.LANGUAGE_CODE):
        return _in_its_language(confirmation)


def _in_its_language(confirmation: Confirmation) -> EmailMultiAlternatives:
    response = confirmation.response
    consultation = response.consultation
    contact_email = settings.CONTACT_EMAIL or consultation.contact.get("email") or ""
    heading, subject = HEADINGS[Response.Act(response.act)]
    words = {
        "heading": heading,
        "act": response.act,
        "reference": response.reference,
        "received": in_words(response.received_at),
        "title": consultation.title,
        "owner": consultation.owner,
        "receipt_url": settings.SITE_URL.rstrip("/")
        + reverse("receipt", args=[receipt_token(response)]),
        "address": consultation.contact.get("postal_address") or [],
        "telephone": consultation.contact.get("telephone") or "",
        "contact_email": contact_email,
    }
    email = EmailMultiAlternatives(
        subject=str(subject) % {"reference": response.reference},
        body=_wrapped(render_to_string("emails/confirmation.txt", words)),
        to=[response.contact.reachable_at],
        reply_to=[contact_email] if contact_email else None,
        headers={"Message-ID": confirmation.message_id, "Auto-Submitted": "auto-generated"},
    )
    email.attach_alternative(render_to_string("emails/confirmation.html", words), "text/html")
    return email


def _wrapped(text: str) -> str:
    """Wrap `text` at 72 characters, so that mail programs can quote it. Links stay whole."""
    lines = [
        textwrap.fill(line, 72, break_long_words=False, break_on_hyphens=False)
        for line in text.strip().splitlines()
    ]
    return "\n".join(lines) + "\n"
