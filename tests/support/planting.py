"""A large set of made-up responses with things planted in it, and a count of it all that shares no
line with the service's.

A campaign as one consultation had it (1,319 the same and 14 edited among 1,681 that came), people
who wrote several times, a word that few say, and staff who have begun to read and code.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from consult.models import Consultation, User
from consult.plans.editions import current_edition, plan_of
from responses.answers import Answers
from responses.demo.filling import fill_responses, take_stock, write_arrivals
from responses.demo.inventing import Respondent
from responses.models import CodedAnswer, Response, Review
from responses.reviewing.codebooks import make_code
from responses.reviewing.coding import code_answer
from responses.reviewing.reviews import move_review

SAME, EDITED, CAME = 1_319, 14, 1_681
SEVERAL_TIMES = 188
RARE_WORD, SAYING_IT = "wyvernfold", 37
CONSIDERED, SET_ASIDE, CODED = 60, 9, 45
QUESTION = "missing"

LETTER = (
    "I ask the Mayor to put lighting and staff back at every station after dark. My neighbours "
    "will not travel home alone, shop "
    "workers wait in groups for the last train, and nobody answers the help point. Please name who "
    "is responsible and by when."
)
EDITS = [
    "As a night nurse: {letter}",
    "{letter} My own station is the worst of them all.",
    "Dear Sir or Madam,\n\n{letter}",
    "{letter} Thank you for reading this.",
]


@dataclass
class Planted:
    """What was planted, by the ids of responses."""

    same: list[int] = field(default_factory=list)
    edited: list[int] = field(default_factory=list)
    own_words: list[int] = field(default_factory=list)
    several: dict[str, list[str]] = field(default_factory=dict)
    rare: list[int] = field(default_factory=list)
    coded: list[int] = field(default_factory=list)


def plant(*, consultation: Consultation, count: int, seed: int, reviewer: User) -> Planted:
    """Make `count` responses in all, at least 3,000, and say which are which."""
    planted = Planted()
    several = [f"several-{number}@example.org" for number in range(SEVERAL_TIMES)]
    sent_by_them = [
        (email, time) for number, email in enumerate(several) for time in range(2 + number % 3)
    ]
    fill_responses(
        consultation=consultation,
        count=count - CAME - len(sent_by_them) - SAYING_IT,
        seed=seed,
        actor=None,
        beside_real_people=True,
        production=False,
    )
    planted.same = [row.pk for row in _write(consultation, [(LETTER, "") for _ in range(SAME)])]
    edited = [
        (EDITS[number % len(EDITS)].format(letter=LETTER) + "!" * number, "")
        for number in range(EDITED)
    ]
    planted.edited = [row.pk for row in _write(consultation, edited)]
    own = [
        (f"In my own words, number {number}: trains.", "") for number in range(CAME - SAME - EDITED)
    ]
    planted.own_words = [row.pk for row in _write(consultation, own)]
    rows = _write(
        consultation,
        [(f"Thought {time} of {email.partition('@')[0]}.", email) for email, time in sent_by_them],
    )
    for (email, _time), row in zip(sent_by_them, rows, strict=True):
        planted.several.setdefault(email, []).append(row.reference)
    planted.rare = [
        row.pk
        for row in _write(
            consultation, [(f"We need a {RARE_WORD.title()} here.", "") for _ in range(SAYING_IT)]
        )
    ]
    _review(consultation, planted, reviewer)
    take_stock()
    return planted


def _write(consultation: Consultation, said: list[tuple[str, str]]) -> list[Response]:
    """Responses that arrived at noon, a second apart, on the day after opening, each with a text
    and an email address.
    """
    noon = (consultation.opens_at + timedelta(days=1)).replace(hour=12, minute=0, second=0)
    people = [
        Respondent(
            answers=Answers({"violence-agree": "agree"}, {QUESTION: text}),
            contact={"name": "", "email": email, "postcode_district": ""},
            channel="post",
            minutes=9,
            flags=[],
        )
        for text, email in said
    ]
    arrivals = [(person, noon + timedelta(seconds=number)) for number, person in enumerate(people)]
    return write_arrivals(
        arrivals, consultation=consultation, edition=current_edition(consultation)
    )


def _review(consultation: Consultation, planted: Planted, reviewer: User) -> None:
    for state, ids in (
        ("considered", planted.same[:CONSIDERED]),
        ("set-aside", planted.own_words[:SET_ASIDE]),
    ):
        for response in Response.objects.filter(pk__in=ids).select_related("review"):
            move_review(
                review=response.review, to_state=state, note="Planted.", version=0, by=reviewer
            )
    lighting = make_code(
        consultation=consultation,
        question=QUESTION,
        name="Lighting",
        group="",
        definition="",
        by=reviewer,
    )
    planted.coded = planted.same[:CODED]
    for response in Response.objects.filter(pk__in=planted.coded):
        code_answer(response=response, question=QUESTION, codes=[lighting], by=reviewer)


@dataclass
class Counted:
    """Every figure of the dashboard, counted from the rows themselves, one at a time
    and in Python.
    """

    received: int = 0
    current: int = 0
    unopened: int = 0
    days: Counter[tuple[str, str]] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    choices: dict[str, Counter[str]] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    coded: Counter[str] = field(default_factory=Counter)


def count_rows(consultation: Consultation) -> Counted:
    """Read every response with its review and codings, and count."""
    counted, london = Counted(), ZoneInfo("Europe/London")
    coded = set(CodedAnswer.objects.values_list("response_id", "question"))
    rows = Response.objects.filter(consultation=consultation).order_by("id")
    newest: dict[str, int] = {}
    for pk, reference, version, received, channel in rows.values_list(
        "pk", "reference", "version", "received_at", "channel"
    ).iterator():
        newest[reference] = pk
        if version == 1:
            counted.received += 1
            counted.days[received.astimezone(london).date().isoformat(), channel] += 1
    said = rows.values_list(
        *("pk", "reference", "act", "choices", "texts", "review__state", "review__first_read_at")
    )
    for pk, reference, act, choices, texts, state, opened in said.iterator():
        if newest[reference] != pk or act in {"withdrawn", "erased"}:
            continue
        counted.current += 1
        counted.states[state] += 1
        counted.unopened += opened is None
        for question, chosen in choices.items():
            counted.choices.setdefault(question, Counter()).update(
                [chosen] if isinstance(chosen, str) else chosen
            )
        for question in texts:
            counted.answers[question] += 1
            counted.coded[question] += (pk, question) in coded
    return counted


def figures_that_differ(
    consultation: Consultation, charts: dict[str, list[list[str]]]
) -> list[str]:
    """Where the dashboard's charts, by slug and as rows of their CSV files, differ from the
    rows of the database.
    """
    counted = count_rows(consultation)
    plan = plan_of(current_edition(consultation))
    differing = []

    def compare(
        chart: str, shown: Sequence[str], true: Sequence[int], *, may_hide: bool = False
    ) -> None:
        small = [number for number in true if 0 < number < 5]
        for cell, number in zip(shown, true, strict=True):
            hidden = cell == "fewer than 5"
            # A larger group is hidden only beside a small one that could be worked out otherwise,
            # and a small one always.
            if (hidden and not (may_hide and small)) or (
                not hidden and (int(cell) != number or (may_hide and number in small))
            ):
                differing.append(f"{chart}: {cell} where there are {number}")

    days = sorted({day for day, _channel in counted.days})
    channels = [
        channel
        for channel in Response.Channel.values
        if any(which == channel for _day, which in counted.days)
    ]
    for row, day in zip(charts["received-by-day"][1:], days, strict=True):
        compare(f"received on {day}", row[1:], [counted.days[day, channel] for channel in channels])
    compare(
        "read so far",
        [row[1] for row in charts["read-so-far"][1:]],
        [*(counted.states[state] for state in Review.State.values), counted.unopened],
    )
    free = [
        question.slug
        for question in plan.asked
        if not question.closed and question.part != "about-you"
    ]
    for row, question in zip(charts["coded-so-far"][1:], free, strict=True):
        compare(
            f"coded of {question}", row[1:], [counted.answers[question], counted.coded[question]]
        )
    for question in plan.asked:
        if question.closed:
            chosen = counted.choices.get(question.slug, Counter())
            true = [chosen[option.slug] for option in question.options]
            if question.kind == "one":
                true.append(counted.current - sum(true))
            compare(
                question.slug, [row[1] for row in charts[question.slug][1:]], true, may_hide=True
            )
    return differing
