"""A question that is answered with a number of something, within bounds.

It is a whole number unless the plan file allows decimal places.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import floor
from random import Random
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consult.plans.kinds.entry import Asked, Column, Kept, Kind, OnPaper, values_in
from consult.plans.kinds.writing import NOT_TEXT
from consult.plans.shapes import text, whole_number
from consult.text import is_blank

FARTHEST = 999_999
MOST_DECIMALS = 4
MOST_BARS = 12
# "1,200" is twelve hundred. "1,5" is refused: it may mean 1.5, and must not become 15.
NUMBER = re.compile(r"-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,12}|(?=\.))(?:\.[0-9]{1,12})?")


class Number(Kind):
    name = "number"
    words = "A number"
    look = "number"
    partial = True
    banded = True
    keys = {
        "unit": text(40),
        "least": whole_number(-FARTHEST, FARTHEST),
        "most": whole_number(-FARTHEST, FARTHEST),
        "decimals": whole_number(0, MOST_DECIMALS),
    }
    details = ("unit", "least", "most", "decimals")
    optional = ("decimals",)

    def check(self, question: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        yield from super().check(question)
        if question.get("least", 0) >= question.get("most", FARTHEST + 1):
            yield "most", "is not above least"

    def read(self, question: Asked, raw: Mapping[str, Any]) -> Kept:
        values = values_in(raw.get(question.slug))
        if any(not isinstance(value, str) for value in values):
            return Kept(problems={question.slug: _(NOT_TEXT)})
        typed = values[0] if values else ""
        if is_blank(typed):
            return Kept()
        # "1,200 hours" means the same as "1200".
        unit = question.details["unit"]
        bare = typed.strip().removesuffix(unit).strip().replace("−", "-")
        problem = self._problem(question, bare)
        if problem:
            return Kept(problems={question.slug: problem})
        return Kept(texts={question.slug: _digits(Decimal(bare.replace(",", "")))})

    def _problem(self, question: Asked, bare: str) -> str:
        least, most = (question.details[name] for name in ("least", "most"))
        decimals = _decimals(question)
        middle = least + (most - least) // 2
        told = {"unit": question.details["unit"], **_bounds(question), "like": middle}
        given = Decimal(bare.replace(",", "")) if NUMBER.fullmatch(bare) else None
        if given is None and decimals:
            words = _("Your answer must be a number of %(unit)s, like %(like)s")
            return words % {**told, "like": f"{middle}.5"}
        if given is None or (given != round(given, decimals) and not decimals):
            return _("Your answer must be a whole number of %(unit)s, like %(like)s") % told
        if given != round(given, decimals):
            words = ngettext(
                "Your answer must have no more than %(number)s decimal place",
                "Your answer must have no more than %(number)s decimal places",
                decimals,
            )
            return words % {"number": decimals}
        if given < least:
            return _("Your answer must be %(least)s %(unit)s or more") % told
        return _("Your answer must be %(most)s %(unit)s or fewer") % told if given > most else ""

    def lines(self, question: Asked, raw: Mapping[str, Any]) -> tuple[str, ...]:
        # What is not a number yet is shown as it was typed.
        return tuple(
            f"{Decimal(line.replace(',', '')):,} {question.details['unit']}"
            if NUMBER.fullmatch(line)
            else line
            for line in super().lines(question, raw)
        )

    def on_paper(self, question: Asked) -> OnPaper:
        instruction = _("From %(least)s to %(most)s.") % _bounds(question)
        if decimals := _decimals(question):
            more = ngettext(
                "You can use %(number)s decimal place.",
                "You can use up to %(number)s decimal places.",
                decimals,
            )
            instruction = f"{instruction} {more % {'number': decimals}}"
        return OnPaper(instruction, blanks=(question.details["unit"],))

    def columns(self, question: Asked) -> Iterator[Column]:
        kind = "number" if _decimals(question) else "integer"
        yield Column(question.slug, question.slug, type=kind)

    def constraints(self, question: Asked) -> dict[str, Any]:
        return {"minimum": question.details["least"], "maximum": question.details["most"]}

    def limits(self, question: Asked) -> str:
        bounds, decimals = _bounds(question), _decimals(question)
        precision = f"with up to {_places(decimals)}" if decimals else "in whole numbers"
        return f"from {bounds['least']} to {bounds['most']} {question.details['unit']}, {precision}"

    def sample(self, question: Asked, dice: Random) -> str:
        decimals = _decimals(question)
        least, most = (question.details[name] * 10**decimals for name in ("least", "most"))
        return _digits(Decimal(dice.randint(least, most)).scaleb(-decimals))

    def band(self, question: Asked, stored: str) -> tuple[int, str]:
        least, most = question.details["least"], question.details["most"]
        width = -(-(most - least + 1) // MOST_BARS)
        start: int = least + (floor(Decimal(stored)) - least) // width * width
        # An earlier edition may have had wider bounds.
        end = start + width - 1 if start > most else min(start + width - 1, most)
        if _decimals(question) and end != most:
            return start, f"{start:,} to under {end + 1:,}"
        return start, f"{start:,}" if start == end else f"{start:,} to {end:,}"


def _decimals(question: Asked) -> int:
    decimals: int = question.details.get("decimals", 0)
    return decimals


def _places(decimals: int) -> str:
    return f"{decimals} decimal place{'' if decimals == 1 else 's'}"


def _digits(number: Decimal) -> str:
    """The one way in which a number is stored: 1.50 as 1.5, 007 as 7 and -0 as 0."""
    whole = number.to_integral_value()
    return f"{int(whole)}" if number == whole else f"{number.normalize():f}"


def _bounds(question: Asked) -> dict[str, str]:
    return {name: f"{question.details[name]:,}" for name in ("least", "most")}
