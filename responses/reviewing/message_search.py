"""The messages of a mailbox: found by their state and their words, and turned in pages."""

from dataclasses import dataclass

from django.db.models import F, QuerySet

from consult.models import Consultation
from responses.models import Message
from responses.reviewing.word_search import Words, query_of, says

ON_A_PAGE = 50


@dataclass(frozen=True)
class MessagePage:
    """Some messages, the first to come first, and the ids to go on from in both directions."""

    rows: list[Message]
    newer: int | None
    older: int | None


def find_messages(
    *, consultation: Consultation, state: str = "", word: str = "", after: int = 0, before: int = 0
) -> MessagePage:
    """Return a page of those in a state, or in any, whose sender, subject or text has every word.

    `after` and `before` are the ids beyond which it begins or ends.
    """
    found: QuerySet[Message] = consultation.messages.order_by("pk")
    if state in Message.State.values:
        found = found.filter(state=state)
    if word.strip():
        query = query_of(Words(word))
        found = found.filter(says(F("words"), query)) if query else found.none()
    if before:
        rows = list(found.filter(pk__lt=before).order_by("-pk")[:ON_A_PAGE])[::-1]
    else:
        rows = list(found.filter(pk__gt=after)[:ON_A_PAGE])
    if not rows:
        return MessagePage([], None, None)
    first, last = rows[0].pk, rows[-1].pk
    return MessagePage(
        rows,
        newer=last if found.filter(pk__gt=last).exists() else None,
        older=first if found.filter(pk__lt=first).exists() else None,
    )
