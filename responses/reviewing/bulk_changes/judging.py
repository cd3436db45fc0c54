"""Which responses a bulk change is about, and which of them it leaves as they are, and why."""

from typing import Any
from urllib.parse import parse_qsl

from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Value, When

from responses.models import BulkChange, CampaignMember, Coding, Response
from responses.reviewing.filters import read_filter
from responses.reviewing.matching import matching, words_of
from responses.reviewing.reviews import MOVES
from responses.reviewing.word_search import Words, answer_says, is_a_reference

Act = BulkChange.Act


def fitting(change: BulkChange) -> QuerySet[Response]:
    wanted, _ = read_filter(parse_qsl(change.query))
    return matching(wanted, reader=change.by).order_by()


def words_wanted(change: BulkChange) -> Words | None:
    """Return the words that its filter searches for, or "" if it searches for none or for a
    reference.
    """
    wanted, _ = read_filter(parse_qsl(change.query))
    return None if not wanted.word or is_a_reference(wanted.word) else words_of(wanted)


def judged(change: BulkChange, found: QuerySet[Response]) -> QuerySet[Any]:
    """Return `found`, each with `why` it has to be left as it is, or "" if it is to be changed."""
    return found.annotate(why=Case(*_reasons(change), default=Value(""), output_field=CharField()))


def _reasons(change: BulkChange) -> list[When]:
    reasons = [
        When(review__superseded=True, then=Value("superseded")),
        When(act=Response.Act.ERASED, then=Value("erased")),
    ]
    if change.act == Act.MOVE:
        reasons.append(When(review__state=change.to_state, then=Value("same-state")))
        closed = [
            state
            for state, moves in MOVES.items()
            if change.to_state not in moves and state != change.to_state
        ]
        return [
            *reasons,
            *(When(review__state=state, then=Value(f"from-{state.value}")) for state in closed),
        ]
    if change.act == Act.READ:
        return [
            *reasons,
            When(review__first_read_at__isnull=False, then=Value("opened")),
            When(review__marked_read_at__isnull=False, then=Value("marked")),
        ]
    if change.campaign:
        inside = CampaignMember.objects.filter(campaign=change.campaign, response=OuterRef("pk"))
        says = Q(
            consultation=change.campaign.consultation_id,
            act__in=[Response.Act.SENT, Response.Act.AMENDED],
        )
        return [
            *reasons,
            When(~says, then=Value("says-nothing")),
            When(Exists(inside), then=Value("member")),
        ]
    code = change.code
    assert code is not None  # noqa: S101  # what is left is about a code; this tells the type checker
    mine = Coding.objects.filter(response=OuterRef("pk"), code=code, by=change.by, removed_at=None)
    if change.act == Act.UNCODE:
        return [*reasons, When(~Exists(mine), then=Value("not-coded"))]
    answers = Q(consultation=code.consultation_id, texts__has_key=code.question)
    reasons.append(When(~answers, then=Value("no-answer")))
    # Someone who searched for words means the answers that contain them, not other answers of the
    # same people.
    if words := words_wanted(change):
        reasons.append(When(~answer_says(code.question, words), then=Value("no-words")))
    return [
        *reasons,
        When(Exists(mine.filter(start=None)), then=Value("coded")),
    ]


def what(change: BulkChange) -> dict[str, object]:
    """Return what the trail records about a change."""
    details = {
        "what": change.act,
        "to_state": change.to_state,
        "code": change.code_id,
        "campaign": change.campaign_id,
    }
    return {name: value for name, value in details.items() if value}
