"""Filters that staff save for themselves under a name."""

from django.db.models.functions import Now

from consult.models import User
from responses.models import SavedFilter

NAME_MAX_CHARS = 80
QUERY_MAX_CHARS = 2000


class NameMissing(ValueError):
    """A filter's name has 1 to NAME_MAX_CHARS characters."""


class FilterTooLong(ValueError):
    """A filter of more than QUERY_MAX_CHARS characters is not saved."""


def save_filter(*, by: User, name: str, query: str) -> SavedFilter:
    """Save an address's query under a name. The same name again replaces it.

    Raises NameMissing and FilterTooLong.
    """
    if len(query) > QUERY_MAX_CHARS:
        raise FilterTooLong
    name = name.strip()
    if not name or len(name) > NAME_MAX_CHARS or not name.isprintable():
        raise NameMissing
    saved, _ = SavedFilter.objects.update_or_create(
        by=by, name=name, defaults={"query": query, "at": Now()}
    )
    return saved


def forget_filter(*, by: User, number: int) -> None:
    """Delete one of your own saved filters; nobody else's."""
    SavedFilter.objects.filter(by=by, pk=number).delete()
