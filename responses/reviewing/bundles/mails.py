"""The messages of a mailbox that carry one standard letter, and what each of them says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone

from consult.models import Consultation
from consult.plans.document import Plan
from responses.models import Message
from responses.reviewing.bundles.rows import place_of_letter
from responses.reviewing.mailboxes import read_letter
from responses.reviewing.similarity import are_similar, print_of, shingles_of, words_of

# So many messages are looked through at once, which takes some seconds; the page goes on there.
LOOKED_AT = 2_000


@dataclass(frozen=True)
class Match:
    """A message that carries the letter. `own`: it says it in words of its own."""

    message: Message
    own: bool
    fields: dict[str, Any]
    received_on: date


@dataclass(frozen=True)
class Search:
    """What was found among the `looked_at` messages that were looked through of the `waiting` ones;
    the `last` of them, after which the search goes on, or None when it is through.
    """

    matches: list[Match]
    looked_at: int
    waiting: int
    last: int | None


def mails_with(
    *,
    consultation: Consultation,
    plan: Plan,
    letter: Mapping[str, Any],
    only: list[int] | None = None,
    after: int = 0,
) -> Search:
    """Return the messages that wait for a decision and carry the letter, or those of `only` that
    do, each with what it says: the sender's own words whole where they differ from the letter's.
    Those up to `after` were looked through before.
    """
    place = place_of_letter(plan)
    if not place:
        return Search([], 0, 0, None)
    standard = str(letter.get(place, ""))
    shared, same = shingles_of(words_of(standard)), print_of(standard)
    waiting = consultation.messages.filter(state=Message.State.WAITING).exclude(file="")
    if only is not None:
        waiting = waiting.filter(pk__in=only)
    found = []
    rest = waiting.filter(pk__gt=after).order_by("pk")
    some = list(rest[: LOOKED_AT + 1])
    for message in some[:LOOKED_AT]:
        try:
            read = read_letter(message)
        except FileNotFoundError:
            continue
        if not are_similar(shared, shingles_of(words_of(read.words))):
            continue
        own = print_of(read.words) != same
        fields = dict(letter) | {
            place: read.words if own else standard,
            "name": read.sender_name[:200],
            "email": read.sender_email,
            "postcode": "",
        }
        at = message.received_at or message.loaded_at
        found.append(Match(message, own, fields, timezone.localtime(at).date()))
    last = some[LOOKED_AT - 1].pk if len(some) > LOOKED_AT else None
    return Search(found, min(len(some), LOOKED_AT), waiting.count(), last)
