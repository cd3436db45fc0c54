"""Made-up respondents: who they are and what they answer. The same seed makes the same people.

Pure: a plan in, people out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from consult.plans.document import Option, Plan, Question
from consult.plans.kinds.choosing import WRITE_IN_MAX_CHARS, write_in_name
from consult.plans.kinds.writing import SHORT_TEXT_MAX_CHARS
from responses.answers import Answers, read_answers, says_something
from responses.demo.words import (
    AWKWARD,
    CAMPAIGN_EDITS,
    CAMPAIGNS,
    DISTRICTS,
    FIRST_NAMES,
    LAST_NAMES,
    ORGANISATIONS,
    OTHER_SCRIPTS,
    PLACES,
    PLAIN,
)
from responses.responding.flagging import SENT_QUICKLY

FLAGGED = {SENT_QUICKLY: 0.02}


@dataclass(frozen=True)
class Respondent:
    """One made-up respondent: what they answer and who they say they are."""

    answers: Answers
    contact: dict[str, str]
    channel: str
    minutes: float
    flags: list[str]


def invent(*, plan: Plan, seed: int) -> Iterator[Respondent]:
    """Yield made-up respondents to `plan` without end, the same ones for the same seed."""
    dice = Random(seed)  # noqa: S311  # nothing secret
    while True:
        answers = read_answers(plan, _raw_answers(plan, dice))
        if says_something(plan, answers):
            yield Respondent(
                answers=answers,
                contact=_contact(dice),
                channel=dice.choices(["online", "post", "email", "telephone"], [94, 3, 2, 1])[0],
                minutes=dice.lognormvariate(2.7, 0.8),
                flags=[flag for flag, share in FLAGGED.items() if dice.random() < share],
            )


def _raw_answers(plan: Plan, dice: Random) -> dict[str, Any]:
    """Return what a made-up person typed and chose, by field name.

    Some answer nearly everything, most only a few parts.
    """
    place, keenness, leaning = (
        dice.choice(PLACES),
        dice.betavariate(1.1, 1.6),
        dice.gauss(0.65, 0.25),
    )
    part_of_campaign = dice.random() < 0.15
    campaign = dice.choice(CAMPAIGNS)
    raw: dict[str, Any] = {}
    for part in plan.parts:
        # Nearly everyone says who they are; how much else they say varies.
        if dice.random() > (0.9 if part.kind == "about-you" else 0.1 + keenness):
            continue
        for question in part.questions:
            if question.closed:
                raw |= _choice(question, dice, leaning, place)
            elif not question.prose:
                raw[question.slug] = question.entry.sample(question, dice)
            elif question.entry.look == "input":
                raw[question.slug] = dice.choice(ORGANISATIONS).format(place=place)[
                    : question.max_chars or SHORT_TEXT_MAX_CHARS
                ]
            elif part_of_campaign and dice.random() < 0.5:
                raw[question.slug] = _campaign_text(campaign, dice, place)[: question.max_chars]
                part_of_campaign = False  # Once in a response.
            elif dice.random() < 0.3 + keenness / 2:
                raw[question.slug] = _text(dice, place)[: question.max_chars]
    return raw


def _choice(question: Question, dice: Random, leaning: float, place: str) -> dict[str, Any]:
    if not question.options or dice.random() < 0.08:
        return {}
    if not question.entry.several:
        chosen = [_one(question, dice, leaning)]
    elif exclusive := [
        option for option in question.options if option.exclusive and dice.random() < 0.1
    ]:
        chosen = exclusive[:1]
    else:
        open_to_all = [option for option in question.options if not option.exclusive]
        most = min(question.max_choices or 3, len(open_to_all))
        chosen = dice.sample(open_to_all, dice.randint(1, most))
    raw: dict[str, Any] = {question.slug: [option.slug for option in chosen]}
    for option in chosen:
        if option.write_in:
            raw[write_in_name(question.slug, option.slug)] = dice.choice([*PLAIN, *OTHER_SCRIPTS])[
                :WRITE_IN_MAX_CHARS
            ].replace("{place}", place)
    return raw


def _one(question: Question, dice: Random, leaning: float) -> Option:
    """Choose one option; on a scale, one near this respondent's view."""
    on_scale = sorted(
        (option for option in question.options if option.value is not None),
        key=lambda option: option.value or 0,
    )
    if question.slug == "capacity" and dice.random() < 0.92:
        return question.options[0]  # Most people answer for themselves.
    if not on_scale or dice.random() < 0.05:
        return dice.choice(question.options)
    place = round((leaning + dice.gauss(0, 0.2)) * (len(on_scale) - 1))
    return on_scale[max(0, min(place, len(on_scale) - 1))]


def _text(dice: Random, place: str) -> str:
    """Return a few words, a few sentences or, rarely, pages; in one of many scripts, or awkward
    to handle.
    """
    if dice.random() < 0.06:
        return dice.choice(OTHER_SCRIPTS)
    if dice.random() < 0.04:
        return dice.choice(AWKWARD).replace("{place}", place)
    length = (
        dice.randint(25, 40) if dice.random() < 0.005 else min(40, 1 + int(dice.expovariate(0.5)))
    )
    sentences = [dice.choice(PLAIN).replace("{place}", place) for _ in range(length)]
    return "\n\n".join(" ".join(sentences[start : start + 4]) for start in range(0, length, 4))


def _campaign_text(campaign: str, dice: Random, place: str) -> str:
    """Return a campaign's text: most send it unchanged; some add a line, drop a sentence, or
    shout.
    """
    edit = dice.random()
    if edit < 0.7:
        return campaign
    if edit < 0.85:
        return dice.choice(CAMPAIGN_EDITS).replace("{place}", place) + campaign
    return campaign.upper() if edit > 0.97 else campaign[: campaign.rindex(". ") + 1]


def _contact(dice: Random) -> dict[str, str]:
    """Return a name and an address that no email goes to, or less."""
    name = f"{dice.choice(FIRST_NAMES)} {dice.choice(LAST_NAMES)}" if dice.random() < 0.8 else ""
    email = f"synthetic-{dice.getrandbits(40):x}@example.org" if dice.random() < 0.7 else ""
    return {
        "name": name,
        "email": email,
        "postcode_district": dice.choice(DISTRICTS) if dice.random() < 0.75 else "",
    }
