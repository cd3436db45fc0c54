"""A question that is answered with a whole number of something, within bounds."""

import re
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from django.utils.translation import gettext as _

from consult.plans.kinds.entry import Asked, Column, Kept, Kind, OnPaper, values_in
from consult.plans.kinds.writing import NOT_TEXT
from consult.plans.shapes import text, whole_number
from consult.text import is_blank

FARTHEST = 999_999
MOST_BARS = 12
NUMBER = re.compile(r"-?[0-9]{1,12}")


class Number(Kind):
    name = "number"
    words = "A whole number"
    look = "number"
    partial = True
    banded = True
    keys = {
        "unit": text(40),
        "least": whole_number(-FARTHEST, FARTHEST),
        "most": whole_number(-FARTHEST, FARTHEST),
    }
    details = ("unit", "least", "most")

    def check(self, question: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        yield from super().check(question)
        if question.get("least", 0) >= question.get("most", FARTHEST + 1):
            yield "most", "is not above least"

    def read(self, question: Asked, raw: Mapping[str, Any]) -> Kept:
        values = values_in(raw.get(question.slug))
        if any(not isinstance(value, str) for value in values):
            return Kept(problems={question.slug: NOT_TEXT})
        typed = values[0] if values else ""
        if is_blank(typed):
            return Kept()
        unit, least, most = (question.details[name] for name in ("unit", "least", "most"))
        # "1,200 hours" says the same as "1200".
        bare = typed.strip().removesuffix(unit).strip().replace(",", "").replace("−", "-")
        if not NUMBER.fullmatch(bare):
            like = least + (most - least) // 2
            problem = f"Your answer must be a whole number of {unit}, like {like}"
        elif int(bare) < least:
            problem = f"Your answer must be {least:,} {unit} or more"
        elif int(bare) > most:
            problem = f"Your answer must be {most:,} {unit} or fewer"
        else:
            return Kept(texts={question.slug: str(int(bare))})
        return Kept(problems={question.slug: problem})

    def lines(self, question: Asked, raw: Mapping[str, Any]) -> tuple[str, ...]:
        # What is not a number yet is shown as it was typed.
        return tuple(
            f"{int(line):,} {question.details['unit']}" if NUMBER.fullmatch(line) else line
            for line in super().lines(question, raw)
        )

    def on_paper(self, question: Asked) -> OnPaper:
        return OnPaper(
            _("From %(least)s to %(most)s.") % _bounds(question), blanks=(question.details["unit"],)
        )

    def columns(self, question: Asked) -> Iterator[Column]:
        yield Column(question.slug, question.slug, type="integer")

    def constraints(self, question: Asked) -> dict[str, Any]:
        return {"minimum": question.details["least"], "maximum": question.details["most"]}

    def limits(self, question: Asked) -> str:
        bounds = _bounds(question)
        return f"from {bounds['least']} to {bounds['most']} {question.details['unit']}"

    def sample(self, question: Asked, dice: Random) -> str:
        return str(dice.randint(question.details["least"], question.details["most"]))

    def band(self, question: Asked, stored: str) -> tuple[int, str]:
        least, most = question.details["least"], question.details["most"]
        width = -(-(most - least + 1) // MOST_BARS)
        start = least + (int(stored) - least) // width * width
        end = min(start + width - 1, most)
        return start, f"{start:,}" if start == end else f"{start:,} to {end:,}"


def _bounds(question: Asked) -> dict[str, str]:
    return {name: f"{question.details[name]:,}" for name in ("least", "most")}
