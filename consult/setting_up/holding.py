"""Changing a consultation's state and dates from a page, as that page showed them."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from consult.models import Consultation
from consult.shown import fingerprint_of, refuse_changed


def consultation_shown(consultation: Consultation) -> str:
    """The fingerprint of the state and dates that the page of a consultation shows."""
    return fingerprint_of(consultation.opens_at, consultation.closes_at, consultation.withdrawn_at)


@contextmanager
def consultation_as_shown(consultation: Consultation, *, shown: str) -> Iterator[None]:
    """Keep everyone else from changing a consultation until this is done. Raises ChangedSinceShown
    if someone has changed it since its page was `shown`.
    """
    with transaction.atomic():
        kept = Consultation.objects.select_for_update(no_key=True).get(pk=consultation.pk)
        refuse_changed(shown=shown, now=consultation_shown(kept))
        yield
