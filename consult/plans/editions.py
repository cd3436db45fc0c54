"""What the public is shown: a published consultation, and the plan in an edition of it."""

from functools import lru_cache

from consult.models import Consultation, Edition, published
from consult.plans.document import Plan


def find_published(slug: str) -> Consultation:
    """The published consultation of that slug, with `now`, the database's clock.

    Raises Consultation.DoesNotExist.
    """
    return published().get(slug=slug)


@lru_cache(maxsize=64)
def _plan_of(edition_id: int, digest: str) -> Plan:
    return Plan.from_content(
        Edition.objects.values_list("content", flat=True).get(pk=edition_id, digest=digest)
    )


def plan_of(edition: Edition) -> Plan:
    """The plan in `edition`.

    Editions never change, so each is read once in the life of a process.
    """
    return _plan_of(edition.pk, edition.digest)


def current_edition(consultation: Consultation) -> Edition:
    """The newest edition of a consultation, without its content.

    Raises Edition.DoesNotExist where none is published.
    """
    return consultation.editions.defer("content").latest("number")
