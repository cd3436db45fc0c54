"""What staff type is kept as they type it, by account, page and form, and offered to the same
person again until the form is accepted.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.core import signing
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.db.models.functions import Now

from consult.models import StaffDraft, User
from consult.text import storable, with_symbols

# The field with the token, in every form that staff type into.
FIELD = "typed_in"
SALT = "staff draft"
KEEP_FOR = timedelta(days=30)
# Someone who typed or opened a form within this time is taken to be at it.
AT_IT_FOR = timedelta(hours=1)
ADDRESS_MAX_CHARS = 500
# What may stand between two letters of a reference, also encoded: a dash of any kind, a space.
BETWEEN = "(?:%[0-9a-f]{2}|[^0-9a-z/?&=%])*"
# PostgreSQL takes no pattern of any length.
NAMES_AT_ONCE = 500


class NotOurForm(ValueError):
    """The token was not made by us, or its account is closed."""


@dataclass(frozen=True)
class Place:
    """One form of one page, for one account. `action` is the address that it is sent to.

    What is typed beside an earlier draft of the same form has its own number: "note~2".
    """

    account: int
    page: str
    form: str
    action: str

    @property
    def name(self) -> str:
        return self.form.partition("~")[0]

    @property
    def row(self) -> dict[str, Any]:
        """What its draft is found by."""
        page = self.page[:ADDRESS_MAX_CHARS]
        return {"account_id": self.account, "page": page, "form": self.form}


def token_for(place: Place) -> str:
    """What the form carries, so that its words are known as this person's even when their session
    has ended.
    """
    return signing.dumps([place.account, place.page, place.form, place.action], salt=SALT)


def words_of(draft: StaffDraft) -> list[str]:
    """Return what was typed, for the person who typed it to read; a choice is only a number."""
    return [with_symbols(value) for value in draft.typed if not value.isdecimal()]


def place_in(draft: StaffDraft) -> Place:
    """Return the form that a draft was typed into."""
    return Place(draft.account_id, draft.page, draft.form, draft.action)


def read_token(token: str) -> Place | None:
    """Return the form that a token was made for, or None if it is none of ours."""
    try:
        return Place(*signing.loads(token, salt=SALT))
    except signing.BadSignature:
        return None


def place_of(token: str) -> Place:
    """Return the form that a token was made for, of an account that is open. Raises NotOurForm."""
    place = read_token(token)
    if place is None or not User.objects.filter(pk=place.account, is_active=True).exists():
        raise NotOurForm
    return place


def another_beside(place: Place, drafts: Sequence[StaffDraft]) -> Place:
    """Return where to keep what is typed now, so that it replaces none of the earlier `drafts`."""
    taken = {draft.form for draft in drafts}
    forms = (place.form, *(f"{place.form}~{number}" for number in range(2, len(taken) + 2)))
    return replace(place, form=next(form for form in forms if form not in taken))


def keep_typed(*, place: Place, fields: Sequence[tuple[str, str]]) -> StaffDraft:
    """Keep what stands in a form now, in place of what was kept of it before."""
    kept = [[storable(name), storable(value)] for name, value in fields]
    action = place.action[:ADDRESS_MAX_CHARS]
    draft, _new = StaffDraft.objects.update_or_create(
        **place.row, defaults={"fields": kept, "action": action, "saved_at": Now()}
    )
    return draft


def note_opened(*, place: Place) -> None:
    """Note that someone has a form open, for the next person to be told. What they typed stays."""
    StaffDraft.objects.update_or_create(
        **place.row,
        defaults={"saved_at": Now()},
        create_defaults={"action": place.action[:ADDRESS_MAX_CHARS]},
    )


def forget_typed(*, place: Place) -> None:
    """Forget what was typed into a form, which was accepted."""
    StaffDraft.objects.filter(**place.row).delete()


def drafts_at(page: str) -> QuerySet[Any]:
    """Return what is kept of every form of a page, by everyone, the newest first, each with
    whether it is `recent`.
    """
    recent = ExpressionWrapper(Q(saved_at__gt=Now() - AT_IT_FOR), output_field=BooleanField())
    there = StaffDraft.objects.filter(page=page[:ADDRESS_MAX_CHARS]).select_related("account")
    return there.annotate(recent=recent)


def drafts_of(account: User) -> QuerySet[StaffDraft]:
    """Return what someone has typed anywhere and not sent."""
    return StaffDraft.objects.filter(account=account).exclude(fields=[])


def others_at(place: Place) -> list[str]:
    """Return the names of those who have typed into the same form recently, or have it open."""
    there = drafts_at(place.page).filter(form__startswith=place.name, recent=True)
    return sorted({one.account.username for one in there.exclude(account=place.account)})


def remove_drafts_about(names: Sequence[str]) -> int:
    """Remove what anyone typed about what is erased, which the addresses of its pages name, with
    any signs or none between their letters, or the forms themselves. Returns how many.
    """
    removed = 0
    for first in range(0, len(names), NAMES_AT_ONCE):
        some = names[first : first + NAMES_AT_ONCE]
        any_of_them = f"[/?&=]({'|'.join(map(_spelt_anyhow, some))})([/&]|$)"
        about = Q(page__iregex=any_of_them)
        for name in some:
            about |= Q(fields__contains=[["reference", name]])
        removed += StaffDraft.objects.filter(about).delete()[0]
    return removed


def _spelt_anyhow(name: str) -> str:
    """A pattern for a name in an address: a reference may have been typed there."""
    if "=" in name or "/" in name:
        return re.escape(name)
    return BETWEEN.join(re.escape(letter) for letter in name if letter.isalnum())


def remove_old_drafts() -> int:
    """Remove what nobody came back to. Returns how many."""
    return StaffDraft.objects.filter(saved_at__lt=Now() - KEEP_FOR).delete()[0]
