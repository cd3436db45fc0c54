"""Which responses match a filter.

One function for each field narrows the list; all fields combine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

from django.db.models import Exists, OuterRef, Q, QuerySet

from consult.models import User
from responses.arrivals import reached_from, reached_until
from responses.models import Coding, Reading, Response, Review, SearchText
from responses.references import NotAReference, normalise_reference
from responses.reviewing.filters import Filter
from responses.reviewing.word_search import Words, kept_words, query_of, says

# This many responses are gathered and sorted almost at once.
MANY = 20_000


@dataclass(frozen=True)
class Found:
    """The responses that match a filter, newest first.

    `places` are the columns that each say where in the list a response is. PostgreSQL does not
    derive one from the other. If it has them for every table, it starts where a deep page begins.
    """

    responses: QuerySet[Response]
    places: tuple[str, ...] = ("id", "review__response_id")

    def older_than(self, pk: int) -> QuerySet[Response]:
        """Return those that arrived before the response with this id."""
        return self.responses.filter(**{f"{column}__lt": pk for column in self.places})

    def newer_than(self, pk: int) -> QuerySet[Response]:
        """Return those that arrived after it, the next one first."""
        return self.responses.filter(**{f"{column}__gt": pk for column in self.places}).order_by(
            "id"
        )


def matching(wanted: Filter, *, reader: User | None = None) -> QuerySet[Response]:
    """Return the responses that fit, newest first, each in its newest version unless all versions
    are wanted.

    `reader` is who "me" is.
    """
    return find(wanted, reader=reader).responses


def find(wanted: Filter, *, reader: User | None = None) -> Found:
    """Return the same, for turning pages."""
    found = Response.objects.order_by("-id")
    if wanted.versions != "all":
        found = found.filter(review__superseded=False)
    for name, narrow in NARROW.items():
        if value := getattr(wanted, name):
            found = narrow(found, value)
    if wanted.unread:
        found = _unread(found, wanted.unread, reader)
    return _word(Found(found), words_of(wanted)) if wanted.word else Found(found)


def _equal(column: str, found: QuerySet[Response], value: str) -> QuerySet[Response]:
    return found.filter(**{column: value})


def _kind(found: QuerySet[Response], kind: str) -> QuerySet[Response]:
    return found.filter(choices__contains={"capacity": kind})


def _answers(found: QuerySet[Response], answers: tuple[str, ...]) -> QuerySet[Response]:
    for answer in answers:
        question, _, option = answer.partition("=")
        # Chosen alone, or as one of several.
        found = found.filter(
            Q(choices__contains={question: option}) | Q(choices__contains={question: [option]})
        )
    return found


def _decided(found: QuerySet[Response], how: str) -> QuerySet[Response]:
    return found.exclude(review__state=Review.State.UNREAD).filter(
        review__decided_in_bulk=how == "bulk"
    )


def _flag(found: QuerySet[Response], flag: str) -> QuerySet[Response]:
    return found.filter(flags__contains=[flag])


def _code(found: QuerySet[Response], code: str) -> QuerySet[Response]:
    return found.filter(
        pk__in=Coding.objects.filter(code_id=code, removed_at=None).values("response")
    )


def _campaign(found: QuerySet[Response], campaign: str) -> QuerySet[Response]:
    return found.filter(
        campaign_members__campaign_id=campaign
    )  # One member a campaign and response.


def _since(found: QuerySet[Response], day: date) -> QuerySet[Response]:
    return found.filter(reached_from(day))


def _until(found: QuerySet[Response], day: date) -> QuerySet[Response]:
    return found.filter(reached_until(day))


def words_of(wanted: Filter) -> Words:
    """Return the words that a filter looks for, and how."""
    return Words(wanted.word, stemmed=bool(wanted.ending))


def _word(found: Found, words: Words) -> Found:
    try:
        return Found(found.responses.filter(reference=normalise_reference(words.said)))
    except NotAReference:
        query = query_of(words)
    if not query:
        return Found(found.responses.none())
    # If few have it, the index collects them all before sorting: the limit keeps PostgreSQL from
    # walking back through every response until it has found enough. If many have it, that walk soon
    # finds enough.
    saying = SearchText.objects.filter(says(kept_words(words), query)).values("response")[
        : MANY + 1
    ]
    if saying.count() <= MANY:
        return Found(found.responses.filter(pk__in=saying))
    return Found(
        found.responses.filter(says(kept_words(words, beside="search_text__"), query)),
        (*found.places, "search_text__response_id"),
    )


def _unread(found: QuerySet[Response], by: str, reader: User | None) -> QuerySet[Response]:
    if by == "marked":
        return found.filter(review__first_read_at__isnull=True).exclude(review__marked_read_at=None)
    if by == "anyone":
        return found.filter(review__first_read_at__isnull=True, review__marked_read_at=None)
    # Only this version: what its sender has changed since has not been opened.
    return found.filter(~Exists(Reading.objects.filter(response=OuterRef("pk"), by=reader)))


NARROW: dict[str, Callable[..., QuerySet[Response]]] = {
    "consultation": partial(_equal, "consultation__slug"),
    "state": partial(_equal, "review__state"),
    "decided": _decided,
    "channel": partial(_equal, "channel"),
    "timing": partial(_equal, "timing"),
    "kind": _kind,
    "answer": _answers,
    "flag": _flag,
    "act": partial(_equal, "act"),
    "code": _code,
    "campaign": _campaign,
    "since": _since,
    "until": _until,
}
