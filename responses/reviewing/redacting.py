"""Redacting: passages of a response that the public may not read, and suggestions for them."""

import re
from dataclasses import dataclass

from django.db import transaction
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, User
from consult.text import with_symbols
from responses.models import Redaction, Response
from responses.published import forget_figures, keep_file_back, make_file_again
from responses.reviewing.personal_details import find_personal_details
from responses.reviewing.reading import hold_as_shown

# The key of the sender's name, among those of the texts: no question has such a slug.
SENDER = "--sender"


class NoSuchPassage(ValueError):
    """The text does not contain these words."""


@dataclass(frozen=True)
class Suggestion:
    """A passage that may need redacting, and what it looks like."""

    text: str
    start: int
    end: int
    words: str
    looks_like: str


def suggest_redactions(response: Response) -> list[Suggestion]:
    """Return emails, telephone numbers, postcodes and names in a response's texts that no redaction
    covers yet.
    """
    covered = {
        (one.text, place) for one in in_force(response) for place in range(one.start, one.end)
    }
    found = []
    for key, text in texts_to_redact(response).items():
        if key == SENDER:
            continue
        for start, end, looks_like in find_personal_details(text, response.contact.name.strip()):
            if any((key, place) not in covered for place in range(start, end)):
                found.append(Suggestion(key, start, end, text[start:end], looks_like))
    return found


def in_force(response: Response) -> list[Redaction]:
    """Return the redactions that apply to a response now."""
    return [one for one in response.redactions.all() if one.removed_at is None]


def texts_to_redact(response: Response) -> dict[str, str]:
    """Return all the words of a response that the public could read, as a page shows them: its
    texts and the sender's name. Each letter is at the position that it has in the text.
    """
    name = response.contact.name
    words = response.texts | ({SENDER: name} if name else {})
    return {key: with_symbols(text) for key, text in words.items()}


def redact_passage(
    *, response: Response, text: str, passage: str, reason: Redaction.Reason, by: User
) -> list[Redaction]:
    """Redact `passage`, from the text under the key `text`, wherever the response contains it: in
    all its texts and in the sender's name, in capitals or not.

    Returns the new redactions. Raises NoSuchPassage and ChangedSinceOpened.
    """
    words = with_symbols(passage.replace("\r\n", "\n").strip())
    texts = texts_to_redact(response)
    # Across line breaks too.
    wanted = re.compile(r"\s+".join(map(re.escape, words.split())), re.IGNORECASE)
    if not words or not wanted.search(texts.get(text, "")):
        raise NoSuchPassage
    with transaction.atomic():
        hold_as_shown(response)
        there = {(one.text, one.start, one.end) for one in in_force(response)}
        rows = [
            Redaction(response=response, text=key, start=start, end=end, reason=reason, by=by)
            for key, content in texts.items()
            for start, end in (match.span() for match in wanted.finditer(content))
            if (key, start, end) not in there
        ]
        made = Redaction.objects.bulk_create(rows)
        keep_file_back(response)
        forget_figures(response)
        record(
            action=Action.REDACTION_CHANGED,
            actor=by,
            subject=response.reference,
            text=text,
            passages=len(made),
            reason=reason,
        )
    return made


def take_off(*, redaction: Redaction, by: User) -> None:
    """Remove a redaction. The row stays, with the time. Raises ChangedSinceOpened."""
    with transaction.atomic():
        hold_as_shown(redaction.response)
        if Redaction.objects.filter(pk=redaction.pk, removed_at=None).update(removed_at=Now()):
            make_file_again(redaction.response)
            record(
                action=Action.REDACTION_CHANGED,
                actor=by,
                subject=redaction.response.reference,
                text=redaction.text,
                passages=-1,
            )
