"""What the public sees: a published consultation, and the plan in one of its editions."""

from functools import lru_cache

from django.conf import settings
from django.utils import translation
from django.utils.translation import get_language

from consult.models import Consultation, Edition, once_published
from consult.plans.document import Plan
from consult.plans.in_languages import in_language


def find_published(slug: str) -> Consultation:
    """Return the consultation with that slug, with `now`, the database's time; also one that was
    published and withdrawn.

    Raises Consultation.DoesNotExist.
    """
    return once_published().get(slug=slug)


@lru_cache(maxsize=64)
def _plan_of(edition_id: int, digest: str, language: str) -> Plan:
    """One for each language, since a plan also has words of ours, such as the titles of parts."""
    content = Edition.objects.values_list("content", flat=True).get(pk=edition_id, digest=digest)
    plan = Plan.from_content(in_language(content, language))
    with translation.override(language):
        # Made now, since they are kept with it.
        _made_now = plan.parts, plan.equality
    return plan


def plan_of(edition: Edition) -> Plan:
    """Return the plan in `edition`, in the language of the page that is being made.

    Editions never change, so each process reads each of them once.
    """
    return _plan_of(edition.pk, edition.digest, get_language() or settings.LANGUAGE_CODE)


def current_edition(consultation: Consultation) -> Edition:
    """Return the newest edition of a consultation, without its content.

    Raises Edition.DoesNotExist if none is published.
    """
    return consultation.editions.defer("content").latest("number")


def edition_shown(*, number: str, current: Edition) -> Edition:
    """Return the edition whose `number` a page carried: a newer one may word its questions
    differently. Returns `current` if the page carried no number of this consultation.
    """
    known = number.isascii() and number.isdigit() and len(number) < 10
    if not known or int(number) == current.number:
        return current
    return current.consultation.editions.filter(number=int(number)).first() or current
