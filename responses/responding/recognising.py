"""Telling the sender from someone who has only the link in an email.

An address is easily mistyped, and then a stranger has the link. What only the sender has or knows
opens what it leads to: the short code of the receipt, or something that they told us.
"""

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from django.conf import settings

from consult.plans.editions import current_edition, plan_of
from consult.web.rate_limits import give_back_turn, take_turn
from responses.contacts import district_of
from responses.models import Draft, Response
from responses.receipt_tokens import ReceiptKeyLost, receipt_code, short_code
from responses.responding.amending import versions_of

# So many words in a row, and letters, nobody guesses.
WORDS_IN_A_ROW, LETTERS_IN_A_ROW = 6, 25
# Thai, Lao, Burmese, Khmer, Chinese, Japanese and Korean: written without a space between words, or
# with few.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\uffef]{10}")
# Nobody types more than a few sentences to be recognised.
MOST_TYPED = 2000


@dataclass(frozen=True)
class Told:
    """What one version of a response, or a draft, says of its sender and in words.

    `addresses` are those that its emails went to.
    """

    name: str
    addresses: str
    district: str
    texts: tuple[str, ...]


def recognise_sender(*, response: Response, typed: str) -> bool:
    """Return whether what was `typed` is something that only the sender of `response` has or knows.

    Wrong answers count for the response, from any address. Raises OverLimit.
    """
    told = [
        Told(
            name=version.contact.name,
            addresses=f"{version.contact.email} {version.contact.corrected_email}",
            district=version.contact.postcode_district,
            texts=tuple(version.texts.values()),
        )
        for version in versions_of(response)
    ]
    codes: list[str] = []
    with suppress(ReceiptKeyLost):
        codes = [receipt_code(response)]
    return _counted(f"response {response.reference}", typed, codes=codes, told=told)


def recognise_writer(*, draft: Draft, typed: str) -> bool:
    """Return the same for someone who opens the emailed link to a draft."""
    answers, questions = draft.answers, plan_of(current_edition(draft.consultation)).by_slug
    emails = [answers.get("email", ""), *draft.links.values_list("email", flat=True)]
    told = Told(
        name=answers.get("name", ""),
        addresses=" ".join(emails),
        district=district_of(answers.get("postcode", "")),
        # Only their own words: an address is what a stranger has, and options are for all to read.
        texts=tuple(
            value
            for slug, value in answers.items()
            if isinstance(value, str) and slug in questions and questions[slug].prose
        ),
    )
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    codes = [draft_code(draft, key=key) for key in keys]
    return _counted(f"draft {draft.pk}", typed, codes=codes, told=[told])


def draft_code(draft: Draft, *, key: str | None = None) -> str:
    """Return the short code that stands on the page with the link to a draft."""
    return short_code(f"draft {draft.submission_key}", key=key)


def _counted(key: str, typed: str, *, codes: Iterable[str], told: Iterable[Told]) -> bool:
    turn = take_turn(limit="proof", key=key)
    plain = "".join(character for character in typed[:40].upper() if character.isalnum())
    right = plain in codes or any(is_told(typed[:MOST_TYPED], one) for one in told)
    if right:
        give_back_turn(turn)
    return right


def is_told(typed: str, told: Told) -> bool:
    """Return whether what was `typed` is the name, the postcode or words in a row that were told.

    A name counts only where the address does not give it away; one word alone is too easily
    guessed.
    """
    words = _words(typed)
    if told.district and len(words) <= 2 and district_of(typed) == told.district:
        return True
    name, address = _words(told.name), " ".join(_words(told.addresses))
    hidden = [word for word in name if len(word) > 1 and word not in address]
    if hidden and len(name) > 1 and words == name:
        return True
    passage = " ".join(words)
    long_enough = len(words) >= WORDS_IN_A_ROW and len(passage) >= LETTERS_IN_A_ROW
    if not long_enough and not _UNSPACED.search(passage):
        return False
    return any(_contains(text, passage) for text in told.texts)


def _contains(text: str, passage: str) -> bool:
    within = " ".join(_words(text))
    return passage in within if _UNSPACED.search(passage) else f" {passage} " in f" {within} "


def _words(text: str) -> list[str]:
    """Return the words: capitals, dashes and full stops make no difference."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = (
        character if character.isalnum() or unicodedata.category(character)[0] == "M" else " "
        for character in folded.replace("'", "").replace("’", "")
    )
    return "".join(kept).split()
