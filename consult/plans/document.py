"""An edition's content as typed values: what the public reads, answers and sees again on the
receipt.

Pure: `Plan.from_content` takes the JSON that `consult.plans.publishing` made and returns values
that cannot be changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from consult.plans.kinds import KINDS
from consult.plans.kinds.entry import Kind

GENERAL = "general"
ABOUT_YOU = "about-you"
EQUALITY = "equality"


@dataclass(frozen=True)
class Option:
    slug: str
    label: str
    value: int | None = None
    group: str = ""
    write_in: bool = False
    exclusive: bool = False


@dataclass(frozen=True)
class Question:
    """`kind` is the name of an entry of `consult.plans.kinds`. `details` is what that entry stores,
    and `individuals_only` where the question has it.
    """

    slug: str
    part: str
    kind: str
    text: str
    help: str
    scale: str
    max_choices: int | None
    max_chars: int | None
    show_if: dict[str, str]
    options: tuple[Option, ...]
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def entry(self) -> Kind:
        """What its kind knows: how it is asked, checked, worded, written and counted."""
        return KINDS[self.kind]

    @property
    def closed(self) -> bool:
        """Whether it is answered by choosing."""
        return self.entry.chooses

    @property
    def prose(self) -> bool:
        """Whether it is answered in people's own words."""
        return self.entry.prose

    @property
    def individuals_only(self) -> bool:
        """Whether someone who answers for an organisation is not asked it."""
        return bool(self.details.get("individuals_only"))

    def label_of(self, option_slug: str) -> str:
        """Return the label of one of its options. Raises KeyError if it has none with that slug."""
        return {option.slug: option.label for option in self.options}[option_slug]


@dataclass(frozen=True)
class Section:
    slug: str
    title: str
    summary: str
    commitments: tuple[str, ...]
    official_theme: bool
    grouping_note: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Recommendation:
    slug: str
    headline: str
    attribution: str
    context: str
    draft_plan_coverage: str
    figures: tuple[dict[str, str], ...]
    sources: tuple[str, ...]
    related_sections: tuple[str, ...]


@dataclass(frozen=True)
class Attaching:
    """How many files respondents may attach, of which types, and how large each may be."""

    most: int
    types: tuple[str, ...]
    megabytes: int

    @property
    def most_bytes(self) -> int:
        return self.megabytes * 1_000_000


@dataclass(frozen=True)
class Part:
    """One page of the form.

    `kind` is "section", "recommendation", "general", "about-you" or "equality".
    """

    slug: str
    kind: str
    title: str
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Plan:
    """Everything that one edition says and asks."""

    title: str
    summary: str
    owner: str
    statute: str
    contact: dict[str, Any]
    ways_to_respond: tuple[dict[str, Any], ...]
    alternative_formats: tuple[str, ...]
    safety_notice: str
    statement: str
    recommendations_statement: str
    sources: tuple[str, ...]
    references: tuple[dict[str, Any], ...]
    equality_intro: str
    sections: tuple[Section, ...]
    recommendations: tuple[Recommendation, ...]
    questions: tuple[Question, ...]
    attachments: Attaching | None = None
    translations: dict[str, Any] = field(default_factory=dict)
    other_versions: tuple[dict[str, str], ...] = ()
    source_titles: tuple[dict[str, str], ...] = ()

    @classmethod
    def from_content(cls, content: dict[str, Any]) -> Plan:
        """Return the plan in an edition's `content`."""
        # Editions from before these had none.
        content = {"translations": {}, "other_versions": [], "source_titles": []} | content
        plain = {
            each.name: _frozen(content[each.name])
            for each in fields(cls)
            if each.name != "attachments"
        }
        attaching = content.get("attachments")
        return cls(
            **plain
            | {
                "sections": tuple(_made(Section, row) for row in content["sections"]),
                "recommendations": tuple(
                    _made(Recommendation, row) for row in content["recommendations"]
                ),
                "questions": tuple(
                    _made(
                        Question,
                        row
                        | {"options": tuple(_made(Option, option) for option in row["options"])},
                    )
                    for row in content["questions"]
                ),
                "attachments": _made(Attaching, attaching) if attaching else None,
            }
        )

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The pages of the form in order: sections, recommendations, the whole plan, about you.

        The equality page comes after sending.
        """
        pages = [(section.slug, "section", section.title) for section in self.sections]
        pages += [
            (recommendation.slug, "recommendation", recommendation.headline)
            for recommendation in self.recommendations
        ]
        pages += [
            (GENERAL, "general", _("The plan as a whole")),
            (ABOUT_YOU, "about-you", _("About you")),
        ]
        return tuple(
            Part(slug, kind, title, self.questions_of(slug)) for slug, kind, title in pages
        )

    @cached_property
    def equality(self) -> Part:
        """The page that is offered once the response is sent."""
        title = _("About you: equality questions")
        return Part(EQUALITY, "equality", title, self.questions_of(EQUALITY))

    def equality_for(self, *, organisation: bool) -> Part:
        """Return the equality page as it is for a person, or for who answers for an
        organisation.
        """
        asked = tuple(
            question
            for question in self.equality.questions
            if not (organisation and question.individuals_only)
        )
        return replace(self.equality, questions=asked)

    def questions_of(self, part: str) -> tuple[Question, ...]:
        """Return the questions on one page, in order."""
        return tuple(question for question in self.questions if question.part == part)

    @cached_property
    def asked(self) -> tuple[Question, ...]:
        """Every question that a response answers: all but the equality questions, whose answers are
        kept apart.
        """
        return tuple(question for part in self.parts for question in part.questions)

    @cached_property
    def titles_of_sources(self) -> dict[str, str]:
        """The title of each source by its address, where the plan has one."""
        return {row["address"]: row["title"] for row in self.source_titles}

    @cached_property
    def by_slug(self) -> dict[str, Question]:
        return {question.slug: question for question in self.questions}


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _made(kind: type, row: dict[str, Any]) -> Any:
    return kind(**{name: _frozen(value) for name, value in row.items()})
