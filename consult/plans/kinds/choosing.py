"""Questions that are answered by choosing: one option, or several."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from consult.plans.kinds.entry import (
    Asked,
    Choice,
    Column,
    Kept,
    Kind,
    OnPaper,
    box_name,
    values_in,
)
from consult.plans.kinds.writing import NOT_TEXT, read_text
from consult.plans.shapes import whole_number

WRITE_IN_MAX_CHARS = 200
# This many options fill a phone's screen; a list to pick from is shorter.
SELECT_FROM = 13


def write_in_name(question: str, option: str) -> str:
    """Return the field name of what is written in beside an option."""
    return box_name(question, option)


class Choosing(Kind):
    """What choosing one and choosing several have in common."""

    chooses = True

    def check(self, question: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        yield from super().check(question)
        ways = [name for name in ("scale", "options", "options_from") if name in question]
        if len(ways) != 1:
            yield "", "needs exactly one of scale, options and options_from"

    def read(self, question: Asked, raw: Mapping[str, Any]) -> Kept:
        given = values_in(raw.get(question.slug))
        if not given:
            return Kept()
        if any(not isinstance(value, str) for value in given):
            return Kept(problems={question.slug: _(NOT_TEXT)})
        # In the order of the options, whatever order the browser sent them in, so that equal
        # answers are equal values.
        chosen = [option for option in question.options if option.slug in given]
        known = {option.slug for option in question.options}
        problem = (
            _("Select one of the answers shown.")
            if not known.issuperset(given)
            else self.problem(question, chosen)
        )
        if problem:
            return Kept(problems={question.slug: problem})
        texts: dict[str, str] = {}
        problems: dict[str, str] = {}
        for option in chosen:
            if option.write_in:
                name = write_in_name(question.slug, option.slug)
                beside = read_text(name, raw.get(name), max_chars=WRITE_IN_MAX_CHARS)
                texts |= beside.texts
                problems |= beside.problems
        return Kept(self.kept([option.slug for option in chosen]), texts, problems)

    def problem(self, question: Asked, chosen: list[Choice]) -> str:
        """Say why these options cannot be chosen together; "" if they can."""
        raise NotImplementedError

    def kept(self, slugs: list[str]) -> str | list[str]:
        """Return the chosen options as they are stored."""
        return slugs

    def lines(self, question: Asked, raw: Mapping[str, Any]) -> tuple[str, ...]:
        values = values_in(raw.get(question.slug))
        chosen = [option for option in question.options if option.slug in values]
        beside = [raw.get(write_in_name(question.slug, option.slug)) for option in chosen]
        return tuple(
            f"{option.label}: {text}" if text else option.label
            for option, text in zip(chosen, beside, strict=True)
        )

    def written_in(self, question: Asked, option: Choice) -> Iterator[Column]:
        """Yield the column for what is written beside an option, if anything can be."""
        if option.write_in:
            name = f"{write_in_name(question.slug, option.slug)}--text"
            yield Column(name, question.slug, option.slug, text=True)

    def limits(self, question: Asked) -> str:
        return f"at most {question.max_choices}" if question.max_choices else ""


class One(Choosing):
    name = "one"
    words = "One answer"
    look = "radios"

    def look_of(self, question: Asked) -> str:
        return "select" if len(question.options) >= SELECT_FROM else self.look

    def problem(self, question: Asked, chosen: list[Choice]) -> str:
        return _("Select one answer only.") if len(chosen) > 1 else ""

    def kept(self, slugs: list[str]) -> str | list[str]:
        return slugs[0]

    def columns(self, question: Asked) -> Iterator[Column]:
        yield from super().columns(question)
        for option in question.options:
            yield from self.written_in(question, option)


class Many(Choosing):
    name = "many"
    words = "Several answers"
    look = "checkboxes"
    several = True
    keys = {"max_choices": whole_number(1, 50)}

    def typed(self, name: str, data: Any) -> Any:
        # A submitted form has getlist; a draft is a plain mapping that contains the list.
        return data.getlist(name) if hasattr(data, "getlist") else data.get(name)

    def problem(self, question: Asked, chosen: list[Choice]) -> str:
        exclusive = [option for option in chosen if option.exclusive]
        if exclusive and len(chosen) > 1:
            words = _("Select “%(label)s” or other answers, not both.")
            return words % {"label": exclusive[0].label}
        if question.max_choices and len(chosen) > question.max_choices:
            words = _("Select up to %(most)s. You selected %(chosen)s.")
            return words % {"most": question.max_choices, "chosen": len(chosen)}
        return ""

    def on_paper(self, question: Asked) -> OnPaper:
        most = question.max_choices
        return OnPaper(
            _("Tick up to %(most)s boxes.") % {"most": most}
            if most
            else _("Tick as many boxes as you like.")
        )

    def columns(self, question: Asked) -> Iterator[Column]:
        for option in question.options:
            name = write_in_name(question.slug, option.slug)
            yield Column(name, question.slug, option.slug, type="boolean")
            yield from self.written_in(question, option)
