"""What a kind of question is: everything that differs between one kind and another.

Pages, paper, files and figures ask the entry and never check the kind's name, so a new kind is a
module beside this one, a line in `KINDS` and, if none of the existing fields suits it, a template.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, ClassVar, Protocol

from consult.plans.shapes import Shape


class Choice(Protocol):
    """What an entry knows about an option."""

    @property
    def slug(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def write_in(self) -> bool: ...
    @property
    def exclusive(self) -> bool: ...


class Asked(Protocol):
    """What an entry knows about a question."""

    @property
    def slug(self) -> str: ...
    @property
    def options(self) -> Sequence[Choice]: ...
    @property
    def max_choices(self) -> int | None: ...
    @property
    def max_chars(self) -> int | None: ...
    @property
    def details(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Kept:
    """What is stored of an answer: a choice, or texts by name; and the problems that refuse it, by
    field name.
    """

    choice: str | list[str] | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Box:
    """One of the inputs of a question that has several, and its content."""

    name: str
    label: str
    value: str
    width: int


@dataclass(frozen=True)
class OnPaper:
    """How a question is answered on the printed form: the instruction, and how many ruled lines or
    which short blanks.
    """

    instruction: str = ""
    lines: int = 0
    blanks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """One column of answers: a question's own, or one for an option of it or for the words written
    in beside one.

    `type` is "string", "boolean", "date", "integer" or "number" (with decimal places); only a
    string can say anything.
    """

    name: str
    question: str
    option: str = ""
    text: bool = False
    type: str = "string"


def box_name(question: str, box: str) -> str:
    """Return the name of one field of a question: no slug has two hyphens in a row."""
    return f"{question}--{box}"


class Kind:
    """One kind of question. `KINDS` holds one instance of each."""

    name: ClassVar[str]
    # How the codebook describes it.
    words: ClassVar[str]
    # The branch of gds/field.html that asks it, or the partial gds/<look>.html.
    look: ClassVar[str] = "input"
    partial: ClassVar[bool] = False
    # Whether it is answered by choosing from options, and is stored with the choices.
    chooses: ClassVar[bool] = False
    # Whether one response can choose several, so that the counts of its options have no sum.
    several: ClassVar[bool] = False
    # Whether it is answered in people's own words, which reviewers code and redact.
    prose: ClassVar[bool] = False
    # Whether its answers are counted in bands, because it has no options.
    banded: ClassVar[bool] = False
    # The keys of a plan file that only some kinds have. `details` names those that are stored with
    # the question, under the same names; it needs each of them that is not `optional`.
    keys: ClassVar[Mapping[str, Shape]] = {}
    details: ClassVar[tuple[str, ...]] = ()
    optional: ClassVar[tuple[str, ...]] = ()

    def check(self, question: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield what does not go together in a question of a plan file: the key, and why."""
        for name in self.details:
            if name not in question and name not in self.optional:
                yield "", f"needs {name}, because its kind is {self.name}"

    def max_chars(self, given: int | None) -> int | None:
        """Return the most characters of an answer, if the plan file gives that many or None."""
        return given

    def look_of(self, question: Asked) -> str:
        """Return how this question is asked on a page."""
        return self.look

    def typed(self, name: str, data: Any) -> Any:
        """Return what a submitted form has for the question of that name, right or wrong."""
        return data.get(name)

    def boxes(self, question: Asked, value: Any) -> list[Box]:
        """Return the inputs of a question that has several."""
        return []

    def read(self, question: Asked, raw: Mapping[str, Any]) -> Kept:
        """Return the answer in `raw`, which maps field names to what was typed or to what is
        stored.
        """
        raise NotImplementedError

    def lines(self, question: Asked, raw: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the answer as people read it, right or wrong; empty if there is none."""
        return tuple(values_in(raw.get(question.slug)))

    def on_paper(self, question: Asked) -> OnPaper:
        """Return how it is answered on the printed form."""
        return OnPaper()

    def columns(self, question: Asked) -> Iterator[Column]:
        """Yield the columns of its answers, in order."""
        yield Column(question.slug, question.slug)

    def constraints(self, question: Asked) -> dict[str, Any]:
        """Return the data package's constraints on its own column."""
        return {}

    def limits(self, question: Asked) -> str:
        """Say what an answer can be, for the codebook; "" if there is no limit worth stating."""
        return f"up to {question.max_chars} characters" if question.max_chars else ""

    def sample(self, question: Asked, dice: Random) -> str:
        """Return a made-up answer, for kinds that are answered neither in prose nor by choosing."""
        raise NotImplementedError

    def band(self, question: Asked, stored: str) -> tuple[int, str]:
        """Return the bar of a chart in which a stored answer is counted: its
        place and its label.
        """
        raise NotImplementedError


def values_in(given: Any) -> list[Any]:
    """Return what was typed or chosen for one field, without empty values."""
    values = given if isinstance(given, list) else [given]
    return [value for value in values if value not in (None, "")]
