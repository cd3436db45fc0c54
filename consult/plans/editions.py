"""What the public is shown: a published consultation, and the plan in an edition of it."""

from functools import lru_cache

from consult.models import Consultation, Edition, once_published, published
from consult.plans.document import Plan


def find_published(slug: str, *, even_withdrawn: bool = False) -> Consultation:
    """The published consultation of that slug, with `now`, the database's clock.

    Raises Consultation.DoesNotExist.
    """
    return (once_published() if even_withdrawn else published()).get(slug=slug)


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


def edition_shown(*, number: str, current: Edition) -> Edition:
    """The edition whose `number` a page carried: there may be a newer one by now, which words its
    questions otherwise. `current` where the page carried none of this consultation.
    """
    known = number.isascii() and number.isdigit() and len(number) < 10
    if not known or int(number) == current.number:
        return current
    return current.consultation.editions.filter(number=int(number)).first() or current
