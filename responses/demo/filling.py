"""Synthetic responses, for demonstrations, measurements and tests.

Everything they say is made up, and each is marked so.

They come in many rows at a time, but each is what `submit_response` would have written: the same
tables, the same digest, a receipt that opens. No email goes to the addresses they give.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import make_msgid
from random import Random
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, Consultation, Edition, User
from consult.plans.document import Option, Plan, Question
from consult.plans.editions import current_edition, plan_of
from consult.plans.kinds.choosing import WRITE_IN_MAX_CHARS, write_in_name
from consult.plans.kinds.writing import SHORT_TEXT_MAX_CHARS
from responses.answers import Answers, digest_of, read_answers, says_something
from responses.models import Confirmation, Contact, LedgerEntry, Response, Review
from responses.receipt_tokens import hash_token, make_token
from responses.references import new_reference
from responses.responding.flagging import SENT_QUICKLY

AT_ONCE = 500

# A short text by itself, or a sentence in a longer one. {place} is filled in.
PLAIN = [
    "I have lived in {place} for years and the evenings do not feel as safe as they did.",
    (
        "Put more youth workers on the street in {place}, and keep them there for longer than one "
        "budget year."
    ),
    "We never see the same officer twice around {place}.",
    "Please fix the lights in the underpass near {place} station.",
    "My son was stopped three times in one month and nobody ever told him why.",
    "It took eleven weeks before anybody rang me back about the burglary.",
    "The online report form timed out twice, so I gave up.",
    "Drivers treat the high street in {place} as a race track after ten at night.",
    "I support this, but I would like to see who is responsible for it and by when.",
    "This reads well. What will be different next year?",
    "Nothing in here about shop staff, who get shouted at every day.",
    "Courts are the bottleneck: a trial in two years is no help to anybody.",
    "Schools in {place} need somebody to call before things get bad, not after.",
    "Set a number and report on it every three months.",
    "Money is always found for the next scheme and never for the one that worked.",
    "As a nurse I see the same young people come back with worse injuries.",
    "More patrols will not bring trust back. Listening might.",
    "Women at our bus stop in {place} wait together because nobody wants to wait alone.",
    "I was treated with real kindness by the officer who came. More like her, please.",
    "Not sure this is a matter for the police at all.",
    "I cycle through {place} every day, and a close pass is never followed up.",
    "Publish the figures by ward, so that we can see for ourselves.",
    "Older people here do not go online. Send letters.",
    "Evidence first, please, and then the spending.",
    "The mosque and the church in {place} already run a drop-in together: fund that.",
    "Hate crime on the bus goes unreported since drivers are told not to stop.",
    "Too long, too vague.",
    "Yes.",
    "No comment on this part.",
]
OTHER_SCRIPTS = [
    "أشعر بالقلق عندما تعود ابنتي من المدرسة وحدها في المساء.",
    "নিরাপদ রাস্তা আমাদের সবার অধিকার, শুধু কেন্দ্রের মানুষের নয়।",
    "我们的社区需要会说中文的警员。",
    "Proszę o więcej patroli pieszych w okolicy szkoły, zwłaszcza zimą.",
    "Àwọn ọ̀dọ́ nílò ibi tí wọ́n lè péjọ sí ní àṣálẹ́.",
    "ہمارے محلے میں پولیس والوں کو لوگوں کے نام معلوم ہونے چاہییں۔",
    "ਰਾਤ ਨੂੰ ਪਾਰਕ ਵਿੱਚ ਰੌਸ਼ਨੀ ਚਾਹੀਦੀ ਹੈ।",
    "Gençlere daha çok yer, daha az korku.",
    "Ασφαλείς δρόμοι για όλους, κάθε μέρα.",
    "Люди должны знать своего участкового в лицо.",
    "நடைபாதைகள் அனைவருக்கும் பாதுகாப்பாக இருக்க வேண்டும்.",
    "Safer streets please 🙏🏾🚲👩‍👩‍👧‍👦 and quicker answers 📞⏳",
    "👍🏽👍🏽👍🏽",
]
# What spreadsheets, pages and programs have stumbled over. None of it does anything here.
AWKWARD = [
    '=HYPERLINK("https://example.invalid/?"&A1,"read more")',
    "=1+1 is how simple it should be",
    "+1 from everybody in our block",
    "-5 out of 10",
    "@everyone in {place}: answer this",
    "＝SUM(A1:A9)",
    "\tAn answer that begins with a tab",
    "'quoted from the first letter",
    "not-asked",
    "<script>alert('x')</script><b>bold</b>",
    "Robert'); DROP TABLE responses_response;--",
    "{{ 7|add:7 }} {% now 'Y' %} ${7*7} %s %(name)s",
    "Left \u202eto right\u202c, and a zero\u200bwidth space",
    "Z̸̢̛a̷͎̔l̵̰̈g̴̖̈́o̶ text",
    'He said "no", then left;\nnext line, with commas, and a \\ backslash',
    "Line\u2028separator and \x85 next line",
    "https://example.org/a/very/long/address?" + "x=1&" * 40,
]
CAMPAIGNS = [
    (
        "I am writing as one of many residents who want a clear target to end killings in London. "
        "Please put a date on it, "
        "publish progress every quarter, and fund the community groups that are already doing this "
        "work."
    ),
    (
        "Our roads should be places where nobody is killed or seriously hurt. Treat dangerous "
        "driving as the crime it is, give "
        "road policing the people it needs, and act on the reports that the public sends in."
    ),
    (
        "Please keep neighbourhood teams in their neighbourhoods. Taking officers away for events "
        "in the centre leaves the rest "
        "of us without anybody we know. Two named officers for each ward is the least that people "
        "should expect."
    ),
]
CAMPAIGN_EDITS = [
    "Please read this. ",
    "I agree with every word: ",
    "As a parent of two: ",
    "From {place}. ",
]
ORGANISATIONS = [
    *[
        "{place} Tenants' Federation",
        "Friends of {place} Park",
        "{place} Youth Boxing Club",
        "St Anne's Food Bank, {place}",
    ],
    *[
        "{place} Somali Women's Network",
        "Walk and Cycle {place}",
        "{place} Traders & Market Stalls Ltd",
        "{place} Sixth Form Council",
    ],
]
FIRST_NAMES = [
    "Amina",
    "Bola",
    "Carys",
    "Dmitri",
    "Eilidh",
    "Farid",
    "Grace",
    "Hamza",
    "Ines",
    "Jerome",
    "Kasia",
    "Li Na",
    "Zoë",
    "Siân",
]
LAST_NAMES = [
    "Adeyemi",
    "Brown",
    "Choudhury",
    "D'Souza",
    "Ferreira",
    "Gill",
    "Khan",
    "Nowak",
    "O'Brien",
    "Smith-Lee",
    "Wójcik",
    "Zhang",
]
PLACES = [
    "Barnet",
    "Brixton",
    "Croydon",
    "Deptford",
    "Ealing",
    "Hackney",
    "Ilford",
    "Kilburn",
    "Peckham",
    "Tottenham",
    "Walthamstow",
]
DISTRICTS = ["E8", "E17", "N15", "N22", "NW6", "SE8", "SE15", "SW9", "W5", "CR0", "EN5", "IG1"]
FLAGGED = {SENT_QUICKLY: 0.02}


class RealPeopleHere(Exception):
    """This service takes real people's responses; synthetic ones beside them have to be asked for
    twice.
    """


class NotOpenYet(Exception):
    """No response can have arrived before the opening."""


@dataclass(frozen=True)
class Respondent:
    """One made-up respondent: what they answer and who they say they are."""

    answers: Answers
    contact: dict[str, str]
    channel: str
    minutes: float
    flags: list[str]


def fill_responses(
    *,
    consultation: Consultation,
    count: int,
    seed: int,
    actor: User | None,
    beside_real_people: bool,
    production: bool,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Make `count` synthetic responses that arrived between the opening and now.

    `progress` is told how many there are so far.

    The same seed gives the same people and answers; references and instants are new each time. A
    run that is cut short leaves whole responses. Raises RealPeopleHere in production unless
    `beside_real_people`, and NotOpenYet.
    """
    if production and not beside_real_people:
        raise RealPeopleHere
    current = Consultation.objects.annotate(instant=Now()).get(pk=consultation.pk)
    until = min(current.instant, current.closes_at)
    if until <= current.opens_at:
        raise NotOpenYet
    edition = current_edition(current)
    people = invent(plan=plan_of(edition), seed=seed)
    # In the order of arrival, as rows of a real consultation are.
    spread = sorted(Random(seed).random() for _ in range(count))  # noqa: S311  # nothing secret
    for start in range(0, count, AT_ONCE):
        arrivals = [
            current.opens_at + (until - current.opens_at) * share
            for share in spread[start : start + AT_ONCE]
        ]
        with transaction.atomic():
            if start == 0:
                record(
                    action=Action.RESPONSES_FILLED,
                    actor=actor,
                    subject=current.slug,
                    count=count,
                    seed=seed,
                )
            write_arrivals(
                [(next(people), arrived) for arrived in arrivals],
                consultation=current,
                edition=edition,
            )
        if progress:
            progress(start + len(arrivals))
    take_stock()


def take_stock() -> None:
    """Tell PostgreSQL's planner how much there is now.

    It looks by itself within minutes; until then it takes the tables for what they were, and joins
    of two full tables that it takes for empty last for minutes.
    """
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def write_arrivals(
    arrivals: list[tuple[Respondent, datetime]], *, consultation: Consultation, edition: Edition
) -> list[Response]:
    """Write what `submit_response` writes, for many made-up respondents at once, each with the
    instant of their arrival.
    """
    responses = [
        Response(
            consultation=consultation,
            edition=edition,
            reference=reference,
            choices=person.answers.choices,
            texts=person.answers.texts,
            channel=person.channel,
            timing=Response.Timing.IN_TIME,
            started_at=max(consultation.opens_at, arrived - timedelta(minutes=person.minutes)),
            received_at=arrived,
            submission_key=uuid4(),
            digest=digest_of(answers=person.answers, contact=person.contact),
            receipt_hash=hash_token(make_token(reference)),
            flags=person.flags,
            synthetic=True,
        )
        for (person, arrived), reference in zip(
            arrivals, _new_references(len(arrivals)), strict=True
        )
    ]
    Response.objects.bulk_create(responses)
    host = urlsplit(settings.SITE_URL).hostname
    Contact.objects.bulk_create(
        Contact(response=row, **person.contact)
        for row, (person, _) in zip(responses, arrivals, strict=True)
    )
    Confirmation.objects.bulk_create(
        Confirmation(
            response=row, state=Confirmation.State.NOT_WANTED, message_id=make_msgid(domain=host)
        )
        for row in responses
    )
    Review.objects.bulk_create(Review(response=row) for row in responses)
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            response=row, event=LedgerEntry.Event.RECEIVED, at=row.received_at, digest=row.digest
        )
        for row in responses
    )
    return responses


def _new_references(count: int) -> list[str]:
    """References that no response has. Random ones can meet, where there are very many."""
    found: set[str] = set()
    while len(found) < count:
        found |= {new_reference() for _ in range(count - len(found))}
        found -= set(
            Response.objects.filter(reference__in=found).values_list("reference", flat=True)
        )
    return list(found)


def invent(*, plan: Plan, seed: int) -> Iterator[Respondent]:
    """Made-up respondents to `plan` without end, the same ones for the same seed."""
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
    """What a made-up person typed and chose, by field name.

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
        # Nearly everyone says who they are; how much else they say differs.
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
    """One option; on a scale, near to where this respondent leans."""
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
    """A few words, a few sentences or, now and then, pages; in one of many scripts, or awkward."""
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
    """A campaign's text: most send it as it is, some put a line before it, leave a sentence out, or
    shout.
    """
    edit = dice.random()
    if edit < 0.7:
        return campaign
    if edit < 0.85:
        return dice.choice(CAMPAIGN_EDITS).replace("{place}", place) + campaign
    return campaign.upper() if edit > 0.97 else campaign[: campaign.rindex(". ") + 1]


def _contact(dice: Random) -> dict[str, str]:
    """A name and an address that no mail goes to, or less."""
    name = f"{dice.choice(FIRST_NAMES)} {dice.choice(LAST_NAMES)}" if dice.random() < 0.8 else ""
    email = f"synthetic-{dice.getrandbits(40):x}@example.org" if dice.random() < 0.7 else ""
    return {
        "name": name,
        "email": email,
        "postcode_district": dice.choice(DISTRICTS) if dice.random() < 0.75 else "",
    }
