"""What the public may read of a response: as its sender chose, less what is redacted, once a
reviewer has said so.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, Consultation, User
from consult.plans.document import ABOUT_YOU
from consult.plans.editions import plan_of
from responses.current import current_responses
from responses.models import Approval, PublishedSet, Redaction, Response
from responses.wording import WordedPart, in_words

REASON_MAX_CHARS = 300
# The respondent's own choice, as the plan asks for it. Who chose nothing is not published: silence
# is no leave.
PUBLICATION, NAMED, ANONYMOUS = "publication", "named", "anonymous"
MAY_BE_PUBLISHED = [NAMED, ANONYMOUS]
# What looks like something that tells who somebody is. Only suggestions: a person decides.
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
TELEPHONE = re.compile(r"(?<![\w+])(?:\+44\s?\(?0?\)?\s?|\(?0)\d(?:[\s()-]{0,2}\d){8,9}(?!\w)")
POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b", re.IGNORECASE)
SAYS_NAME = re.compile(
    r"(?:[Mm]y name is|I am called|[Yy]ours (?:sincerely|faithfully),?|[Rr]egards,?)"
    r"\s+((?:[A-Z][\w'’-]+\s?){1,4})"
)


class NoSuchPassage(ValueError):
    """The text does not hold these words."""


class ReasonMissing(ValueError):
    """Holding a response back needs words."""


class NotToBePublished(Exception):
    """Its sender did not agree, or took it back, or changed it since."""


@dataclass(frozen=True)
class Suggestion:
    """A passage that may need redacting, and what it looks like."""

    text: str
    start: int
    end: int
    words: str
    looks_like: str


@dataclass(frozen=True)
class PublicVersion:
    """What everybody would read: from whom, and what they said about the plan.

    Nothing of who they are but a name they agreed to.
    """

    who: str
    parts: list[WordedPart]


def wants(response: Response) -> str:
    """What the sender said may be done with it:

    "named", "anonymous", or anything else for not publishing.
    """
    return str(response.choices.get(PUBLICATION, ""))


def suggest_redactions(response: Response) -> list[Suggestion]:
    """Emails, telephone numbers, postcodes and names in a response's texts that no redaction covers
    yet.
    """
    covered = {
        (one.text, place) for one in in_force(response) for place in range(one.start, one.end)
    }
    found = []
    for key, text in response.texts.items():
        for start, end, looks_like in _telling(text, response):
            if any((key, place) not in covered for place in range(start, end)):
                found.append(Suggestion(key, start, end, text[start:end], looks_like))
    return found


def _telling(text: str, response: Response) -> Iterator[tuple[int, int, str]]:
    for pattern, looks_like in (
        (EMAIL, "an email address"),
        (TELEPHONE, "a telephone number"),
        (POSTCODE, "a postcode"),
    ):
        for match in pattern.finditer(text):
            yield match.start(), match.end(), looks_like
    for match in SAYS_NAME.finditer(text):
        start, end = match.span(1)
        yield start, start + len(text[start:end].rstrip()), "a name"
    own = response.contact.name.strip()
    if own:
        for match in re.finditer(rf"(?<!\w){re.escape(own)}(?!\w)", text, re.IGNORECASE):
            yield match.start(), match.end(), "the sender's name"


def in_force(response: Response) -> list[Redaction]:
    """The redactions that lie over a response now."""
    return list(response.redactions.filter(removed_at=None).select_related("by"))


def redact_passage(
    *, response: Response, text: str, passage: str, reason: Redaction.Reason, by: User
) -> list[Redaction]:
    """Keep back `passage` wherever the text under the key `text` holds it. Raises NoSuchPassage."""
    words = passage.replace("\r\n", "\n").strip()
    places = (
        [match.span() for match in re.finditer(re.escape(words), response.texts.get(text, ""))]
        if words
        else []
    )
    if not places:
        raise NoSuchPassage
    with transaction.atomic():
        made = []
        for start, end in places:
            row, new = Redaction.objects.get_or_create(
                response=response,
                text=text,
                start=start,
                end=end,
                removed_at=None,
                defaults={"reason": reason, "by": by},
            )
            made += [row] if new else []
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
    """Let the passage be read again. The row stays, with when."""
    with transaction.atomic():
        if Redaction.objects.filter(pk=redaction.pk, removed_at=None).update(removed_at=Now()):
            record(
                action=Action.REDACTION_CHANGED,
                actor=by,
                subject=redaction.response.reference,
                text=redaction.text,
                passages=-1,
            )


def public_text(text: str, redactions: list[Redaction]) -> str:
    """`text` with each redacted passage replaced by why it is missing.

    Passages that overlap are one.
    """
    out, at = [], 0
    for one in sorted(redactions, key=lambda one: (one.start, one.end)):
        if one.start >= at:
            out.append(f"{text[at : one.start]}[redacted: {one.get_reason_display()}]")
        at = max(at, one.end)
    return "".join([*out, text[at:]])


def public_version(response: Response) -> PublicVersion:
    """What everybody would read of a response, whether or not it is approved.

    What it says about its sender stays out.
    """
    rows = in_force(response)
    texts = {
        key: public_text(text, [one for one in rows if one.text == key])
        for key, text in response.texts.items()
    }
    plan = plan_of(response.edition)
    parts = [
        part
        for part in in_words(plan, response.choices | texts)
        if part.answered and part.part.kind != ABOUT_YOU
    ]
    who = ""
    if wants(response) == NAMED:
        who = response.texts.get("organisation-name", "") or response.contact.name
    return PublicVersion(who or "Somebody who did not want to be named", parts)


def decide_publication(*, response: Response, publish: bool, reason: str, by: User) -> Approval:
    """Say that a response can be published as it stands now, or is held back and why.

    Raises NotToBePublished and ReasonMissing.
    """
    if not publish and not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        current = (
            current_responses(response.consultation)
            .select_for_update(of=("self",))
            .filter(pk=response.pk)
            .exists()
        )
        if publish and (not current or wants(response) not in MAY_BE_PUBLISHED):
            raise NotToBePublished
        kept = "" if publish else reason.strip()[:REASON_MAX_CHARS]
        record(
            action=Action.PUBLICATION_DECIDED,
            actor=by,
            subject=response.reference,
            publish=publish,
            reason=kept,
        )
        return Approval.objects.create(response=response, publish=publish, reason=kept, by=by)


def _decided(consultation: Consultation) -> QuerySet[Response]:
    """Today's responses, each with `published` and `held`: what the newest decision about it says,
    None where there is none.
    """
    newest = Approval.objects.filter(response=OuterRef("pk")).order_by("-id")
    return current_responses(consultation).annotate(
        published=Subquery(newest.values("publish")[:1]), held=Subquery(newest.values("reason")[:1])
    )


def published_responses(consultation: Consultation) -> QuerySet[Response]:
    """What everybody may read, in the order of arrival: agreed to by the sender and approved by a
    reviewer.
    """
    agreed = _decided(consultation).filter(
        published=True, choices__publication__in=MAY_BE_PUBLISHED
    )  # type: ignore[misc]  # made by _decided
    return agreed.select_related("edition", "contact", "consultation").order_by("id")


def gaps(consultation: Consultation) -> list[tuple[str, int]]:
    """Why responses are not in the published set, and how many for each reason.

    With those that are, they make the whole.
    """
    found: Counter[str] = Counter()
    rows = (
        _decided(consultation).order_by().values_list("choices__publication", "published", "held")  # type: ignore[misc]
    )
    for choice, published, held in rows.iterator():
        if choice not in MAY_BE_PUBLISHED:
            found[
                "The sender asked us not to publish it."
                if choice
                else "The sender did not say that we may publish it."
            ] += 1
        elif published is None:
            found["Nobody has looked at it for publication yet."] += 1
        elif not published:
            found[f"Held back: {held}"] += 1
    gone = Response.objects.filter(
        consultation=consultation, review__superseded=False, act__in=["withdrawn", "erased"]
    ).count()
    if gone:
        found["The sender took it back."] += gone
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))


def publish_set(*, consultation: Consultation, by: User) -> None:
    """Let everybody read the approved responses, those of today and those approved later."""
    with transaction.atomic():
        _set, new = PublishedSet.objects.get_or_create(
            consultation=consultation, defaults={"by": by}
        )
        if new:
            record(action=Action.RESPONSES_PUBLISHED, actor=by, subject=consultation.slug)


def unpublish_set(*, consultation: Consultation, by: User) -> None:
    """Take the published responses off the website again."""
    with transaction.atomic():
        if PublishedSet.objects.filter(consultation=consultation).delete()[0]:
            record(action=Action.RESPONSES_UNPUBLISHED, actor=by, subject=consultation.slug)
