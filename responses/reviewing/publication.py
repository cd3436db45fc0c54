"""Deciding what the public may read, and publishing it.

A response is published as its sender chose, without what is redacted, once a reviewer has approved
it.
"""

from collections import Counter
from collections.abc import Iterator
from functools import partial

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery

from consult.auditing import record
from consult.models import Action, Consultation, TwoPersonAct, User
from consult.shown import fingerprint_of, refuse_changed
from consult.staff.second_person import require_second_person
from responses.current import current_responses
from responses.models import Approval, PublishedSet, Response
from responses.published import put_on_list, take_off_list
from responses.reviewing.public_version import (
    MAY_BE_PUBLISHED,
    public_digest,
    public_words,
    wants,
)
from responses.reviewing.reading import hold_as_shown

REASON_MAX_CHARS = 300
HELD_AT_ONCE = 500
SAYS_SOMETHING = [Response.Act.SENT, Response.Act.AMENDED]


class ReasonMissing(ValueError):
    """Holding a response back needs a reason."""


class NotToBePublished(Exception):
    """Its sender did not agree to publication, or withdrew."""


class RedactedSinceOpened(Exception):
    """The public would read something other than the page showed: someone has redacted it since, or
    removed a redaction.
    """


def decide_publication(
    *, response: Response, publish: bool, reason: str, by: User, seen: str = ""
) -> Approval:
    """Decide that a response can be published as it is now, or is held back and why. `seen` is the
    `public_digest` of what the page showed as public.

    Raises NotToBePublished, ReasonMissing, ChangedSinceOpened and RedactedSinceOpened.
    """
    if not publish and not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        hold_as_shown(response)
        if publish and not (response.act in SAYS_SOMETHING and wants(response) in MAY_BE_PUBLISHED):
            raise NotToBePublished
        if publish and seen != public_digest(response):
            raise RedactedSinceOpened
        kept = "" if publish else reason.strip()[:REASON_MAX_CHARS]
        if publish:
            put_on_list(response)
        else:
            take_off_list(response)
        record(
            action=Action.PUBLICATION_DECIDED,
            actor=by,
            subject=response.reference,
            version=response.version,
            publish=publish,
            explained=bool(kept),  # The reason is on the decision, which an erasure can empty.
        )
        return Approval.objects.create(response=response, publish=publish, reason=kept, by=by)


def published_responses(consultation: Consultation, *, after: int = 0) -> QuerySet[Response]:
    """Return what the public may read after a response's id, in the order of arrival: agreed to by
    the sender and approved by a reviewer.
    """
    found = Response.objects.filter(
        published_response__consultation=consultation, published_response__response_id__gt=after
    )
    return (
        found.select_related("edition", "contact", "consultation")
        .prefetch_related("redactions")
        .order_by("published_response__response_id")
    )


def gaps(consultation: Consultation) -> list[tuple[str, int]]:
    """Count the responses that are not in the published set, by reason.

    Together with those that are, they make the whole.
    """
    newest = Approval.objects.filter(response=OuterRef("pk")).order_by("-id")
    rows = (
        current_responses(consultation)
        .annotate(
            decided=Subquery(newest.values("publish")[:1]),
        )
        .order_by()
        .values_list("choices__publication", "decided")
        .annotate(Count("id"))
    )
    found: Counter[str] = Counter()
    for choice, decided, number in rows:
        if choice not in MAY_BE_PUBLISHED:
            found[
                "The sender asked us not to publish it."
                if choice
                else "The sender did not say that we may publish it."
            ] += number
        elif decided is None:
            found["Nobody has looked at it for publication yet."] += number
    found.update(_held_back(consultation))
    gone = Response.objects.filter(
        consultation=consultation, review__superseded=False, act__in=["withdrawn", "erased"]
    ).count()
    if gone:
        found["The sender took it back."] += gone
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))


def _held_back(consultation: Consultation) -> Iterator[str]:
    """Yield why each response that is held back is, in words that everyone may read."""
    newest = Approval.objects.filter(response=OuterRef("pk")).order_by("-id")
    held = (
        current_responses(consultation)
        .filter(choices__publication__in=MAY_BE_PUBLISHED)
        .annotate(publish=Subquery(newest.values("publish")[:1]))
        .annotate(why=Subquery(newest.values("reason")[:1]))
        .filter(publish=False)
    )
    with_words = held.select_related("edition", "contact").prefetch_related("redactions")
    for response in with_words.iterator(chunk_size=HELD_AT_ONCE):
        yield f"Held back: {public_words(response.why, response)}"


def set_shown(consultation: Consultation) -> str:
    """The fingerprint of what the page about publication says: whether it is, and how many are."""
    found = PublishedSet.objects.filter(consultation=consultation).values_list("pk", flat=True)
    return fingerprint_of(found.first(), published_responses(consultation).count())


def publish_set(*, consultation: Consultation, by: User, shown: str | None = None) -> None:
    """Publish the approved responses, those of today and those approved later.

    A worker makes the file of them. Raises SecondPersonNeeded and ChangedSinceShown.
    """
    with transaction.atomic():
        Consultation.objects.select_for_update(no_key=True).get(pk=consultation.pk)
        refuse_changed(shown=shown, now=set_shown(consultation))
        _set, new = PublishedSet.objects.get_or_create(
            consultation=consultation, defaults={"by": by}
        )
        if new:
            require_second_person(
                act=TwoPersonAct.PUBLISH,
                actor=by,
                subject=consultation.slug,
                details={"approved": published_responses(consultation).count()},
            )
            record(action=Action.RESPONSES_PUBLISHED, actor=by, subject=consultation.slug)


def unpublish_set(*, consultation: Consultation, by: User, shown: str | None = None) -> None:
    """Take the published responses off the website again, and delete their file.

    Raises ChangedSinceShown.
    """
    with transaction.atomic():
        Consultation.objects.select_for_update(no_key=True).get(pk=consultation.pk)
        refuse_changed(shown=shown, now=set_shown(consultation))
        found = PublishedSet.objects.select_for_update().filter(consultation=consultation).first()
        if found:
            found.delete()
            if found.file:
                transaction.on_commit(partial(default_storage.delete, found.file))
            record(action=Action.RESPONSES_UNPUBLISHED, actor=by, subject=consultation.slug)
