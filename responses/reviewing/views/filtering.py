"""The filter as the list's page draws it: its fields with their choices, and each one in use."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.translation import gettext as _

from consult.jobs import ROW_TROUBLE, note_row_trouble
from consult.models import Consultation
from consult.plans.editions import plan_of
from responses.models import Campaign, Code
from responses.responding.flagging import FLAGS
from responses.reviewing.filters import CHOICES, Filter, written
from responses.wording import titles_of_questions


def pairs_of(request: HttpRequest) -> list[tuple[str, str]]:
    """The address's query, as `read_filter` takes it."""
    return [(name, str(value)) for name, values in request.GET.lists() for value in values]


@dataclass(frozen=True)
class Box:
    """One field of the filter as the page draws it.

    `groups` are headings with the options below them; none for a field that is typed.
    """

    name: str
    label: str
    value: str = ""
    type: str = "text"
    groups: tuple[tuple[str, list[tuple[str, str]]], ...] = ()
    bad: bool = False


def _labels() -> dict[str, str]:
    return {
        "consultation": _("Consultation"),
        "state": _("State"),
        "unread": _("Opened"),
        "decided": _("Decided"),
        "channel": _("Channel"),
        "timing": _("In time"),
        "kind": _("Kind of respondent"),
        "answer": _("Answer"),
        "flag": _("Flag"),
        "act": _("What they did"),
        "code": _("Code"),
        "versions": _("Versions"),
        "campaign": _("Campaign"),
        "since": _("Received from"),
        "until": _("Received until"),
        "word": _("Words or a reference"),
        "ending": _("Endings of words"),
    }


def offered(
    consultations: list[Consultation],
) -> dict[str, tuple[tuple[str, list[tuple[str, str]]], ...]]:
    """Return the choices of each closed field: the rule's lists, and for the rest the current
    consultations, codes and campaigns.
    """
    every = {
        name: (("", [(value, _(label)) for value, label in choices]),)
        for name, choices in CHOICES.items()
    }
    every["consultation"] = (("", [(row.slug, row.title) for row in consultations]),)
    every["flag"] = (("", [(flag, str(words)) for flag, words in FLAGS.items()]),)
    every["campaign"] = (
        ("", [(str(row.pk), row.name) for row in Campaign.objects.filter(ended=False)]),
    )
    titles: dict[str, str] = {}
    answers: dict[str, dict[str, str]] = {}
    for edition in (edition for row in consultations for edition in row.editions.all()):
        try:
            plan = plan_of(edition)
        except ROW_TROUBLE as trouble:
            # One consultation's choices: the list of all of them does without.
            kind = type(trouble).__name__
            note_row_trouble(job="choices of the filter", row=str(edition), kind=kind)
            continue
        titles |= titles_of_questions(plan)
        # By its slug: many questions have the same wording. No response has an answer to an
        # equality question.
        for question in plan.asked:
            for option in question.options:
                value = f"{question.slug}={option.slug}"
                answers.setdefault(question.slug, {})[value] = option.label
    every["code"] = (
        (
            "",
            [
                (str(row.pk), f"{titles.get(row.question, row.question)}: {row.name}")
                for row in Code.objects.order_by("question", "group", "name")
            ],
        ),
    )
    return every | {
        "answer": tuple((titles[slug], list(found.items())) for slug, found in answers.items())
    }


def boxes_of(
    wanted: Filter,
    bad: dict[str, str],
    groups: dict[str, tuple[tuple[str, list[tuple[str, str]]], ...]],
) -> list[Box]:
    """The fields of the filter, each with its value, or with what was typed if
    that makes no sense.
    """
    types = {"since": "date", "until": "date"}
    return [
        Box(
            name=name,
            label=label,
            value="" if name == "answer" else bad.get(name) or str(getattr(wanted, name) or ""),
            type=types.get(name, "text"),
            groups=groups.get(name, ()),
            bad=name in bad,
        )
        for name, label in _labels().items()
        if name != "consultation" or len(groups[name][0][1]) > 1
    ]


def chips_of(
    wanted: Filter, groups: dict[str, tuple[tuple[str, list[tuple[str, str]]], ...]]
) -> list[dict[str, str]]:
    """Each filter in use, in words, with the query of the list without it."""
    pairs = written(wanted)
    words = {
        (name, value): label
        for name, found in groups.items()
        for _heading, options in found
        for value, label in options
    }
    headings = {
        value: heading for heading, options in groups["answer"] for value, _label in options
    }
    return [
        {
            "label": headings.get(value, _labels()[name]),
            "value": words.get((name, value), value),
            "without": urlencode([pair for pair in pairs if pair != (name, value)]),
        }
        for name, value in pairs
    ]
