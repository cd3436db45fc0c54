"""Finding responses: what a filter is, how it stands in a page's address, and which responses fit
it.

One function for each field narrows the list; all fields combine. PostgreSQL's own full text search
finds the words.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from datetime import date
from functools import partial

from django.contrib.postgres.search import (
    SearchConfig,
    SearchQuery,
    SearchVectorExact,
    SearchVectorField,
)
from django.db.models import Exists, F, Func, JSONField, OuterRef, Q, QuerySet, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Now

from consult.clock import end_of_day, start_of_day
from consult.models import User
from consult.text import with_symbols
from responses.models import Coding, Reading, Response, Review, SavedFilter, SearchText
from responses.references import NotAReference, normalise_reference

NAME_MAX_CHARS = 80
WORD_MAX_CHARS = 200
QUERY_MAX_CHARS = 2000
# So many responses are gathered and sorted in far less than the wink of an eye.
MANY = 20_000
ENGLISH = SearchConfig("english")
# Two characters for private use, which no keyboard types, stand round each word found.
MARK_BEGINS, MARK_ENDS = "\ue000", "\ue001"
ANSWER = re.compile(r"[a-z0-9-]{1,200}=[a-z0-9-]{1,200}")
SLUG = re.compile(r"[a-z0-9-]{1,200}")
NUMBER = re.compile(r"[0-9]{1,17}")

# What a field may hold, where that is a closed list; its words are for the page.
CHOICES: dict[str, list[tuple[str, str]]] = {
    "state": list(Review.State.choices),
    "unread": [
        ("anyone", "Nobody has opened it"),
        ("me", "I have not opened it"),
        ("marked", "Marked as read with others, never opened"),
    ],
    "decided": [("one", "By someone who decided on it alone"), ("bulk", "With many others")],
    "channel": list(Response.Channel.choices),
    "timing": list(Response.Timing.choices),
    "kind": [("individual", "Individual"), ("organisation", "Organisation")],
    "act": list(Response.Act.choices),
    "versions": [("all", "Also versions that were changed since")],
}


class NameMissing(ValueError):
    """A filter is saved by a name of 1 to NAME_MAX_CHARS characters."""


class FilterTooLong(ValueError):
    """A filter of more than QUERY_MAX_CHARS characters is not saved."""


@dataclass(frozen=True)
class Filter:
    """Which responses someone wants to see.

    Empty fields want everything; all that are given have to fit.

    `answer` holds "question-slug=option-slug", each of which has to have been chosen. `since` and
    `until` are London's days, both included. `word` is what `websearch_to_tsquery` reads: words,
    "quoted phrases" and -exclusions, or a response's reference.
    """

    consultation: str = ""
    state: str = ""
    unread: str = ""
    decided: str = ""
    channel: str = ""
    timing: str = ""
    kind: str = ""
    answer: tuple[str, ...] = ()
    flag: str = ""
    act: str = ""
    versions: str = ""
    code: str = ""
    campaign: str = ""
    since: date | None = None
    until: date | None = None
    word: str = ""


NAMES = [field.name for field in fields(Filter)]
PATTERNS = {
    "consultation": SLUG,
    "flag": SLUG,
    "code": NUMBER,
    "campaign": NUMBER,
    "answer": ANSWER,
}


def read_filter(pairs: Iterable[tuple[str, str]]) -> tuple[Filter, dict[str, str]]:
    """The filter that an address's query holds, and each value that makes no sense by its field's
    name: those are left out.
    """
    values: dict[str, object] = {}
    bad: dict[str, str] = {}
    for name, raw in pairs:
        value = raw.strip()
        if name not in NAMES or not value:
            continue
        if not _makes_sense(name, value):
            bad[name] = value
        elif name == "answer":
            values["answer"] = (*values.get("answer", ()), value)  # type: ignore[misc]  # a tuple, from here alone
        else:
            values[name] = date.fromisoformat(value) if name in {"since", "until"} else value
    return Filter(**values), bad  # type: ignore[arg-type]  # each by its field's rule above


def _makes_sense(name: str, value: str) -> bool:
    if name in CHOICES:
        return value in dict(CHOICES[name])
    if name in PATTERNS:
        return PATTERNS[name].fullmatch(value) is not None
    if name == "word":
        return len(value) <= WORD_MAX_CHARS and value.isprintable()
    try:
        return 1900 < date.fromisoformat(value).year < 9999
    except ValueError:
        return False


def written(wanted: Filter) -> list[tuple[str, str]]:
    """The filter as an address's query: what `read_filter` reads back."""
    return [
        (name, str(one))
        for name, value in asdict(wanted).items()
        for one in (value if isinstance(value, tuple) else (value,))
        if one
    ]


@dataclass(frozen=True)
class Found:
    """The responses that fit a filter, newest first.

    `places` are the columns that each say where in the list a response stands.

    PostgreSQL does not conclude one from the other. Told of every table that is walked through, it
    starts where a deep page begins.
    """

    responses: QuerySet[Response]
    places: tuple[str, ...] = ("id", "review__response_id")

    def older_than(self, pk: int) -> QuerySet[Response]:
        """Those that came before the response with this id."""
        return self.responses.filter(**{f"{column}__lt": pk for column in self.places})

    def newer_than(self, pk: int) -> QuerySet[Response]:
        """Those that came after it, the next one first."""
        return self.responses.filter(**{f"{column}__gt": pk for column in self.places}).order_by(
            "id"
        )


def matching(wanted: Filter, *, reader: User | None = None) -> QuerySet[Response]:
    """The responses that fit, newest first, each in its newest version unless all are wanted.

    `reader` is who "me" is.
    """
    return find(wanted, reader=reader).responses


def find(wanted: Filter, *, reader: User | None = None) -> Found:
    """The same, to turn pages in."""
    found = Response.objects.order_by("-id")
    if wanted.versions != "all":
        found = found.filter(review__superseded=False)
    for name, narrow in NARROW.items():
        if value := getattr(wanted, name):
            found = narrow(found, value)
    if wanted.unread:
        found = _unread(found, wanted.unread, reader)
    return _word(Found(found), wanted.word) if wanted.word else Found(found)


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
    return found.filter(received_at__gte=start_of_day(day))


def _until(found: QuerySet[Response], day: date) -> QuerySet[Response]:
    return found.filter(received_at__lt=end_of_day(day))


def _word(found: Found, word: str) -> Found:
    try:
        return Found(found.responses.filter(reference=normalise_reference(word)))
    except NotAReference:
        query = _query(word)
    # Where few say it, all are gathered by the index first, and then sorted: a limit on them keeps
    # PostgreSQL from walking back through all responses until it has met enough. Where many do,
    # that walk soon has met enough.
    saying = SearchText.objects.filter(words=query).values("response")[: MANY + 1]
    if saying.count() <= MANY:
        return Found(found.responses.filter(pk__in=saying))
    return Found(
        found.responses.filter(search_text__words=query),
        (*found.places, "search_text__response_id"),
    )


def is_a_reference(word: str) -> bool:
    """Whether someone looks for one response by its reference, and not for words."""
    try:
        normalise_reference(word)
    except NotAReference:
        return False
    return True


def answer_says(question: str, word: str) -> Q:
    """That the answer to `question`, and not only some other text of the response, holds the words,
    as a search for them understands it.
    """
    answer = Func(
        ENGLISH,
        KeyTextTransform(question, "texts"),
        function="to_tsvector",
        output_field=SearchVectorField(),
    )
    return Q(SearchVectorExact(answer, _query(word)))


def _unread(found: QuerySet[Response], by: str, reader: User | None) -> QuerySet[Response]:
    if by == "marked":
        return found.filter(review__first_read_at__isnull=True).exclude(review__marked_read_at=None)
    if by == "anyone":
        return found.filter(review__first_read_at__isnull=True, review__marked_read_at=None)
    # Of this version: what its sender changed since has not been opened.
    return found.filter(~Exists(Reading.objects.filter(response=OuterRef("pk"), by=reader)))


def _query(word: str) -> SearchQuery:
    return SearchQuery(word, config=ENGLISH, search_type="websearch")


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


def where_found(
    rows: list[Response], word: str, *, question: str = ""
) -> dict[int, list[tuple[str, bool]]]:
    """For each response's id the passage that holds the words, in pieces: the text, and whether it
    is one of the words. With `question`, in the answer to that alone.

    They are pieces of what people wrote, and no markup: a page that shows them escapes them.
    """
    options = (
        f"StartSel={MARK_BEGINS}, StopSel={MARK_ENDS}, MaxFragments=1, MinWords=12, MaxWords=25"
    )
    headline = Func(
        ENGLISH,
        F("texts"),
        _query(word),
        Value(options),
        function="ts_headline",
        output_field=JSONField(),
    )
    found = (
        Response.objects.filter(pk__in=[row.pk for row in rows])
        .annotate(headline=headline)
        .values_list("pk", "headline")
    )
    return {
        pk: _pieces(
            next(
                (
                    text
                    for key, text in texts.items()
                    if MARK_BEGINS in text and question in {"", key}
                ),
                "",
            )
        )
        for pk, texts in found
    }


def _pieces(text: str) -> list[tuple[str, bool]]:
    pieces = re.split(f"{MARK_BEGINS}([^{MARK_BEGINS}{MARK_ENDS}]*){MARK_ENDS}", text)
    return [(with_symbols(piece), number % 2 == 1) for number, piece in enumerate(pieces) if piece]


def save_filter(*, by: User, name: str, query: str) -> SavedFilter:
    """Keep an address's query under a name of one's own; the same name again keeps the newer.

    Raises NameMissing, and FilterTooLong.
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
    """Remove a saved filter of one's own; nobody else's."""
    SavedFilter.objects.filter(by=by, pk=number).delete()
