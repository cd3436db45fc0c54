"""The paper form: the same questions, numbered, to print, fill in and post. Pure."""

from dataclasses import dataclass

from consult.plans.document import Part, Plan, Question, Recommendation, Section
from consult.plans.kinds.entry import OnPaper

# Raise it with every change of numbers or layout, so that anyone who types in a posted form can
# tell which form it is.
FORM_VERSION = 3
# More boxes than this are set in columns; boxes with shorter labels than this share a line.
LONG_LIST = 12
LETTERS_OF_A_ROW = 160


@dataclass(frozen=True)
class PaperQuestion:
    """A question with its number, like "3.2".

    `only_if` are the numbers and options on which it depends, where it does.
    """

    number: str
    question: Question
    only_if: tuple[tuple[str, str], ...]

    @property
    def answered(self) -> OnPaper:
        """Return how to answer it: by ticking, on lines, or in blanks."""
        return self.question.entry.on_paper(self.question)

    @property
    def lines(self) -> range:
        """Return one item for each ruled line to write on."""
        return range(self.answered.lines)

    @property
    def long_list(self) -> bool:
        return len(self.question.options) > LONG_LIST

    @property
    def in_a_row(self) -> bool:
        """Tell whether its boxes share a line, as those of a scale do."""
        options = self.question.options
        return (
            not self.long_list
            and sum(len(option.label) for option in options) <= LETTERS_OF_A_ROW
            and not any(option.write_in or option.group for option in options)
        )


@dataclass(frozen=True)
class PaperPart:
    """A part of the form, with the text to read before its questions."""

    number: str
    part: Part
    section: Section | None
    recommendation: Recommendation | None
    questions: tuple[PaperQuestion, ...]

    @property
    def individuals_only(self) -> bool:
        """Whether an organisation is asked none of it."""
        return all(row.question.individuals_only for row in self.questions)


def form_number(*, edition: int) -> str:
    """Return what every page of the form shows: the edition of the questions, and the form's
    version.
    """
    return f"{edition}.{FORM_VERSION}"


def paper_parts(plan: Plan) -> tuple[PaperPart, ...]:
    """Return the parts of the form in order, numbered from 1, without the equality questions."""
    return tuple(_part(plan, part, str(number)) for number, part in enumerate(plan.parts, 1))


def equality_sheet(plan: Plan) -> PaperPart | None:
    """Return the equality questions, for a separate sheet; None if the plan asks none."""
    return _part(plan, plan.equality, "E") if plan.equality.questions else None


def _part(plan: Plan, part: Part, number: str) -> PaperPart:
    numbers = {
        question.slug: f"{number}{'' if number == 'E' else '.'}{place}"
        for place, question in enumerate(part.questions, 1)
    }
    questions = []
    for question in part.questions:
        only_if = tuple(
            (numbers[other], plan.by_slug[other].label_of(option))
            for other, option in question.show_if.items()
        )
        questions.append(PaperQuestion(numbers[question.slug], question, only_if))
    section = next((row for row in plan.sections if row.slug == part.slug), None)
    recommendation = next((row for row in plan.recommendations if row.slug == part.slug), None)
    return PaperPart(number, part, section, recommendation, tuple(questions))
