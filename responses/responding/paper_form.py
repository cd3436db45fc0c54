"""The form on paper: the same questions, numbered, to print, fill in by hand and post. Pure."""

from dataclasses import dataclass

from consult.plans.document import Part, Plan, Question, Recommendation, Section
from consult.plans.kinds.entry import OnPaper

# Goes up with every change of the numbers or of the layout, so that anyone who types a posted form
# in can tell which they hold.
FORM_VERSION = 2
# More boxes than this stand in narrow columns, and boxes with fewer letters beside one another.
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
        """How it is answered: by ticking, on lines, or in blanks."""
        return self.question.entry.on_paper(self.question)

    @property
    def lines(self) -> range:
        """One for each ruled line to write on."""
        return range(self.answered.lines)

    @property
    def long_list(self) -> bool:
        return len(self.question.options) > LONG_LIST

    @property
    def in_a_row(self) -> bool:
        """Whether its boxes stand beside one another, as those of a scale do."""
        options = self.question.options
        return (
            not self.long_list
            and sum(len(option.label) for option in options) <= LETTERS_OF_A_ROW
            and not any(option.write_in or option.group for option in options)
        )


@dataclass(frozen=True)
class PaperPart:
    """A part of the form, and what there is to read before its questions."""

    number: str
    part: Part
    section: Section | None
    recommendation: Recommendation | None
    questions: tuple[PaperQuestion, ...]


def form_number(*, edition: int) -> str:
    """What stands on every page of the form: the edition of the questions, and the version of the
    form.
    """
    return f"{edition}.{FORM_VERSION}"


def paper_parts(plan: Plan) -> tuple[PaperPart, ...]:
    """The parts of the form in order, numbered from 1; the equality questions are not
    among them.
    """
    return tuple(_part(plan, part, str(number)) for number, part in enumerate(plan.parts, 1))


def equality_sheet(plan: Plan) -> PaperPart | None:
    """The equality questions, for a sheet of their own; None where the plan asks none."""
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
